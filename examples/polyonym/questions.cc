// questions.cc - what is known of one identifier or of a pair: show, why, why-not, how.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "changes.h"
#include "commands.h"
#include "groups.h"
#include "profile_card.h"
#include "when.h"

namespace polyonym::driver {

namespace {

struct QuestionOptions {
  std::string a;
  std::string b;
  std::size_t max_links = 200;  // show
  When when;                    // show
  bool explain = false;         // show
};

// The fields of a link that every command prints in the same way.
Json LinkRow(const LinkEvidence& link) {
  Json row = Json::Object();
  row.Set("a", ToString(link.a)).Set("b", ToString(link.b)).Set("sightings", link.sightings);
  const bool seen = link.sightings > 0;
  row.Set("first", seen ? Json(FormatTime(link.first_ms)) : Json())
      .Set("last", seen ? Json(FormatTime(link.last_ms)) : Json());
  row.Set("must_link", link.must_link).Set("cannot_link", link.cannot_link);
  row.Set("sources", Json::ListFrom(link.sources)).Set("records", Json::ListFrom(link.records));
  return row;
}

// As a row of a table, which has no room for everything.
Json ShortLinkRow(const LinkEvidence& link, std::string state) {
  const auto day = [&](std::int64_t ms) {
    return link.sightings > 0 ? Json(FormatTime(ms).substr(0, 10)) : Json();
  };
  if (link.must_link) state += ", must-link";
  if (link.cannot_link) state += ", cannot-link";
  Json row = Json::Object();
  row.Set("a", ToString(link.a))
      .Set("b", ToString(link.b))
      .Set("state", state)
      .Set("sightings", link.sightings);
  row.Set("first", day(link.first_ms))
      .Set("last", day(link.last_ms))
      .Set("sources", Json::ListFrom(link.sources));
  return row;
}

std::string StateOf(const View::Neighbour& neighbour) {
  return neighbour.kept      ? "kept"
         : neighbour.expired ? "expired"
         : neighbour.inert   ? "inert"
                             : "refused";
}

struct Neighbourhood {
  std::vector<View::Neighbour> links;  // each once; kept ones first
  std::set<std::string> sources;
  bool cut = false;
};

Neighbourhood LinksOf(const View& view, const std::vector<Identifier>& identifiers,
                      std::size_t max_links) {
  Neighbourhood out;
  std::set<std::pair<Identifier, Identifier>> seen;
  for (const Identifier& identifier : identifiers) {
    auto links = view.Links(identifier);
    if (absl::IsNotFound(links.status())) continue;
    for (View::Neighbour& neighbour : FromStore(std::move(links))) {
      if (!seen.insert({neighbour.link.a, neighbour.link.b}).second) continue;
      out.sources.insert(neighbour.link.sources.begin(), neighbour.link.sources.end());
      out.links.push_back(std::move(neighbour));
    }
  }
  std::stable_sort(
      out.links.begin(), out.links.end(),
      [](const View::Neighbour& a, const View::Neighbour& b) { return a.kept && !b.kept; });
  out.cut = max_links != 0 && out.links.size() > max_links;
  if (out.cut) out.links.resize(max_links);
  return out;
}

// What is known of an identifier or a profile in one state.
struct Known {
  Resolution flags;
  std::optional<ProfileId> profile;
  std::vector<Identifier> members;
  std::int64_t clock_ms = 0;
};

// In a view or a moment. Then a profile may not have been there yet, or not any more.
template <class State>
Known KnownIn(const State& state, const Target& target) {
  Known known;
  known.flags = state.Resolve(target.identifier);
  known.profile = known.flags.profile;
  known.clock_ms = state.clock_ms();
  if (target.is_profile) {
    auto here = state.Follow(target.profile);
    known.profile = here.ok() ? std::optional(*here) : std::nullopt;
  }
  if (!known.profile) return known;
  auto members = state.Members(target.is_profile ? target.profile : *known.profile);
  if (!absl::IsNotFound(members.status())) known.members = FromStore(std::move(members));
  return known;
}

Json KnownRow(const std::string& asked, const Known& known) {
  Json row = Json::Object();
  row.Set("asked", asked)
      .Set("known", known.flags.known)
      .Set("shared", known.flags.shared)
      .Set("blocked", known.flags.blocked);
  row.Set("held", known.flags.held)
      .Set("gone", known.flags.gone)
      .Set("expired", known.flags.expired);
  row.Set("clock", ClockOf(known.clock_ms));
  return std::move(row.Set("profile", known.profile ? Json(ToString(*known.profile)) : Json()));
}

// What facts say of somebody, and the definitions that they were read by.
struct Person {
  Profile profile;
  Definitions definitions;
};

// In a view or a moment; nothing where no facts are known.
template <class State>
std::optional<Person> PersonIn(const State& state, const Target& target, bool explain) {
  ProfileOptions wanted;
  wanted.explain = explain;
  wanted.page.limit = 10;
  auto profile = target.is_profile ? state.ReadProfile(target.profile, wanted)
                                   : state.ReadProfile(target.identifier, wanted);
  if (absl::IsNotFound(profile.status())) return std::nullopt;
  Person person{FromStore(std::move(profile)), state.policy().definitions};
  const bool empty = person.profile.facts == 0 && person.profile.ambiguous.empty();
  return empty ? std::nullopt : std::optional(std::move(person));
}

void PrintKnownTable(Json row, const Known& known, const std::optional<Neighbourhood>& around,
                     Output* out) {
  row.Set("size", known.members.size());
  if (around) row.Set("sources", Json::ListFrom(around->sources));
  out->Fields(row);
  out->Title("members");
  for (const std::string& member : TextsOf(known.members)) out->Line("  " + member);
  if (!around) return;
  if (!around->links.empty()) out->Title("links");
  for (const View::Neighbour& n : around->links) out->Row(ShortLinkRow(n.link, StateOf(n)));
  if (around->cut) out->Note("… and more: --links 0 shows all");
}

void PrintKnownJson(Json row, const Known& known, const std::optional<Neighbourhood>& around,
                    Json person, Output* out) {
  row.Set("members", Json::ListFrom(TextsOf(known.members)));
  if (!around) {  // of another time the links are not known
    for (const char* field : {"links", "links_cut", "sources"}) row.Set(field, Json());
    return out->Row(std::move(row.Set("person", std::move(person))));
  }
  Json links = Json::List();
  for (const View::Neighbour& n : around->links) {
    links.Add(LinkRow(n.link).Set("kept", n.kept).Set("inert", n.inert).Set("expired", n.expired));
  }
  row.Set("links", std::move(links)).Set("links_cut", around->cut);
  row.Set("sources", Json::ListFrom(around->sources));
  out->Row(std::move(row.Set("person", std::move(person))));
}

void RunShow(const QuestionOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Target target = session->Find(view, options.a);
  const std::optional<Moment> then = options.when.In(view);
  const Known known = then ? KnownIn(*then, target) : KnownIn(view, target);
  std::optional<Neighbourhood> around;
  if (!then) {
    around = LinksOf(view,
                     target.is_profile ? known.members : std::vector<Identifier>{target.identifier},
                     options.max_links);
  }
  if (!known.flags.known) session->exit_code = kAnsweredNo;
  Output out(session->format);
  Json row = KnownRow(options.a, known);
  const bool explain = options.explain;
  const std::optional<Person> person =
      then ? PersonIn(*then, target, explain) : PersonIn(view, target, explain);
  if (out.is_table()) {
    PrintKnownTable(std::move(row), known, around, &out);
    if (person) PrintCard(person->profile, person->definitions, explain, &out);
    return;
  }
  Json facts;
  if (person) facts = PersonJson(person->profile, known.profile, person->definitions, explain);
  PrintKnownJson(std::move(row), known, around, std::move(facts), &out);
}

void RunWhy(const QuestionOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Target a = session->Find(view, options.a);
  const Target b = session->Find(view, options.b);
  auto answer = view.Why(a.identifier, b.identifier);
  if (absl::IsNotFound(answer.status())) Fail(kAnsweredNo, answer.status());
  const WhyAnswer why = FromStore(std::move(answer));
  if (!why.connected) session->exit_code = kAnsweredNo;

  Output out(session->format);
  if (out.is_table()) {
    out.Note(why.connected
                 ? "They are one person."
                 : "They are two people: `polyonym why-not` tells what keeps them apart.");
    for (std::size_t i = 0; i < why.chain.size(); ++i) {
      out.Row(ShortLinkRow(why.chain[i],
                           i == why.weakest && why.chain.size() > 1 ? "kept, weakest" : "kept"));
    }
    return;
  }
  Json chain = Json::List();
  for (const LinkEvidence& link : why.chain) chain.Add(LinkRow(link));
  Json row = Json::Object();
  row.Set("a", options.a)
      .Set("b", options.b)
      .Set("connected", why.connected)
      .Set("chain", std::move(chain));
  row.Set("weakest", why.chain.empty() ? Json() : Json(why.weakest));
  out.Row(std::move(row));
}

// One sentence on what keeps two people apart.
std::string Sentence(const WhyNotAnswer& answer) {
  const std::string most = std::to_string(answer.limit);
  const std::string would_be = std::to_string(answer.would_be);
  switch (answer.obstacle) {
    case Obstacle::kNone:
      return "Nothing: they are one person. Ask `polyonym why`.";
    case Obstacle::kUnknown:
      return "One of them was never seen.";
    case Obstacle::kNoEvidence:
      return "No chain of links leads from one to the other.";
    case Obstacle::kLimit:
      return "A profile may hold " + most + " of " + answer.limit_namespace +
             "; together they would hold " + would_be + ".";
    case Obstacle::kProfileSize:
      return "A profile may hold " + most + " identifiers; together they would hold " + would_be +
             ".";
    case Obstacle::kCannotLink:
      return "A cannot-link stands between them.";
    case Obstacle::kShared:
      return "The chain passes through a shared identifier, which joins nothing.";
    case Obstacle::kWindow:
      return "A profile may gain " + most + " of " + answer.limit_namespace +
             " in the time of its window; together they would exceed it.";
    case Obstacle::kHeld:
      return "One of them is blocked, held or gone.";
    case Obstacle::kExpired:
      return "They were linked, but the lifetime of that link is over.";
  }
  return "";
}

void RunWhyNot(const QuestionOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Target a = session->Find(view, options.a);
  const Target b = session->Find(view, options.b);
  auto result = view.WhyNot(a.identifier, b.identifier);
  if (absl::IsNotFound(result.status())) Fail(kAnsweredNo, result.status());
  const WhyNotAnswer answer = FromStore(std::move(result));
  if (answer.obstacle == Obstacle::kNone) session->exit_code = kAnsweredNo;

  Output out(session->format);
  if (out.is_table()) {
    out.Note(Sentence(answer));
    if (answer.shared) out.Note("shared: " + ToString(*answer.shared));
    if (answer.refused) out.Row(ShortLinkRow(*answer.refused, "refused"));
    return;
  }
  Json row = Json::Object();
  row.Set("a", options.a).Set("b", options.b).Set("obstacle", ToString(answer.obstacle));
  row.Set("refused", answer.refused ? LinkRow(*answer.refused) : Json());
  row.Set("limit_namespace",
          answer.limit_namespace.empty() ? Json() : Json(answer.limit_namespace));
  row.Set("limit", answer.limit).Set("would_be", answer.would_be);
  row.Set("shared", answer.shared ? Json(ToString(*answer.shared)) : Json());
  out.Row(std::move(row));
}

void RunHow(const QuestionOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Target target = session->Find(view, options.a);
  const Resolution found = view.Resolve(target.identifier);
  if (!target.is_profile && !found.profile)
    Fail(kAnsweredNo, "this identifier was never seen, so it has no profile");
  Output out(session->format);
  for (const Change& change :
       FromStore(view.How(target.is_profile ? target.profile : *found.profile))) {
    out.Row(ChangeRow(view, change, out.is_table()));
  }
}

}  // namespace

void AddQuestions(CLI::App* app, Session* session) {
  const auto add = [&](const char* name, const char* what, bool pair,
                       void (*run)(const QuestionOptions&, Session*)) {
    const auto options = std::make_shared<QuestionOptions>();
    CLI::App* command = app->add_subcommand(name, what);
    session->OfferStore(command);
    session->OfferGraph(command);
    session->OfferFormat(command);
    command->add_option(pair ? "A" : "ID", options->a, "namespace:value, or a profile's id p~…")
        ->required();
    if (pair) command->add_option("B", options->b, "the same")->required();
    command->callback([=] { run(*options, session); });
    return std::pair(command, options);
  };
  const auto [show, options] =
      add("show",
          "what is known of an identifier or profile: flags, members, links, sources, and what the "
          "person is like",
          false, RunShow);
  show->add_option("--links", options->max_links, "print at most this many links; 0: all")
      ->type_name("N")
      ->capture_default_str();
  show->add_flag(
      "--explain", options->explain,
      "of what the person is like: where each value comes from and what lost, what scores "
      "are made of, stages over time");
  options->when.Offer(show);
  show->footer("Exit code 1 where the identifier was never seen.");
  add("why", "the chain of links that makes two identifiers one person", true, RunWhy)
      .first->footer("Exit code 1 where they are two people.");
  add("why-not", "what keeps two identifiers apart", true, RunWhyNot)
      .first->footer("Exit code 1 where they are one person.");
  add("how", "the merges, splits and moves that made a profile", false, RunHow);
}

}  // namespace polyonym::driver
