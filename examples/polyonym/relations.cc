// relations.cc - how people are tied who are not one person: neighbours, path.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"

namespace polyonym::driver {

namespace {

struct RelationsAsked {
  std::string a;
  std::string b;
  std::vector<std::string> kinds;
  RelationOptions options;
};

constexpr RelationKind kKinds[] = {RelationKind::kRefused, RelationKind::kShared,
                                   RelationKind::kNamed, RelationKind::kExpired};

RelationOptions OptionsOf(const RelationsAsked& asked) {
  RelationOptions options = asked.options;
  for (const RelationKind kind : kKinds) {
    if (std::find(asked.kinds.begin(), asked.kinds.end(), ToString(kind)) != asked.kinds.end())
      options.kinds.push_back(kind);
  }
  return options;
}

// The profile that an argument asks about; none where its identifier was never seen.
std::optional<ProfileId> ProfileOf(const View& view, const std::string& text,
                                   const Session& session) {
  const Target target = session.Find(view, text);
  return target.is_profile ? target.profile : view.Resolve(target.identifier).profile;
}

// An answer beyond the bounds is no part of one: it is the options that ask for too much.
std::vector<RelatedProfile> WithinBounds(absl::StatusOr<std::vector<RelatedProfile>> answer) {
  if (absl::IsResourceExhausted(answer.status())) {
    Fail(kUsage, std::string(answer.status().message()) +
                     " (--steps, --kind, --max-profiles, --max-evidence)");
  }
  return FromStore(std::move(answer));
}

Json RelationRow(const Relation& relation) {
  Json row = Json::Object();
  row.Set("kind", ToString(relation.kind)).Set("direction", ToString(relation.direction));
  row.Set("from", ToString(relation.from)).Set("to", ToString(relation.to));
  row.Set("from_identifier", ToString(relation.from_identifier))
      .Set("to_identifier", ToString(relation.to_identifier));
  row.Set("pairs", relation.pairs).Set("sightings", relation.sightings);
  row.Set("first", FormatTime(relation.first_ms)).Set("last", FormatTime(relation.last_ms));
  return row;
}

Json RelatedRow(const RelatedProfile& related) {
  Json relations = Json::List();
  for (const Relation& relation : related.relations) relations.Add(RelationRow(relation));
  Json row = Json::Object();
  row.Set("profile", ToString(related.profile))
      .Set("distance", related.distance)
      .Set("relations", std::move(relations));
  return row;
}

// A row of a table for each relation.
void PrintTable(const std::vector<RelatedProfile>& profiles, Output* out) {
  for (const RelatedProfile& related : profiles) {
    for (const Relation& relation : related.relations) {
      Json row = Json::Object();
      row.Set("steps", related.distance)
          .Set("from", ToString(relation.from))
          .Set("to", ToString(relation.to))
          .Set("kind", ToString(relation.kind))
          .Set("direction", ToString(relation.direction))
          .Set("from_identifier", ToString(relation.from_identifier))
          .Set("to_identifier", ToString(relation.to_identifier))
          .Set("sightings", relation.sightings)
          .Set("last", FormatTime(relation.last_ms).substr(0, 10));
      out->Row(std::move(row));
    }
  }
}

void RunNeighbours(const RelationsAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const std::optional<ProfileId> profile = ProfileOf(view, asked.a, *session);
  if (!profile) Fail(kAnsweredNo, "this identifier was never seen, so it has no profile");
  const auto related = WithinBounds(view.Neighbourhood(*profile, OptionsOf(asked)));
  Output out(session->format);
  if (out.is_table()) {
    if (related.empty()) out.Note("Nobody is related to them.");
    return PrintTable(related, &out);
  }
  for (const RelatedProfile& one : related) out.Row(RelatedRow(one));
}

void RunPath(const RelationsAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const std::optional<ProfileId> from = ProfileOf(view, asked.a, *session),
                                 to = ProfileOf(view, asked.b, *session);
  if (!from || !to) Fail(kAnsweredNo, "one of them was never seen");
  auto answer = view.Path(*from, *to, OptionsOf(asked));
  const bool connected = !absl::IsNotFound(answer.status());
  std::vector<RelatedProfile> path;
  if (connected) path = WithinBounds(std::move(answer));
  if (!connected) session->exit_code = kAnsweredNo;

  Output out(session->format);
  if (out.is_table()) {
    if (!connected) out.Note("No chain of so few relations leads from one to the other.");
    if (connected && path.empty()) out.Note("They are one person.");
    return PrintTable(path, &out);
  }
  Json steps = Json::List();
  for (const RelatedProfile& step : path) steps.Add(RelatedRow(step));
  Json row = Json::Object();
  row.Set("a", asked.a).Set("b", asked.b).Set("connected", connected);
  row.Set("path", std::move(steps));
  out.Row(std::move(row));
}

}  // namespace

void AddRelations(CLI::App* app, Session* session) {
  const auto add = [&](const char* name, const char* what, bool pair, std::uint32_t steps,
                       void (*run)(const RelationsAsked&, Session*)) {
    const auto asked = std::make_shared<RelationsAsked>();
    asked->options.max_steps = steps;
    CLI::App* command = app->add_subcommand(name, what);
    session->OfferStore(command);
    session->OfferGraph(command);
    session->OfferFormat(command);
    command->add_option(pair ? "A" : "ID", asked->a, "namespace:value, or a profile's id p~…")
        ->required();
    if (pair) command->add_option("B", asked->b, "the same")->required();
    command->add_option("--steps", asked->options.max_steps, "go this many relations far at most")
        ->type_name("N")
        ->check(CLI::PositiveNumber.description(""))
        ->capture_default_str();
    std::vector<std::string> kinds;
    for (const RelationKind kind : kKinds) kinds.emplace_back(ToString(kind));
    command
        ->add_option("--kind", asked->kinds,
                     "only by this kind of relation: refused, shared, named, expired; repeatable")
        ->type_name("KIND")
        ->expected(1)
        ->take_all()
        ->check(CLI::IsMember(kinds).description(""));
    command
        ->add_option("--max-profiles", asked->options.max_profiles,
                     "give up beyond this many profiles")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber.description(""))
        ->capture_default_str();
    command
        ->add_option("--max-evidence", asked->options.max_evidence,
                     "give up beyond this many links and mentions")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber.description(""))
        ->capture_default_str();
    command->callback([=] { run(*asked, session); });
    return command;
  };
  add("neighbours", "the people who are tied to a profile without being one person with it", false,
      1, RunNeighbours)
      ->footer("Exit code 1 where the identifier was never seen, 2 where it gave up.");
  add("path", "the shortest chain of relations from one profile to another", true, 6, RunPath)
      ->footer("Exit code 1 where there is none, 2 where it gave up.");
}

}  // namespace polyonym::driver
