#include "trial.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "laws.h"
#include "session.h"

namespace polyonym::driver {

namespace {

std::vector<Identifier> MembersOf(const View& view, const Identifier& identifier) {
  const std::optional<ProfileId> profile = view.Resolve(identifier).profile;
  return profile ? FromStore(view.Members(*profile)) : std::vector<Identifier>();
}

std::vector<Identifier> MembersOf(const Moment& moment, const Identifier& identifier) {
  auto members = moment.MembersOf(identifier);
  return members.ok() ? *std::move(members) : std::vector<Identifier>();
}

// Texts of a list of an object, or the events of an object and the text of each.
std::map<std::size_t, std::string> TextsByEvent(const JsonValue& value) {
  std::map<std::size_t, std::string> texts;
  if (value.has_list_value()) {
    for (int i = 0; i < value.list_value().values_size(); ++i)
      texts[static_cast<std::size_t>(i)] = value.list_value().values(i).string_value();
  } else {
    for (const auto& [event, text] : value.struct_value().fields())
      texts[std::stoul(event)] = text.string_value();
  }
  return texts;
}

class Trial {
 public:
  explicit Trial(const Scenario& row) : row_(row), world_(row.policy) {}

  Finding Run() {
    for (std::size_t i = 0; i < row_.events.size(); ++i) {
      Count(world_.AdvanceTo(row_.events[i].time_ms));
      const ApplyResult result = world_.Apply(row_.events[i].records);
      for (const RecordResult& record : result.records) {
        if (record.outcome == Outcome::kRejected || record.outcome == Outcome::kHeld)
          rejected_.insert(i);
      }
      Count(result.changes);
    }
    Count(world_.AdvanceTo(row_.end_ms));
    out_.actual = world_.Groups();
    if (const JsonValue* groups = FieldOf(row_.expect, "groups"))
      out_.expected = PartitionOf(*groups);
    out_.problem = Agrees(out_.expected, out_.actual) ? Problem() : "groups differ";
    if (out_.problem.empty()) {
      out_.problem = BrokenLaw(row_, out_.actual);
      out_.broke_law = !out_.problem.empty();
    }
    return std::move(out_);
  }

 private:
  void Count(const std::vector<Change>& changes) {
    for (const Change& change : changes) ++changes_[change.kind];
  }

  // The first expectation, besides the groups, that does not hold.
  std::string Problem() {
    for (const auto& check :
         {&Trial::Rejections, &Trial::States, &Trial::Apart, &Trial::Removed, &Trial::Flags,
          &Trial::Feed, &Trial::RowGroups, &Trial::Demoted, &Trial::Canonical}) {
      if (std::string problem = (this->*check)(); !problem.empty()) return problem;
    }
    return Owners(world_.Read(), "event_owner", row_.end_ms);
  }

  // A list that the row expects; empty where it does not.
  const google::protobuf::ListValue& Expected(const char* key) const {
    const JsonValue* value = FieldOf(row_.expect, key);
    return value == nullptr ? google::protobuf::ListValue::default_instance() : value->list_value();
  }

  // Which events are refused, where the row says so.
  std::string Rejections() {
    if (FieldOf(row_.expect, "rejected_events") == nullptr) return "";
    std::set<std::size_t> wanted;
    for (const JsonValue& number : Expected("rejected_events").values())
      wanted.insert(static_cast<std::size_t>(number.number_value()));
    return wanted == rejected_ ? "" : "other events are refused";
  }

