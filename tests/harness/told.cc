#include "harness/told.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "harness/engine_state.h"
#include "harness/random.h"
#include "harness/random_facts.h"
#include "polyonym/model/facts.h"

namespace polyonym::harness {
namespace {

bool MayTell(Act act) {
  return act == Act::kObserve || act == Act::kBind || act == Act::kMustLink || act == Act::kRename;
}

// What is told of a person of whom `nodes` are some, some of them perhaps another's: for each who has one of them.
void AddAmbiguous(const NaiveWorld& world, const FactRow& row, const NaiveWorld::Node& primary,
                  const std::set<NaiveWorld::Node>& nodes,
                  std::map<NaiveWorld::Nodes, Told>* people) {
  std::set<NaiveWorld::Nodes> touched;
  for (const NaiveWorld::Node& node : nodes) {
    touched.insert(world.GroupOf(node));
  }
  for (const NaiveWorld::Nodes& person : touched) {
    AmbiguousFacts told{row.from, row.facts, false, {}, {}};
    std::set<Identifier> here, elsewhere;
    for (const NaiveWorld::Node& node : nodes) {
      const bool is_here = std::find(person.begin(), person.end(), node) != person.end();
      (is_here ? here : elsewhere).insert(node.name);
      if (node == primary) told.counts_here = is_here;
    }
    if (elsewhere.empty()) continue;
    told.here.assign(here.begin(), here.end());
    told.elsewhere.assign(elsewhere.begin(), elsewhere.end());
    (*people)[person].ambiguous.push_back(std::move(told));
  }
}

}  // namespace

Identifier NaiveAnchor(const NaiveWorld& world, const NaiveWorld::Nodes& nodes) {
  return std::min_element(nodes.begin(), nodes.end(),
                          [&](const auto& a, const auto& b) {
                            return std::pair(world.PriorityOf(a.name), a.name) <
                                   std::pair(world.PriorityOf(b.name), b.name);
                          })
      ->name;
}

ToldByPerson NaiveFacts(const NaiveWorld& world, const Definitions& definitions) {
  std::map<NaiveWorld::Nodes, Told> people;
  for (const NaiveWorld::Entry& entry : world.entries()) {
    if (!entry.live || !MayTell(entry.record.act)) continue;
    const auto primary = world.PrimaryOf(entry);
    if (!primary || !world.IsMentioned(*primary) || entry.record.facts.empty()) continue;
    FactRow row;
    row.from.source = row.from.record_source = entry.record.source;
    row.from.record_id = entry.record.id;
    row.from.time_ms = entry.record.time_ms.value_or(0);
    row.from.belongs_to = primary->name;
    const auto& known = definitions.identifying;
    row.from.anonymous =
        !known.empty() && std::none_of(entry.verdict.counted.begin(), entry.verdict.counted.end(),
                                       [&](const RecordVerdict::Counted& counted) {
                                         const Identifier name = NaiveWorld::NameOf(entry, counted);
                                         return counted.role == Role::kSelf &&
                                                std::find(known.begin(), known.end(),
                                                          FamilyOf(name.ns)) != known.end();
                                       });
    std::vector<FactFault> faults;
    row.facts = Must(ReadFacts(entry.record.facts, &faults));
    row.left_out = faults.size();
    if (row.facts.of_person) {
      std::set<NaiveWorld::Node> nodes;
      for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
        const NaiveWorld::Node node =
            world.NodeAt(NaiveWorld::NameOf(entry, counted), row.from.time_ms);
        if (!counted.derived && world.IsMentioned(node)) nodes.insert(node);
      }
      AddAmbiguous(world, row, *primary, nodes, &people);
    }
    people[world.GroupOf(*primary)].rows.push_back(std::move(row));
  }
  ToldByPerson out;
  for (auto& [person, told] : people) {
    std::stable_sort(told.ambiguous.begin(), told.ambiguous.end(),
                     [](const AmbiguousFacts& a, const AmbiguousFacts& b) {
                       return std::tie(a.from.time_ms, a.from.record_source, a.from.record_id) <
                              std::tie(b.from.time_ms, b.from.record_source, b.from.record_id);
                     });
    told.anchor = NaiveAnchor(world, person);
    out[world.NamesInGroupOf(person.front())] = std::move(told);
  }
  return out;
}

History WithFacts(History history) {
  for (Record& record : history.records) {
    Random random(HashContent(record).low);
    if (record.act == Act::kRetract || random.Chance(25)) continue;
    Facts facts = RandomFacts(random, record.time_ms.value_or(0));
    facts.of_person = random.Chance(30);
    record.facts = WriteFacts(facts);
  }
  Random random(history.seed ^ 0xfac75);
  history.policy.definitions = RandomDefinitions(random);
  Definitions definitions = history.policy.definitions;
  for (HistoryStep& step : history.steps) {
    if (step.kind != HistoryStep::Kind::kPolicy) continue;
    if (random.Chance(50)) definitions = RandomDefinitions(random);
    step.policy.definitions = definitions;
  }
  return history;
}

}  // namespace polyonym::harness
