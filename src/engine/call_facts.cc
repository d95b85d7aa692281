#include "engine/call_facts.h"

#include <algorithm>
#include <string>

#include "engine/fact_rows.h"

namespace polyonym::engine {

CallFacts::CallFacts(std::span<const Record> records) : facts_(records.size()) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].facts.empty()) continue;
    auto facts = ReadFacts(records[i].facts, &facts_[i].faults);
    if (facts.ok()) {
      facts_[i].facts = *std::move(facts);
    } else {
      facts_[i].faults.push_back({"facts", std::string(facts.status().message())});
    }
  }
}

void CallFacts::NoteAppended(std::size_t place, const Record& appended, std::uint64_t location) {
  if (!appended.facts.empty()) appended_.push_back({location, &appended, place});
}

std::optional<FactRow> CallFacts::TakeRow(std::uint64_t location, std::uint64_t number,
                                          Identifier belongs_to) {
  const auto at = std::lower_bound(
      appended_.begin(), appended_.end(), location,
      [](const Appended& appended, std::uint64_t l) { return appended.location < l; });
  if (at == appended_.end() || at->location != location || at->record == nullptr)
    return std::nullopt;
  FactRow row = FactRowOf(number, *std::exchange(at->record, nullptr), std::move(belongs_to));
  Decoded& decoded = facts_[at->place];
  row.left_out = decoded.faults.size();
  row.facts = std::move(decoded.facts);
  return row;
}

}  // namespace polyonym::engine
