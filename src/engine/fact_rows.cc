#include "engine/fact_rows.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "polyonym/model/facts.h"

namespace polyonym::engine {
namespace {

constexpr std::uint32_t kMaxTimelinePage = 10'000;

}  // namespace

bool TellsFacts(Act act) {
  return act == Act::kObserve || act == Act::kBind || act == Act::kMustLink || act == Act::kRename;
}

bool IsIdentifying(const Definitions& definitions, std::string_view ns) {
  return std::find(definitions.identifying.begin(), definitions.identifying.end(), FamilyOf(ns)) !=
         definitions.identifying.end();
}

FactRow FactRowOf(std::uint64_t number, const Record& record, Identifier belongs_to) {
  FactRow row;
  row.from.record = number;
  row.from.source = row.from.record_source = record.source;
  row.from.record_id = record.id;
  row.from.time_ms = record.time_ms.value_or(0);
  row.from.belongs_to = std::move(belongs_to);
  return row;
}

FactRow MakeFactRow(std::uint64_t number, const Record& record, Identifier belongs_to,
                    bool anonymous) {
  FactRow row = FactRowOf(number, record, std::move(belongs_to));
  row.from.anonymous = anonymous;
  std::vector<FactFault> faults;
  auto facts = ReadFacts(record.facts, &faults);
  if (!facts.ok()) faults.emplace_back();  // as one that says nothing
  row.left_out = faults.size();
  if (facts.ok()) row.facts = *std::move(facts);
  return row;
}

void AddAmbiguous(AmbiguousFacts facts, std::vector<AmbiguousFacts>* out) {
  if (facts.here.empty() || facts.elsewhere.empty()) return;
  // Two lives of one value may be named by one record.
  for (std::vector<Identifier>* names : {&facts.here, &facts.elsewhere}) {
    std::sort(names->begin(), names->end());
    names->erase(std::unique(names->begin(), names->end()), names->end());
  }
  out->push_back(std::move(facts));
}

void SortAmbiguous(std::vector<AmbiguousFacts>* facts) {
  const auto place = [](const AmbiguousFacts& told) {
    return std::tie(told.from.time_ms, told.from.record_source, told.from.record_id);
  };
  std::sort(facts->begin(), facts->end(),
            [&](const AmbiguousFacts& a, const AmbiguousFacts& b) { return place(a) < place(b); });
}

absl::Status Validate(const ProfileOptions& options) {
  if (options.page.limit > kMaxTimelinePage)
    return absl::InvalidArgumentError("page.limit: must be at most 10,000");
  if (!options.page.within) return absl::OkStatus();
  const TimelineOptions::Area& area = *options.page.within;
  if (!(area.latitude >= -90 && area.latitude <= 90 && area.longitude >= -180 &&
        area.longitude <= 180 && area.radius_m >= 0))
    return absl::InvalidArgumentError(
        "page.within: latitude must be between -90 and 90, longitude between -180 and 180, the "
        "radius 0 or more");
  return absl::OkStatus();
}

Profile FoldPerson(const Definitions& definitions, const PersonFacts& facts,
                   const ProfileOptions& options, std::int64_t now_ms) {
  Profile profile = FoldProfile(definitions, facts.rows, options, now_ms);
  if (!options.ambiguous) return profile;
  for (const AmbiguousFacts& told : facts.ambiguous) {
    if (told.from.time_ms <= now_ms) profile.ambiguous.push_back(told);
  }
  return profile;
}

}  // namespace polyonym::engine
