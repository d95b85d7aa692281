// growth.cc - customers who bring customers: growth.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/growth.h"

namespace polyonym::driver {

namespace {

struct GrowthAsked {
  std::vector<std::string> relations = {"invited"};
  std::vector<std::string> customer_events = {"order"};
  std::string loyal;  // a segment; empty: none
  TimeWindow window;
};

// ---- one pass over everybody ----

GrowthOptions OptionsOf(const GrowthAsked& asked, std::int64_t now_ms) {
  const std::int64_t from_ms =
      asked.window.from_ms.value_or(std::numeric_limits<std::int64_t>::min());
  return {.from_ms = from_ms, .to_ms = asked.window.to_ms.value_or(std::max(now_ms + 1, from_ms))};
}

class Growing {
 public:
  Growing(const GrowthAsked& asked, const View& view)
      : asked_(asked),
        view_(view),
        now_ms_(view.now_ms()),
        loyal_(view, "--loyal", asked.loyal),
        growth_(OrFail(Growth::Make(OptionsOf(asked, now_ms_)))) {}

  void Add(const Person& person) {
    GrowthPerson who{.profile = person.id,
                     .is_loyal = !asked_.loyal.empty() && loyal_.Has(person.id)};
    std::vector<GrowthInvitation> invitations;
    for (const FactRow& row : *person.rows) {
      for (const Event& event : row.facts.events) SetCustomer(event, row, &who);
      for (const RelationFact& relation : row.facts.relations)
        AddInvitation(relation, row, &invitations);
    }
    const absl::Status status = growth_.Add(who, invitations);
    if (absl::IsResourceExhausted(status)) Fail(kUsage, status);
    FromStore(status);
  }

  GrowthTable Table() const { return growth_.Table(); }
  std::uint64_t left_out() const { return left_out_; }

 private:
  void SetCustomer(const Event& event, const FactRow& row, GrowthPerson* who) const {
    const std::int64_t time_ms = TimeOf(event, row);
    if (time_ms > now_ms_ || !IsAmong(event.type, asked_.customer_events)) return;
    who->customer_ms = std::min(who->customer_ms.value_or(time_ms), time_ms);
  }

  void AddInvitation(const RelationFact& relation, const FactRow& row,
                     std::vector<GrowthInvitation>* invitations) {
    const std::int64_t time_ms = TimeOf(relation, row);
    if (time_ms > now_ms_ || !IsAmong(relation.type, asked_.relations)) return;
    const Resolution other = view_.Resolve(Identifier{relation.other.ns, relation.other.value});
    if (other.profile) {
      invitations->push_back({.invited = *other.profile, .time_ms = time_ms});
    } else {
      ++left_out_;
    }
  }

