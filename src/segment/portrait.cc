#include "polyonym/segment/portrait.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/numeric/int128.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

struct Visitor {
  std::uint64_t number = 0;  // from 1
  bool is_member = false;
};

struct Count {
  std::uint64_t members = 0;
  std::uint64_t everybody = 0;
  std::uint64_t last_visitor = 0;

  // Once for each visitor.
  void Add(const Visitor& visitor) {
    if (last_visitor == visitor.number) return;
    last_visitor = visitor.number;
    ++everybody;
    if (visitor.is_member) ++members;
  }
};

using Counts = absl::flat_hash_map<std::string, Count>;
using Counted = Counts::value_type;

// By cross products, which are exact. Shares of members and of everybody have the same divisors on both sides.
absl::uint128 LiftAgainst(const Counted& a, const Counted& b) {
  return absl::uint128(a.second.members) * b.second.everybody;
}

bool MostMembersFirst(const Counted* a, const Counted* b) {
  if (a->second.members != b->second.members) return a->second.members > b->second.members;
  if (a->second.everybody != b->second.everybody) return a->second.everybody < b->second.everybody;
  return a->first < b->first;
}

bool GreatestLiftFirst(const Counted* a, const Counted* b) {
  const absl::uint128 left = LiftAgainst(*a, *b), right = LiftAgainst(*b, *a);
  return left != right ? left > right : MostMembersFirst(a, b);
}

// Of numbers in order. Scaled by the greatest magnitude, a power of two, so that no sum overflows; with the sum of what
// rounding loses (Neumaier 1974), so that whole numbers come out exact.
double MeanOf(const std::vector<double>& sorted) {
  int exponent = 0;
  std::frexp(std::max(std::abs(sorted.front()), std::abs(sorted.back())), &exponent);
  double sum = 0, lost = 0;
  for (const double number : sorted) {
    const double part = std::ldexp(number, -exponent);
    const double next = sum + part;
    lost += std::abs(sum) >= std::abs(part) ? (sum - next) + part : (part - next) + sum;
    sum = next;
  }
  const double mean = std::ldexp((sum + lost) / static_cast<double>(sorted.size()), exponent);
  return std::clamp(mean, sorted.front(), sorted.back());
}

std::optional<PortraitNumbers> Summarise(std::vector<double> numbers) {
  if (numbers.empty()) return std::nullopt;
  // In order the sum is the same whoever came first.
  std::sort(numbers.begin(), numbers.end());
  return PortraitNumbers{numbers.size(), numbers.front(), numbers.back(), MeanOf(numbers),
                         numbers[(numbers.size() - 1) / 2]};
}

// Numbers of one unit. With a second unit nothing of them is left.
struct Numbers {
  std::optional<std::string> unit;
  bool mixed = false;
  std::vector<double> of_members;
  std::vector<double> of_others;

  void Add(std::string_view in, double number, bool is_member) {
    if (mixed || !std::isfinite(number)) return;
    if (!unit) unit = std::string(in);
    if (*unit != in) {
      mixed = true;
      unit.reset();
      of_members = {};
      of_others = {};
      return;
    }
    (is_member ? of_members : of_others).push_back(number + 0.0);  // negative zero is zero
  }

  std::vector<double> OfEverybody() const {
    std::vector<double> all;
    all.reserve(of_members.size() + of_others.size());
    all.insert(all.end(), of_members.begin(), of_members.end());
    all.insert(all.end(), of_others.begin(), of_others.end());
    return all;
  }
};

struct TraitCount {
  Count known;
  Counts values;
  bool beyond_bound = false;
  Numbers numbers;

  void Add(const ProfileTrait& trait, const Visitor& visitor, std::size_t max_values) {
    if (trait.values.empty()) return;
    known.Add(visitor);
    for (const Value& value : trait.values) {
      if (const auto* list = std::get_if<ValueList>(&value.is)) {
        for (const Value& element : *list) AddValue(element, visitor, max_values);
      } else {
        AddValue(value, visitor, max_values);
      }
    }
  }

  void AddValue(const Value& value, const Visitor& visitor, std::size_t max_values) {
    switch (value.type()) {
      case ValueType::kNone:
        return;
      case ValueType::kNumber:
        return numbers.Add("", std::get<double>(value.is), visitor.is_member);
      case ValueType::kWhole:
        return numbers.Add("", static_cast<double>(std::get<std::int64_t>(value.is)),
                           visitor.is_member);
      case ValueType::kInstant:
        return numbers.Add("ms", static_cast<double>(std::get<Instant>(value.is).ms),
                           visitor.is_member);
      case ValueType::kMoney: {
        const auto& money = std::get<Money>(value.is);
        numbers.Add(money.currency, static_cast<double>(money.minor_units), visitor.is_member);
        return TellApart(money.currency, visitor, max_values);
      }
      case ValueType::kText:
        return TellApart(std::get<std::string>(value.is), visitor, max_values);
      case ValueType::kFlag:
      case ValueType::kDate:
      case ValueType::kList:
        return TellApart(ToText(value), visitor, max_values);
    }
  }

