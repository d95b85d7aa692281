#include "workload/profile_traffic.h"

#include <array>
#include <string>
#include <utility>

#include "workload/traffic.h"

namespace polyonym::workload {
namespace {

constexpr std::array<const char*, 5> kTypes = {"view", "cart", "order", "pay", "visit"};

}  // namespace

Facts MadeFacts(std::uint64_t number) {
  // Knuth's multiplicative hash (The Art of Computer Programming, 6.4), of 32 bits: neighbours say different things.
  const std::uint64_t h = number * 2'654'435'761 % (std::uint64_t{1} << 32);
  Event event;
  event.type = kTypes[h % kTypes.size()];
  event.value = Money{static_cast<std::int64_t>(100 + h / 5 % 9'900), "CNY"};
  event.properties["item"].is = "sku" + std::to_string(h / 3 % 1'000);
  event.properties["quantity"].is = static_cast<std::int64_t>(1 + h / 7 % 3);
  Tag interest;
  interest.name = "interest." + std::to_string(h / 11 % 20);
  Tag brand;
  brand.name = "brand." + std::to_string(h / 13 % 50);
  brand.weight_micros = static_cast<std::int64_t>(250'000 * (1 + h / 17 % 4));
  Trait city;
  city.name = "city";
  city.value.is = "city" + std::to_string(h / 19 % 100);
  Facts facts;
  facts.traits.push_back(std::move(city));
  facts.tags = {std::move(interest), std::move(brand)};
  facts.events.push_back(std::move(event));
  return facts;
}

std::vector<Record> EventsWithFacts(const Sizes& sizes) {
  std::vector<Record> records = EventsOf(sizes);
  for (std::size_t n = 0; n < records.size(); ++n) records[n].facts = WriteFacts(MadeFacts(n));
  return records;
}

Policy ProfilePolicy() {
  Policy policy = Traffic::MakePolicy();
  TraitDefinition& city = policy.definitions.traits.emplace_back();
  city.name = "city";
  EventTrait& spent = policy.definitions.event_traits.emplace_back();
  spent.trait.name = "spent";
  spent.trait.type = ValueType::kMoney;
  spent.trait.fold = Fold::kSum;
  spent.value_of = "value";
  return policy;
}

}  // namespace polyonym::workload