  const GrowthAsked& asked_;
  const View& view_;
  const std::int64_t now_ms_;
  const MembersAmong loyal_;
  Growth growth_;
  std::uint64_t left_out_ = 0;
};

// ---- fields ----

Json RatioJson(double ratio, std::uint64_t of) { return of == 0 ? Json() : NumberJson(ratio); }

Json GroupRow(const char* of, const GrowthGroup& group) {
  Json row = Json::Object();
  row.Set("of", of)
      .Set("people", group.people)
      .Set("inviters", group.inviters)
      .Set("invitations", group.invitations)
      .Set("newcomers", group.newcomers);
  row.Set("invitations_per_person", RatioJson(group.invitations_per_person, group.people))
      .Set("conversion", RatioJson(group.conversion, group.invitations))
      .Set("k_factor", RatioJson(group.k_factor, group.people));
  return row;
}

struct NamedGroup {
  const char* of;
  const GrowthGroup* group;
};

std::vector<NamedGroup> GroupsOf(const GrowthTable& table, const GrowthAsked& asked) {
  std::vector<NamedGroup> groups = {{"everybody", &table.everybody},
                                    {"customers", &table.customers}};
  if (!asked.loyal.empty()) groups.push_back({"loyal", &table.loyal});
  return groups;
}

Json MedianJson(const GrowthSpan& span) { return span.newcomers == 0 ? Json() : span.median_ms; }

Json GrowthJson(const GrowthTable& table, const GrowthAsked& asked, std::uint64_t left_out) {
  Json row = Json::Object();
  row.Set("relations", Json::ListFrom(asked.relations))
      .Set("customer_events", Json::ListFrom(asked.customer_events))
      .Set("loyal", TextOrNull(asked.loyal));
  asked.window.SetIn(&row);
  const auto to_json = [](const NamedGroup& named) { return GroupRow(named.of, *named.group); };
  row.Set("groups", ListOf(GroupsOf(table, asked), to_json)).Set("invited", table.invited);
  row.Set("wait_newcomers", table.wait.newcomers)
      .Set("wait_median_ms", MedianJson(table.wait))
      .Set("cycle_newcomers", table.cycle.newcomers)
      .Set("cycle_median_ms", MedianJson(table.cycle));
  row.Set("generations", Json::ListFrom(table.generations)).Set("deeper", table.deeper);
  return std::move(row.Set("left_out", left_out));
}

// ---- CSV ----

void WriteGroups(const GrowthTable& table, const GrowthAsked& asked, Output* out) {
  for (const auto& [of, group] : GroupsOf(table, asked)) out->Row(GroupRow(of, *group));
}

// ---- tables ----

Json MedianCell(const GrowthSpan& span) {
  if (span.newcomers == 0) return {};
  return Fixed(static_cast<double>(span.median_ms) / 86'400'000) + " days, of " +
         FormatCount(span.newcomers) + (span.newcomers == 1 ? " newcomer" : " newcomers");
}

void PrintGroups(const std::vector<NamedGroup>& groups, Output* out) {
  double longest = 0;
  for (const NamedGroup& named : groups) longest = std::max(longest, named.group->k_factor);
  const auto cell = [](double ratio, std::uint64_t of) {
    return of == 0 ? Json() : Json(Fixed(ratio));
  };
  for (const auto& [of, group] : groups) {
    Json row = Json::Object();
    row.Set("group", of)
        .Set("people", group->people)
        .Set("inviters", group->inviters)
        .Set("invitations", group->invitations)
        .Set("newcomers", group->newcomers);
    row.Set("each_invited", cell(group->invitations_per_person, group->people))
        .Set("conversion",
             group->invitations == 0 ? Json() : Json(Fixed(100 * group->conversion) + "%"))
        .Set("k_factor", cell(group->k_factor, group->people))
        .Set("bar", Bar(group->k_factor, longest));
    out->Row(std::move(row));
  }
}

void PrintGenerations(const GrowthTable& table, Output* out) {
  if (table.everybody.newcomers == 0)
    return out->Note("\nNobody who was invited became a customer.");
  std::uint64_t longest = table.deeper;
  for (const std::uint64_t newcomers : table.generations) longest = std::max(longest, newcomers);
  const auto print = [&](const std::string& generation, std::uint64_t newcomers) {
    out->Row(Json::Object()
                 .Set("generation", generation)
                 .Set("newcomers", newcomers)
                 .Set("bar", Bar(static_cast<double>(newcomers), static_cast<double>(longest))));
  };
  out->Title("generations");
  for (std::size_t i = 0; i < table.generations.size(); ++i)
    print(std::to_string(i + 1), table.generations[i]);
  if (table.deeper > 0) print("deeper", table.deeper);
}

void PrintGrowth(const GrowthTable& table, const GrowthAsked& asked, std::uint64_t left_out,
                 Output* out) {
  Json row = Json::Object();
  const GrowthGroup& loyal = table.loyal;
  if (!asked.loyal.empty()) {
    row.Set("newcomers_per_loyal_customer",
            loyal.people == 0 ? Json() : Json(Fixed(loyal.k_factor)));
  }
  row.Set("people_invited", FormatCount(table.invited))
      .Set("median_wait_of_the_invited", MedianCell(table.wait))
      .Set("median_cycle", MedianCell(table.cycle));
  if (left_out > 0) row.Set("invitations_of_nobody", FormatCount(left_out));
  out->Fields(row);
  out->Title("who brings whom");
  PrintGroups(GroupsOf(table, asked), out);
  PrintGenerations(table, out);
}

void RunGrowth(const GrowthAsked& asked, Session* session) {
  asked.window.Check();
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  Growing growing(asked, view);
  VisitEverybody(view, [&](const Person& person) { growing.Add(person); });
  const GrowthTable table = growing.Table();
  Output out(session->format);
  if (out.is_csv()) return WriteGroups(table, asked, &out);
  out.is_table() ? PrintGrowth(table, asked, growing.left_out(), &out)
                 : out.Row(GrowthJson(table, asked, growing.left_out()));
}

}  // namespace

void AddGrowth(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<GrowthAsked>();
  CLI::App* command = app->add_subcommand(
      "growth", "how many newcomers customers bring: K-factor, cycle, generations");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferWords(command, "--relation", "TYPE", &asked->relations,
             "relations of this type are invitations: of the person to the other; repeatable")
      ->capture_default_str();
  OfferWords(command, "--customer-event", "TYPE", &asked->customer_events,
             "the first event of this type makes a customer; repeatable")
      ->capture_default_str();
  command
      ->add_option("--loyal", asked->loyal,
                   "of its members how many newcomers each brought: a segment in force")
      ->type_name("NAME");
  asked->window.Offer(command, "invitations");
  session->OfferFormatOrCsv(command);
  command->footer(
      "Invitations of late had little time to be taken: docs/measure.md says what each number "
      "means.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunGrowth(*asked, session); });
}

}  // namespace polyonym::driver
