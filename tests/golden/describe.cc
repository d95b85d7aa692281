#include "golden/describe.h"

#include <vector>

#include "harness/engine_state.h"
#include "polyonym/codec/json.h"

namespace polyonym::harness {
namespace {

std::string Text(const Identifier& identifier) { return polyonym::ToString(identifier); }

std::string Text(const LinkEvidence& link) {
  std::string text = Text(link.a) + " - " + Text(link.b) + " seen " +
                     std::to_string(link.sightings) + " from " + std::to_string(link.first_ms) +
                     " to " + std::to_string(link.last_ms);
  if (link.must_link) text += " must";
  if (link.cannot_link) text += " cannot";
  text += " by";
  for (const std::string& source : link.sources) text += " " + source;
  text += " in";
  for (const std::string& record : link.records) text += " " + record;
  return text;
}

std::string Text(const Change& change) {
  std::string text = std::to_string(change.sequence) + " " + std::string(ToString(change.kind)) +
                     " by " + std::string(ToString(change.cause)) + " from " +
                     polyonym::ToString(change.from) + " to " + polyonym::ToString(change.to) +
                     " record " + std::to_string(change.record) + ":";
  for (const IdentifierNumber number : change.identifiers)
    text += " " + std::to_string(number.value);
  return text + "\n";
}

std::string Figures(const View& view) {
  const Stats stats = view.GetStats();
  std::string text = "sequence " + std::to_string(view.sequence()) + ", policy " +
                     std::to_string(view.policy_version()) + ", clock " +
                     std::to_string(view.clock_ms()) + "\n" +
                     WritePolicyJson(view.policy(), false) + "\n";
  const std::pair<const char*, std::uint64_t> figures[] = {
      {"records", stats.records},       {"standing", stats.standing_records},
      {"held", stats.held_records},     {"identifiers", stats.identifiers},
      {"live", stats.live_identifiers}, {"shared", stats.shared_identifiers},
      {"profiles", stats.profiles},     {"links", stats.links},
      {"refused", stats.refused_links}, {"largest profile", stats.largest_profile}};
  for (const auto& [name, figure] : figures)
    text += std::string(name) + " " + std::to_string(figure) + "\n";
  return text;
}

std::string Resolved(const View& view, const Identifier& identifier) {
  const Resolution r = view.Resolve(identifier);
  std::string text = Text(identifier) + ":";
  if (r.shared) text += " shared";
  if (r.blocked) text += " blocked";
  if (r.held) text += " held";
  if (r.gone) text += " gone";
  if (r.expired) text += " expired";
  return text + (r.profile ? " in " + polyonym::ToString(*r.profile) : " unknown") + "\n";
}

std::vector<Identifier> Numbered(const View& view) {
  std::vector<Identifier> all;
  for (std::uint64_t n = 0; n < view.GetStats().identifiers; ++n)
    all.push_back(Must(view.IdentifierOf(IdentifierNumber{n})));
  return all;
}

std::string Because(const View& view, const Identifier& a, const Identifier& b) {
  const auto why = view.Why(a, b);
  std::string text = "why " + Text(a) + " and " + Text(b) + ":";
  if (!why.ok())
    return text + " " + std::string(absl::StatusCodeToString(why.status().code())) + "\n";
  if (why->connected) {
    text += " weakest " + std::to_string(why->weakest) + "\n";
    for (const LinkEvidence& link : why->chain) text += "  " + Text(link) + "\n";
    return text;
  }
  const WhyNotAnswer not_so = Must(view.WhyNot(a, b));
  text += " not, " + std::string(ToString(not_so.obstacle)) + " " + not_so.limit_namespace + " " +
          std::to_string(not_so.limit) + " " + std::to_string(not_so.would_be);
  if (not_so.shared) text += " " + Text(*not_so.shared);
  return text + (not_so.refused ? "\n  " + Text(*not_so.refused) : "") + "\n";
}

std::string Held(const View& view) {
  std::string text;
  for (const HeldItem& item : Must(view.Held({}))) {
    text +=
        std::to_string(item.record) + " " + item.source + "/" + item.record_id + " " +
        std::string(ToString(item.reason)) +
        (item.whole_record ? " record"
                           : " identifier " + std::to_string(item.identifier_index.value_or(0))) +
        " " + item.ns + "\n";
  }
  return text;
}

std::string Records(const View& view) {
  std::string text;
  Must(view.Export([&](const StoredRecord& stored) {
    text += std::to_string(stored.number) + " in " + std::to_string(stored.sequence) +
            (stored.standing ? " stands" : " past") + (stored.held ? " held " : " ") +
            WriteRecordJson(stored.record) + "\n";
    return true;
  }));
  return text;
}

std::string Describe(const View& view) {
  std::string text = "# figures\n" + Figures(view) + "# profiles\n";
  std::string histories;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    text += polyonym::ToString(id);
    for (const Identifier& member : members) text += " " + Text(member);
    text += "\n";
    histories += polyonym::ToString(id) + "\n";
    for (const Change& change : Must(view.How(id))) histories += "  " + Text(change);
    return true;
  });
  text += "# identifiers\n";
  const std::vector<Identifier> all = Numbered(view);
  for (std::size_t n = 0; n < all.size(); ++n) {
    const bool alias = view.IsAlias(IdentifierNumber{n});
    text += std::to_string(n) + (alias ? " leads to " : " is ") +
            polyonym::ToString(Must(view.Follow(ProfileId{n}))) + ", " + Resolved(view, all[n]);
  }
  for (const char* other :
       {"phone:+8613900000001", "email:x@test.example", "crm:unheard", "pager:1", "cookie:null"}) {
    text += Resolved(view, Must(ParseIdentifier(other)));
  }
  text += "# links\n";
  for (const Identifier& identifier : all) {
    const auto links = view.Links(identifier);
    if (!links.ok())
      text += Text(identifier) + ": " + absl::StatusCodeToString(links.status().code()) + "\n";
    for (const View::Neighbour& n : links.value_or(std::vector<View::Neighbour>()))
      text += Text(n.link) + (n.kept      ? " kept\n"
                              : n.inert   ? " inert\n"
                              : n.expired ? " expired\n"
                                          : " refused\n");
  }
  text += "# why\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::size_t step : {1, 2, 5})
      text += Because(view, all[i], all[(i + step) % all.size()]);
  }
  text += "# held\n" + Held(view) + "# records\n" + Records(view) + "# feed\n";
  for (const Change& change : AllChanges(view)) text += Text(change);
  return text + "# histories\n" + histories;
}

}  // namespace

std::string Describe(const Engine& engine) {
  std::string text;
  for (const std::string& graph : engine.Graphs())
    text += "## graph '" + graph + "'\n" + Describe(Must(engine.Read(graph)));
  return text;
}

}  // namespace polyonym::harness
