// What one pass over everybody counts of facts that no table of events holds: baskets, invitations, stages.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "baskets.h"
#include "bindings.h"
#include "calls.h"
#include "measure_values.h"
#include "members_among.h"
#include "people_source.h"
#include "polyonym/engine/view.h"
#include "polyonym/profile/stage_flows.h"
#include "values.h"

namespace polyonym::python {
namespace {

// ---- baskets ----

Baskets AlsoBoughtOf(const View& view, const std::vector<std::string>& types,
                     const std::string& item, bool per_record, const std::string& basket,
                     std::size_t max_basket_items, const std::string& segment,
                     std::optional<std::int64_t> now_ms, nb::handle progress) {
  BasketsAsked asked{.types = types,
                     .item = item,
                     .per_record = per_record,
                     .basket = basket,
                     .segment = segment,
                     .now_ms = now_ms,
                     .options = {.max_basket_items = max_basket_items},
                     .progress = ProgressOf(progress)};
  return Call([&] { return ReadBaskets(view, asked); });
}

PairOrder OrderOf(const std::string& word) {
  if (word == "together") return PairOrder::kTogether;
  if (word == "lift") return PairOrder::kLift;
  if (word == "cosine") return PairOrder::kCosine;
  RaiseInvalid("order: must be together, lift or cosine");
}

nb::list Pairs(const Baskets& baskets, const std::optional<std::string>& item, std::size_t limit,
               const std::string& order, std::uint64_t min_together) {
  const PairOrder by = OrderOf(order);
  const auto pairs = Call([&] {
    return item ? baskets.also.Top(*item, limit, by, min_together)
                : baskets.also.TopPairs(limit, by, min_together);
  });
  return ListOf(pairs, [](const ItemPair& pair) { return ToPython(pair); });
}

nb::list Recommend(const Baskets& baskets, const std::vector<std::string>& items, std::size_t limit,
                   std::uint64_t min_together) {
  const std::vector<std::string_view> views(items.begin(), items.end());
  return ListOf(Call([&] { return baskets.also.Recommend(views, limit, min_together); }),
                [](const ScoredItem& item) { return ToPython(item); });
}

// ---- growth ----

struct GrowthAsked {
  std::set<std::string> invitations;
  std::set<std::string> customers;
  std::string loyal;  // a segment; empty: none
  GrowthOptions options;
  std::int64_t now_ms = 0;
  Progress progress;
};

class Growing {
 public:
  Growing(const View& view, const GrowthAsked& asked, MembersAmong loyal, Growth growth)
      : view_(view), asked_(asked), loyal_(std::move(loyal)), growth_(std::move(growth)) {}

  absl::Status Add(const Person& person) {
    GrowthPerson who{.profile = person.id, .is_loyal = !asked_.loyal.empty() && loyal_.Has(person)};
    std::vector<GrowthInvitation> invitations;
    for (const FactRow& row : *person.rows) {
      for (const Event& event : row.facts.events) SetCustomer(event, row, &who);
      for (const RelationFact& relation : row.facts.relations)
        AddInvitation(relation, row, &invitations);
    }
    return growth_.Add(who, invitations);
  }

  GrowthTable Table() const { return growth_.Table(); }
  std::uint64_t left_out() const { return left_out_; }

 private:
  void SetCustomer(const Event& event, const FactRow& row, GrowthPerson* who) const {
    const std::int64_t time_ms = TimeOf(event, row);
    if (time_ms > asked_.now_ms || !asked_.customers.contains(event.type)) return;
    who->customer_ms = std::min(who->customer_ms.value_or(time_ms), time_ms);
  }

  void AddInvitation(const RelationFact& relation, const FactRow& row,
                     std::vector<GrowthInvitation>* invitations) {
    const std::int64_t time_ms = TimeOf(relation, row);
    if (time_ms > asked_.now_ms || !asked_.invitations.contains(relation.type)) return;
    const Resolution other = view_.Resolve(Identifier{relation.other.ns, relation.other.value});
    if (other.profile) {
      invitations->push_back({.invited = *other.profile, .time_ms = time_ms});
    } else {
      ++left_out_;
    }
  }

