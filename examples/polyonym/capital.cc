// capital.cc - the social capital of everybody, or of a group: capital.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "polyonym/engine/social.h"
#include "when.h"

namespace polyonym::driver {

namespace {

struct CapitalAsked {
  std::optional<std::int64_t> as_of_ms;
  std::string currency;
  std::optional<double> reference;  // in units of the currency
  std::string group;                // a file
  std::size_t top = 10;
};

// ---- what is asked ----

void Check(const char* option, const SocialReading& reading) {
  if (const absl::Status status = Validate(reading); !status.ok())
    Fail(kUsage, std::string(option) + ": " + std::string(status.message()));
}

// Each option is checked once it is in, so that an error names the right one.
SocialReading ReadingOf(const CapitalAsked& asked) {
  SocialReading reading;
  reading.fit_reference = !asked.reference;
  // Where nothing is a contribution it is left out: the index of everybody would be 0.
  if (asked.currency.empty()) reading.options.weights.contribution = 0;
  reading.now_ms = asked.as_of_ms;
  if (reading.fit_reference) Check("--as-of", reading);
  reading.currency = asked.currency;
  if (reading.fit_reference) Check("--currency", reading);
  if (!asked.reference) return reading;
  if (asked.currency.empty()) Fail(kUsage, "--reference goes with --currency");
  reading.options.contribution_reference_micros = *asked.reference * 1e6;
  Check("--reference", reading);
  return reading;
}

ProfileId ProfileOf(const View& view, const std::string& text, const Session& session) {
  const Target target = session.Find(view, text);
  if (target.is_profile) return target.profile;
  const Resolution found = view.Resolve(target.identifier);
  if (!found.profile) Fail(kAnsweredNo, "this identifier was never seen, so it has no profile");
  return *found.profile;
}

// The profiles that a file lists, one a line; nothing for no file.
std::vector<ProfileId> GroupOf(const View& view, const std::string& path, const Session& session) {
  std::vector<ProfileId> group;
  if (path.empty()) return group;
  std::istringstream lines(ReadFile(path));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    try {
      group.push_back(ProfileOf(view, line, session));
    } catch (const Failure& failure) {
      Fail(failure.code, path + ":" + std::to_string(number) + ": " + failure.message);
    }
  }
  if (group.empty()) Fail(kUsage, path + ": names nobody");
  return group;
}

// ---- fields ----

// Contribution is none where nothing is read as one.
void SetComponents(const CapitalComponents& components, bool contributes, Json* row) {
  row->Set("trust", NumberJson(components.trust))
      .Set("strength", NumberJson(components.strength))
      .Set("activity", NumberJson(components.activity))
      .Set("contribution", contributes ? NumberJson(components.contribution) : Json());
}

Json PersonRow(const PersonCapital& person, bool contributes) {
  const CapitalBasis& made_of = person.capital.basis;
  Json row = Json::Object();
  row.Set("profile", ToString(person.profile)).Set("index", NumberJson(person.capital.index));
  SetComponents(person.capital.components, contributes, &row);
  Json basis = Json::Object();
  basis.Set("good_evidence", NumberJson(made_of.good_evidence))
      .Set("bad_evidence", NumberJson(made_of.bad_evidence))
      .Set("tie_strengths", NumberJson(made_of.tie_strengths))
      .Set("active_days", NumberJson(made_of.active_days));
  basis.Set("mean_contribution_micros",
            contributes ? NumberJson(made_of.mean_contribution_micros) : Json());
  return std::move(row.Set("basis", std::move(basis)));
}

Json CapitalJson(const StoreCapital& capital, std::int64_t now_ms, std::size_t top,
                 const std::string& currency) {
  const bool contributes = !currency.empty();
  Json mean = Json::Object(), gini = Json::Object(), people = Json::List();
  SetComponents(capital.group.mean, contributes, &mean);
  SetComponents(capital.group.gini, contributes, &gini);
  for (std::size_t i = 0; i < top; ++i) people.Add(PersonRow(capital.people[i], contributes));
  Json row = Json::Object();
  row.Set("now", FormatTime(now_ms)).Set("currency", TextOrNull(currency));
  row.Set("contribution_reference_micros",
          contributes ? NumberJson(capital.contribution_reference_micros) : Json());
  row.Set("members", capital.group.members).Set("left_out", capital.left_out);
  row.Set("index", NumberJson(capital.group.index))
      .Set("mean", std::move(mean))
      .Set("gini", std::move(gini));
  return std::move(row.Set("people", std::move(people)));
}

// ---- tables ----

// A bar of ten blocks; less than half a one is none.
Json ScoreCell(double score) {
  return Fixed(score) + (score < 0.05 ? "" : " " + Bar(score, 1, 10));
}

void PrintPeople(const StoreCapital& capital, std::size_t top, bool contributes, Output* out) {
  for (std::size_t i = 0; i < top; ++i) {
    const PersonCapital& person = capital.people[i];
    const auto& [trust, strength, activity, contribution] = person.capital.components;
    Json row = Json::Object();
    row.Set("person", ToString(person.profile))
        .Set("index", ScoreCell(person.capital.index))
        .Set("trust", ScoreCell(trust))
        .Set("strength", ScoreCell(strength))
        .Set("activity", ScoreCell(activity));
    out->Row(std::move(row.Set("contribution", contributes ? ScoreCell(contribution) : Json())));
  }
  if (capital.people.size() > top)
    out->Note("… of " + FormatCount(capital.people.size()) + " people: --top 0 shows all");
}

void PrintGroup(const StoreCapital& capital, bool contributes, Output* out) {
  const CapitalComponents &mean = capital.group.mean, &gini = capital.group.gini;
  out->Title("all of them");
  const auto row = [&](const char* what, double of_all, Json spread) {
    out->Row(Json::Object()
                 .Set("measure", what)
                 .Set("mean", ScoreCell(of_all))
                 .Set("gini", std::move(spread)));
  };
  row("trust", mean.trust, ScoreCell(gini.trust));
  row("strength", mean.strength, ScoreCell(gini.strength));
  row("activity", mean.activity, ScoreCell(gini.activity));
  if (contributes) row("contribution", mean.contribution, ScoreCell(gini.contribution));
  row("index of means", capital.group.index, Json());
}

void PrintCapital(const StoreCapital& capital, std::int64_t now_ms, std::size_t top,
                  const std::string& currency, Output* out) {
  const bool contributes = !currency.empty();
  Json row = Json::Object();
  row.Set("as_at", FormatTime(now_ms)).Set("people", FormatCount(capital.group.members));
  if (contributes) {
    row.Set("one_half_for",
            Fixed(capital.contribution_reference_micros / 1e6) + " " + currency + " in 30 days");
  }
  out->Fields(row.Set("facts_left_out", FormatCount(capital.left_out)));
  if (capital.people.empty()) return;
  PrintGroup(capital, contributes, out);
  if (top == 0) return;
  out->Title("people");
  PrintPeople(capital, top, contributes, out);
}

void RunCapital(const CapitalAsked& asked, Session* session) {
  const SocialReading reading = ReadingOf(asked);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const std::vector<ProfileId> group = GroupOf(view, asked.group, *session);
  const StoreCapital capital = FromStore(ReadSocialCapital(view, reading, group));
  const std::int64_t now_ms = asked.as_of_ms.value_or(view.now_ms());
  const std::size_t all = capital.people.size();
  const std::size_t top = asked.top == 0 ? all : std::min(asked.top, all);
  Output out(session->format);
  out.is_table() ? PrintCapital(capital, now_ms, top, asked.currency, &out)
                 : out.Row(CapitalJson(capital, now_ms, top, asked.currency));
}

}  // namespace

void AddCapital(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<CapitalAsked>();
  CLI::App* command = app->add_subcommand(
      "capital", "the social capital of people: trust, strength of ties, activity, contribution");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferTime(command, "--as-of", &asked->as_of_ms,
            "as at this time, by the facts up to it, of people as they are known now");
  command
      ->add_option("--currency", asked->currency,
                   "events with a value in it are contributions (ISO 4217); default: there are "
                   "none, in the index neither")
      ->type_name("CODE");
  command
      ->add_option("--reference", asked->reference,
                   "the contribution in 30 days that scores one half, in units of the currency; "
                   "default: the mean of those who are listed")
      ->type_name("AMOUNT");
  command
      ->add_option("--group", asked->group,
                   "only the people whom this file names: an identifier or a profile's id a line")
      ->type_name("FILE");
  command->add_option("--top", asked->top, "list this many people, the greatest first; 0: all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  session->OfferFormat(command);
  command->footer(
      "The facts are read as by default: docs/social_capital.md says how, and what the numbers do "
      "not say.\n"
      "Exit code 1 where an identifier of the group was never seen.");
  command->callback([=] { RunCapital(*asked, session); });
}

}  // namespace polyonym::driver