  // Which values come first must not matter, and so a bound that is passed takes all.
  void TellApart(const std::string& value, const Visitor& visitor, std::size_t max_values) {
    if (beyond_bound) return;
    values[value].Add(visitor);
    beyond_bound = values.size() > max_values;
    if (beyond_bound) values = Counts();
  }
};

bool IsSensitive(std::uint8_t label) {
  return label > static_cast<std::uint8_t>(Sensitivity::kPersonal);
}

}  // namespace

struct PortraitMaker::Impl {
  PortraitOptions options;
  absl::flat_hash_set<std::string> sensitive_tags;
  Count people;
  Counts tags;
  Counts channels;
  std::map<std::string, TraitCount, std::less<>> traits;

  PortraitShare ShareOf(const Counted& counted) const {
    const auto& [name, count] = counted;
    PortraitShare out{name, count.members, count.everybody, 0, 0};
    if (people.members == 0) return out;
    const auto members = static_cast<double>(count.members);
    const auto all_members = static_cast<double>(people.members);
    out.share = members / all_members;
    // One division: equal lifts come out equal.
    out.lift = members * static_cast<double>(people.everybody) /
               (all_members * static_cast<double>(count.everybody));
    return out;
  }

  std::vector<PortraitShare> List(const Counts& counts,
                                  bool (*before)(const Counted*, const Counted*)) const {
    std::vector<const Counted*> listed;
    for (const Counted& counted : counts) {
      if (counted.second.members >= options.at_least) listed.push_back(&counted);
    }
    const std::size_t size = std::min<std::size_t>(listed.size(), options.top);
    std::partial_sort(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(size),
                      listed.end(), before);
    listed.resize(size);
    std::vector<PortraitShare> out;
    out.reserve(size);
    for (const Counted* counted : listed) out.push_back(ShareOf(*counted));
    return out;
  }

  PortraitTrait TraitOf(const std::string& name, const TraitCount& count) const {
    PortraitTrait out;
    out.name = name;
    out.known_members = count.known.members;
    out.known_everybody = count.known.everybody;
    out.values = List(count.values, MostMembersFirst);
    out.beyond_bound = count.beyond_bound;
    out.unit = count.numbers.unit.value_or("");
    if (count.known.members >= options.at_least) out.members = Summarise(count.numbers.of_members);
    if (count.known.everybody >= options.at_least)
      out.everybody = Summarise(count.numbers.OfEverybody());
    return out;
  }
};

PortraitMaker::PortraitMaker(const Definitions& definitions, const PortraitOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  const auto add = [&](const TraitDefinition& trait) {
    if (!IsSensitive(trait.sensitivity)) impl_->traits.try_emplace(trait.name);
  };
  for (const TraitDefinition& trait : definitions.traits) add(trait);
  for (const EventTrait& computed : definitions.event_traits) add(computed.trait);
  for (const TagDefinition& tag : definitions.tags) {
    if (IsSensitive(tag.sensitivity)) impl_->sensitive_tags.insert(tag.name);
  }
}

PortraitMaker::~PortraitMaker() = default;

void PortraitMaker::Add(const Profile& profile, bool is_member) {
  const Visitor visitor{impl_->people.everybody + 1, is_member};
  impl_->people.Add(visitor);
  for (const ProfileTrait& trait : profile.traits) {
    const auto found = impl_->traits.find(trait.name);
    if (found != impl_->traits.end()) found->second.Add(trait, visitor, impl_->options.max_values);
  }
  for (const ProfileTag& tag : profile.tags) {
    if (!impl_->sensitive_tags.contains(tag.name)) impl_->tags[tag.name].Add(visitor);
  }
  for (const Identifier& identifier : profile.identifiers)
    impl_->channels[std::string(FamilyOf(identifier.ns))].Add(visitor);
}

Portrait PortraitMaker::Make() const {
  Portrait out;
  out.members = impl_->people.members;
  out.everybody = impl_->people.everybody;
  out.tags = impl_->List(impl_->tags, GreatestLiftFirst);
  out.channels = impl_->List(impl_->channels, MostMembersFirst);
  for (const auto& [name, count] : impl_->traits) out.traits.push_back(impl_->TraitOf(name, count));
  return out;
}

}  // namespace polyonym
