#include "baskets.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "event_matching.h"
#include "members_among.h"
#include "people_source.h"
#include "polyonym/model/facts.h"

namespace polyonym::python {
namespace {

constexpr std::size_t kMostItemBytes = 1'024;
constexpr std::uint32_t kPeopleAnAsking = 1'024;

using Items = std::set<std::string>;

bool IsItem(std::string_view text) { return !text.empty() && text.size() <= kMostItemBytes; }

absl::Status Add(const Items& items, BasketCounts* counts) {
  const std::vector<std::string_view> views(items.begin(), items.end());
  return counts->Add(views);
}

// The items that a value names: each of a list.
void AddItems(const Value& value, Items* items) {
  if (const auto* list = std::get_if<ValueList>(&value.is)) {
    for (const Value& element : *list) AddItems(element, items);
  } else if (value.type() != ValueType::kNone) {
    if (std::string text = ToText(value); IsItem(text)) items->insert(std::move(text));
  }
}

class Filling {
 public:
  Filling(const BasketsAsked& asked, std::int64_t now_ms, BasketCounts counts)
      : asked_(asked),
        now_ms_(now_ms),
        types_(asked.types.begin(), asked.types.end()),
        counts_(std::move(counts)) {}

  absl::Status Add(const Person& person) {
    std::map<std::string, Items> baskets;
    for (const FactRow& row : *person.rows) {
      for (const Event& event : row.facts.events) {
        if (types_.contains(event.type) && TimeOf(event, row) <= now_ms_)
          AddEvent(event, row, &baskets);
      }
    }
    for (const auto& [key, items] : baskets) {
      if (absl::Status status = python::Add(items, &counts_); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  Baskets Result() const {
    return {AlsoBought::Of(counts_), counts_.pairs(), counts_.left_out(), events_left_out_};
  }

 private:
  // What the baskets of a person are told apart by; nothing where an event is in none.
  std::optional<std::string> BasketOf(const Event& event, const FactRow& row) const {
    if (asked_.per_record) return std::to_string(row.from.record);
    if (asked_.basket.empty()) return "";
    const auto at = event.properties.find(asked_.basket);
    if (at == event.properties.end() || at->second.type() == ValueType::kNone) return std::nullopt;
    return ToText(at->second);
  }

  void AddEvent(const Event& event, const FactRow& row, std::map<std::string, Items>* baskets) {
    const auto at = event.properties.find(asked_.item);
    const std::optional<std::string> basket = BasketOf(event, row);
    Items items;
    if (at != event.properties.end()) AddItems(at->second, &items);
    if (items.empty() || !basket) {
      ++events_left_out_;
    } else {
      (*baskets)[*basket].merge(items);
    }
  }

  const BasketsAsked& asked_;
  const std::int64_t now_ms_;
  const std::set<std::string> types_;
  BasketCounts counts_;
  std::uint64_t events_left_out_ = 0;
};

}  // namespace

absl::StatusOr<Baskets> ReadBaskets(const View& view, const BasketsAsked& asked) {
  const std::int64_t now_ms = asked.now_ms.value_or(view.now_ms());
  auto counts = BasketCounts::Make(asked.options);
  if (!counts.ok()) return counts.status();
  auto members = MembersAmong::Make(view, asked.segment, now_ms, "segment");
  if (!members.ok()) return members.status();
  Filling filling(asked, now_ms, *std::move(counts));
  absl::Status status = VisitUntil(PeopleOf(view), asked.progress, [&](const Person& person) {
    return members->Has(person) ? filling.Add(person) : absl::OkStatus();
  });
  if (!status.ok()) return status;
  return filling.Result();
}

absl::StatusOr<Baskets> CountBaskets(const EventTable& table, const EventFilter& filter,
                                     const BasketOptions& options,
                                     const std::function<bool()>& interrupted) {
  if (!table.Has(EventDimension::kItem))
    return EventMatching::NotKept("also_bought", EventDimension::kItem);
  auto counts = BasketCounts::Make(options);
  if (!counts.ok()) return counts.status();
  auto matches = EventMatching::Make(table, filter, "events");
  if (!matches.ok()) return matches.status();
  const std::span<const std::string> texts = table.Texts(EventDimension::kItem);
  std::uint64_t events_left_out = 0;
  for (std::uint32_t person = 0; person < table.people(); ++person) {
    if (person % kPeopleAnAsking == 0 && interrupted && interrupted())
      return absl::CancelledError("the call was ended");
    Items items;
    for (std::uint32_t e = table.offsets()[person]; e < table.offsets()[person + 1]; ++e) {
      if (!(*matches)(e)) continue;
      const std::string& item = texts[table.items()[e]];
      IsItem(item) ? void(items.insert(item)) : void(++events_left_out);
    }
    if (absl::Status status = Add(items, &*counts); !status.ok()) return status;
  }
  return Baskets{AlsoBought::Of(*counts), counts->pairs(), counts->left_out(), events_left_out};
}

}  // namespace polyonym::python