  const View& view_;
  const GrowthAsked& asked_;
  const MembersAmong loyal_;
  Growth growth_;
  std::uint64_t left_out_ = 0;
};

nb::object GrowthOf(const View& view, const std::vector<std::string>& invitations,
                    const std::vector<std::string>& customers, const std::string& loyal,
                    std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms,
                    std::optional<std::int64_t> now_ms, nb::handle progress) {
  GrowthAsked asked{.invitations = {invitations.begin(), invitations.end()},
                    .customers = {customers.begin(), customers.end()},
                    .loyal = loyal,
                    .options = {},
                    .now_ms = now_ms.value_or(view.now_ms()),
                    .progress = ProgressOf(progress)};
  asked.options.from_ms = from_ms.value_or(std::numeric_limits<std::int64_t>::min());
  asked.options.to_ms = to_ms.value_or(std::max(asked.now_ms + 1, asked.options.from_ms));
  const auto [table, left_out] =
      Call([&]() -> absl::StatusOr<std::pair<GrowthTable, std::uint64_t>> {
        auto growth = Growth::Make(asked.options);
        if (!growth.ok()) return growth.status();
        auto members = MembersAmong::Make(view, asked.loyal, asked.now_ms, "loyal");
        if (!members.ok()) return members.status();
        Growing growing(view, asked, *std::move(members), *std::move(growth));
        absl::Status status = VisitUntil(PeopleOf(view), asked.progress,
                                         [&](const Person& person) { return growing.Add(person); });
        if (!status.ok()) return status;
        return std::pair(growing.Table(), growing.left_out());
      });
  return ToPython(table, !loyal.empty(), left_out);
}

// ---- stages ----

absl::StatusOr<Ladder> LadderOf(const View& view, const std::string& name) {
  const Definitions definitions = view.policy().definitions;
  for (const Ladder& ladder : definitions.ladders) {
    if (ladder.name == name) return ladder;
  }
  return absl::NotFoundError("ladder: none of that name is defined");
}

// Nothing but where somebody stood on the ladders.
ProfileOptions OnlyLadders() {
  ProfileOptions options;
  options.traits = options.tags = options.consents = options.contacts = options.scores = false;
  options.relations = options.timeline = options.ambiguous = false;
  options.explain = true;
  return options;
}

nb::object FlowsOf(const View& view, const std::string& name, std::int64_t from_ms,
                   std::int64_t to_ms, nb::handle progress) {
  const Progress report = ProgressOf(progress);
  const StageFlowTable table = Call([&]() -> absl::StatusOr<StageFlowTable> {
    const auto ladder = LadderOf(view, name);
    if (!ladder.ok()) return ladder.status();
    auto flows = StageFlows::Make(*ladder, {.from_ms = from_ms, .to_ms = to_ms});
    if (!flows.ok()) return flows.status();
    const std::uint64_t total = view.CountProfiles();
    std::uint64_t done = 0;
    absl::Status problem;
    const absl::Status status = view.ReadEveryProfile(OnlyLadders(), [&](const Profile& profile) {
      for (const ProfileLadder& climbed : profile.ladders) {
        if (climbed.name == name) problem = flows->Add(climbed);
      }
      if (++done % 1'024 == 0 && report) report(done, total);
      return problem.ok();
    });
    if (!problem.ok()) return problem;
    if (!status.ok()) return status;
    if (report) report(done, done);
    return flows->Table();
  });
  return ToPython(table, from_ms, to_ms);
}

}  // namespace

void BindPeople(nb::module_& module) {
  nb::class_<Baskets>(module, "Baskets")
      .def_prop_ro("baskets", [](const Baskets& b) { return b.also.baskets(); })
      .def_prop_ro("items", [](const Baskets& b) { return b.also.items(); })
      .def_ro("pairs", &Baskets::pairs)
      .def_ro("left_out", &Baskets::left_out)
      .def_ro("events_left_out", &Baskets::events_left_out)
      .def(
          "baskets_with",
          [](const Baskets& b, const std::string& item) { return b.also.BasketsWith(item); },
          "item"_a)
      .def("top", &Pairs, "item"_a.none(), nb::kw_only(), "limit"_a, "order"_a, "min_together"_a)
      .def("recommend", &Recommend, "items"_a, nb::kw_only(), "limit"_a, "min_together"_a);
  module.def("also_bought", &AlsoBoughtOf, "view"_a, nb::kw_only(), "types"_a, "item"_a,
             "per_record"_a, "basket"_a, "max_basket_items"_a, "segment"_a, "now_ms"_a.none(),
             "progress"_a.none());
  module.def("growth", &GrowthOf, "view"_a, nb::kw_only(), "invitations"_a, "customers"_a,
             "loyal"_a, "from_ms"_a.none(), "to_ms"_a.none(), "now_ms"_a.none(),
             "progress"_a.none());
  module.def("flows", &FlowsOf, "view"_a, "ladder"_a, nb::kw_only(), "from_ms"_a, "to_ms"_a,
             "progress"_a.none());
}

}  // namespace polyonym::python
