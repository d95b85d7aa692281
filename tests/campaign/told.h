// campaign/told.h - people as facts tell of them, short to write down; and campaigns about them.
#ifndef POLYONYM_TESTS_CAMPAIGN_TOLD_H_
#define POLYONYM_TESTS_CAMPAIGN_TOLD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/enrolment.h"
#include "polyonym/campaign/outcome.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::harness {

// A row with one event of a record of its own.
inline FactRow Told(const Identifier& of, const std::string& id, std::int64_t time_ms,
                    Event event) {
  FactRow row;
  row.from.source = row.from.record_source = "shop";
  row.from.record_id = id;
  row.from.time_ms = time_ms;
  row.from.belongs_to = of;
  row.facts.events.push_back(std::move(event));
  return row;
}

inline Event Did(const std::string& type, std::int64_t minor_units = 0,
                 const std::string& currency = "") {
  Event event;
  event.type = type;
  if (!currency.empty()) event.value = Money{minor_units, currency};
  return event;
}

inline Event DidIn(const std::string& campaign, const std::string& type) {
  Event event = Did(type);
  event.campaign = campaign;
  return event;
}

inline Event AssignedTo(const std::string& campaign, const std::string& variant) {
  Event event = DidIn(campaign, "assigned");
  event.properties["variant"] = Value{variant};
  return event;
}

// Of all identifiers that the rows belong to; the first by namespace and value stands for them.
struct ToldPerson {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers;

  ToldPerson(const Identifier& first, std::vector<FactRow> told) : rows(std::move(told)) {
    std::set<Identifier> all = {first};
    for (const FactRow& row : rows) all.insert(row.from.belongs_to);
    identifiers.assign(all.begin(), all.end());
  }
  SegmentSubject At(const Definitions& definitions, std::int64_t now_ms) const {
    return SegmentSubject(definitions, rows, identifiers, identifiers.front(), now_ms);
  }
};

// What FactRow the engine makes of a record that enrols somebody.
inline FactRow RowOf(const Record& record) {
  FactRow row;
  row.from.source = row.from.record_source = record.source;
  row.from.record_id = record.id;
  row.from.time_ms = *record.time_ms;
  row.from.belongs_to = {record.identifiers.front().ns, record.identifiers.front().value};
  auto facts = ReadFacts(record.facts);
  REQUIRE(facts.ok());
  row.facts = *std::move(facts);
  return row;
}

// `spring`: who ordered is in it; half of them get a mail, the others nothing. It runs from 100 to 1,000; the goal is an order.
inline CampaignDefinition Spring() {
  CampaignDefinition campaign;
  campaign.name = "spring";
  campaign.audience = "did(order)";
  campaign.from_ms = 100;
  campaign.to_ms = 1'000;
  campaign.variants = {{"mail", 500'000, false}, {"none", 500'000, true}};
  campaign.steps = {
      {"reached", {"delivered"}}, {"opened", {"open", "view"}}, {"clicked", {"click"}}};
  campaign.goal = "order";
  return campaign;
}

inline std::shared_ptr<const CompiledCampaign> Compiled(const CampaignDefinition& campaign,
                                                        const Definitions& definitions = {}) {
  const auto campaigns = CompiledCampaigns::Compile(definitions, std::vector{campaign});
  INFO(campaigns.status().ToString());
  REQUIRE(campaigns.ok());
  return (*campaigns)->at(0);
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CAMPAIGN_TOLD_H_