  // Groups and owners at other times, and after a batch.
  std::string States() {
    for (const auto& [key, value] : row_.expect.fields()) {
      std::string problem;
      if (key == "as_of") problem = GroupsAsOf(value);
      if (key.starts_with("groups_as_of_")) problem = GroupsAt(key.substr(13), value);
      if (key.starts_with("groups_after_batch_")) problem = GroupsAfter(key.substr(19), value);
      if (key.starts_with("event_owner_as_of_")) problem = OwnersAt(key, key.substr(18));
      if (key == "event_owner_before_last") problem = OwnersBeforeLast(key);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  // {"3": groups} for each time, or a list of {"t": 3, "groups": groups}.
  std::string GroupsAsOf(const JsonValue& value) {
    for (const auto& [when, groups] : value.struct_value().fields()) {
      if (std::string problem = GroupsAt(when, groups); !problem.empty()) return problem;
    }
    for (const JsonValue& entry : value.list_value().values()) {
      const JsonValue* t = FieldOf(entry.struct_value(), "t");
      const JsonValue* groups = FieldOf(entry.struct_value(), "groups");
      if (t == nullptr || groups == nullptr) return "an as_of that names no time or no groups";
      if (std::string problem = GroupsAt(TextOf(t), *groups); !problem.empty()) return problem;
    }
    return "";
  }

  std::string GroupsAt(const std::string& when, const JsonValue& groups) {
    const std::optional<std::int64_t> t = ScenarioTime(when);
    if (!t) return "an as_of time of no known form: " + when;
    return Agrees(PartitionOf(groups), PartitionOf(GroupsOf(AllOf().AsOf(*t))))
               ? ""
               : "groups as of " + when + " differ";
  }

  std::string GroupsAfter(const std::string& batch, const JsonValue& groups) {
    const World world =
        WorldOf(row_, [&](const Scenario::Event& event) { return event.batch <= batch; });
    return Agrees(PartitionOf(groups), world.Groups()) ? ""
                                                       : "groups after batch " + batch + " differ";
  }

  std::string OwnersAt(const std::string& key, const std::string& when) {
    const std::optional<std::int64_t> t = ScenarioTime(when);
    if (!t) return "an as_of time of no known form: " + when;
    return Owners(AllOf().AsOf(*t), key, *t);
  }

  std::string OwnersBeforeLast(const std::string& key) {
    const World world =
        WorldOf(row_, [&](const Scenario::Event& event) { return &event != &row_.events.back(); });
    return Owners(world.Read(), key, row_.end_ms);
  }

  // A world of its own, whose clock may go on.
  World AllOf() const {
    return WorldOf(row_, [](const Scenario::Event&) { return true; });
  }

  // The identifier that an event's facts belong to: the best one that is not shared.
  template <class State>
  std::optional<Identifier> PrimaryOf(const State& state, std::size_t event) const {
    std::optional<std::tuple<bool, std::uint32_t, Identifier>> best;
    for (const Record& record : row_.events[event].records) {
      for (const RecordIdentifier& id : record.identifiers) {
        const Identifier identifier{id.ns, id.value};
        const Resolution found = state.Resolve(identifier);
        if (!found.profile || found.blocked || found.held) continue;
        const std::tuple rank(found.shared, PriorityOf(id.ns), identifier);
        if (!best || rank < *best) best = rank;
      }
    }
    return best ? std::optional(std::get<2>(*best)) : std::nullopt;
  }

  std::uint32_t PriorityOf(const std::string& ns) const {
    for (const NamespacePolicy& policy : row_.policy.namespaces) {
      if (policy.name == FamilyOf(ns)) return policy.priority;
    }
    return 0;
  }

  // Owners are named by the value of one of their identifiers; "$device:D1" is the value D1.
  template <class State>
  std::string Owners(const State& state, const std::string& key, std::int64_t until_ms) const {
    const JsonValue* value = FieldOf(row_.expect, key);
    if (value == nullptr) return "";
    for (const auto& [event, text] : TextsByEvent(*value)) {
      if (event >= row_.events.size() || row_.events[event].time_ms > until_ms) continue;
      const std::string owner = text.starts_with('$') ? text.substr(text.find(':') + 1) : text;
      const std::optional<Identifier> primary = PrimaryOf(state, event);
      if (!primary) return "event " + std::to_string(event) + " has no owner";
      const std::vector<Identifier> members = MembersOf(state, *primary);
      const bool found = std::any_of(members.begin(), members.end(), [&](const Identifier& member) {
        return member.value == owner || ToString(member) == owner;
      });
      if (!found) return key + ": event " + std::to_string(event) + " has another owner";
    }
    return "";
  }

  // Pairs that must not meet, and identifiers that must have left.
  std::string Apart() {
    for (const JsonValue& pair : Expected("never_together").values()) {
      const std::vector<std::string> texts = TextsOf(&pair);
      for (std::size_t i = 1; i < texts.size(); ++i) {
        if (Together(out_.actual, texts[0], texts[i])) return "two are together that never may be";
      }
    }
    for (const JsonValue& one : Expected("detached").values()) {
      for (const auto& group : out_.expected) {
        for (const std::string& member : group) {
          if (Together(out_.actual, one.string_value(), member))
            return "an identifier was not detached";
        }
      }
    }
    return "";
  }

  std::string Removed() {
    for (const JsonValue& one : Expected("removed").values()) {
      const auto identifier = ParseIdentifier(one.string_value());
      if (!identifier.ok()) continue;
      const Resolution found = world_.Read().Resolve(*identifier);
      if (found.known && !found.gone) return "an identifier was not removed";
    }
    return "";
  }

  std::string Flags() {
    for (const JsonValue& one : Expected("auto_blocked").values()) {
      const auto identifier = ParseIdentifier(one.string_value());
      if (identifier.ok() && !world_.Read().Resolve(*identifier).shared)
        return "an identifier is not shared";
    }
    return "";
  }

  std::string Feed() {
    static const std::map<std::string, ChangeKind> kTypes = {
        {"profile_added", ChangeKind::kCreated},
        {"profile_deleted_by_stitching", ChangeKind::kMerged}};
    std::map<ChangeKind, int> wanted;
    for (const JsonValue& entry : Expected("feed").values()) {
      const auto known = kTypes.find(TextOf(FieldOf(entry.struct_value(), "type")));
      if (known != kTypes.end()) ++wanted[known->second];
    }
    for (const auto& [kind, count] : wanted) {
      const auto at = changes_.find(kind);
      if (at == changes_.end() || at->second != count) return "the feed has other rows";
    }
    return "";
  }

  // Which events are one person's.
  std::string RowGroups() {
    const View view = world_.Read();
    std::set<ProfileId> taken;
    for (const JsonValue& group : Expected("row_groups").values()) {
      std::set<ProfileId> here;
      for (const JsonValue& event : group.list_value().values()) {
        const auto number = static_cast<std::size_t>(event.number_value());
        const std::optional<Identifier> primary =
            number < row_.events.size() ? PrimaryOf(view, number) : std::nullopt;
        if (!primary) return "an event has no owner";
        here.insert(*view.Resolve(*primary).profile);
      }
      if (here.size() != 1 || !taken.insert(*here.begin()).second)
        return "events are grouped otherwise";
    }
    return "";
  }

  // Identifiers that do not go with the owner of the event that named them.
  std::string Demoted() {
    for (const JsonValue& entry : Expected("demoted").values()) {
      const JsonValue* event = FieldOf(entry.struct_value(), "event");
      const std::string id = TextOf(FieldOf(entry.struct_value(), "id"));
      if (event == nullptr || event->number_value() >= static_cast<double>(row_.events.size()))
        continue;
      const std::optional<Identifier> primary =
          PrimaryOf(world_.Read(), static_cast<std::size_t>(event->number_value()));
      if (primary && Together(out_.actual, ToString(*primary), id))
        return "an identifier was not demoted";
    }
    return "";
  }

  // The identifier that a profile has its id from.
  std::string Canonical() {
    const auto identifier = ParseIdentifier(TextOf(FieldOf(row_.expect, "canonical")));
    if (!identifier.ok()) return "";
    const View view = world_.Read();
    const std::optional<ProfileId> profile = view.Resolve(*identifier).profile;
    if (!profile) return "the canonical identifier is not known";
    return FromStore(view.IdentifierOf(IdentifierNumber{profile->value})) == *identifier
               ? ""
               : "a profile has its id from another identifier";
  }

  const Scenario& row_;
  World world_;
  Finding out_;
  std::set<std::size_t> rejected_;
  std::map<ChangeKind, int> changes_;
};

}  // namespace

Finding Try(const Scenario& row) { return Trial(row).Run(); }

}  // namespace polyonym::driver
