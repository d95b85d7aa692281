#include "profile/trait_fold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "polyonym/profile/affinity.h"

namespace polyonym::profile {
namespace {

struct Less {
  bool operator()(const Value* a, const Value* b) const { return Compare(*a, *b) < 0; }
};

using Candidates = std::vector<Candidate>;

TraitCandidate SourceOf(const Candidate& candidate) {
  TraitCandidate out{*candidate.value, candidate.row->from, candidate.confidence};
  out.from.time_ms = candidate.time_ms;
  out.from.source = candidate.source();
  return out;
}

// Rounded to the nearest, ties to even, and held within what the type has.
std::int64_t ToMicros(double number) {
  constexpr double kLimit = 9.2e18;
  return static_cast<std::int64_t>(std::clamp(std::nearbyint(number * 1e6), -kLimit, kLimit));
}

std::int64_t Clamp(absl::int128 sum) {
  constexpr absl::int128 kMax = std::numeric_limits<std::int64_t>::max();
  constexpr absl::int128 kMin = std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(std::clamp(sum, kMin, kMax));
}

double NumberOf(const Value& value) {
  if (const auto* number = std::get_if<double>(&value.is)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value.is)) return static_cast<double>(*whole);
  return 0;
}

std::size_t RankOfSource(const TraitDefinition& definition, const Candidate& candidate) {
  const auto at =
      std::find(definition.sources.begin(), definition.sources.end(), candidate.source());
  return static_cast<std::size_t>(at - definition.sources.begin());
}

// The sums of each currency, or the one sum.
std::vector<Value> Sum(const TraitDefinition& definition, const Candidates& candidates) {
  std::map<std::string, absl::int128> money;
  absl::int128 sum = 0;
  for (const Candidate& c : candidates) {
    if (const auto* m = std::get_if<Money>(&c.value->is)) money[m->currency] += m->minor_units;
    if (const auto* number = std::get_if<double>(&c.value->is)) sum += ToMicros(*number);
    if (const auto* whole = std::get_if<std::int64_t>(&c.value->is)) sum += *whole;
  }
  std::vector<Value> values;
  if (definition.type == ValueType::kMoney) {
    for (const auto& [currency, units] : money) values.push_back({Money{Clamp(units), currency}});
  } else if (definition.type == ValueType::kNumber) {
    values.push_back({static_cast<double>(sum) / 1e6});
  } else {
    values.push_back({Clamp(sum)});
  }
  return values;
}

double DecayedSum(const TraitDefinition& definition, const Candidates& candidates,
                  std::int64_t now_ms) {
  double sum = 0;
  for (const Candidate& c : candidates)
    sum += NumberOf(*c.value) * HalfLifeDecay(now_ms - c.time_ms, definition.half_life_ms);
  return sum;
}

// How often each value was seen; of lists, each element.
std::map<const Value*, std::uint64_t, Less> CountValues(const Candidates& candidates) {
  std::map<const Value*, std::uint64_t, Less> counts;
  for (const Candidate& c : candidates) {
    if (const auto* list = std::get_if<ValueList>(&c.value->is)) {
      for (const Value& element : *list) ++counts[&element];
    } else {
      ++counts[c.value];
    }
  }
  return counts;
}

std::vector<Value> MostOften(const Candidates& candidates, std::size_t n, std::uint64_t at_least) {
  std::vector<std::pair<const Value*, std::uint64_t>> counted;
  for (const auto& [value, count] : CountValues(candidates)) {
    if (count >= at_least) counted.emplace_back(value, count);
  }
  std::stable_sort(counted.begin(), counted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  counted.resize(std::min(counted.size(), n));
  std::vector<Value> values;
  for (const auto& [value, count] : counted) values.push_back(*value);
  return values;
}

// The candidate that wins of those that say something; none where the fold chooses none.
const Candidate* Choose(const TraitDefinition& definition, const Candidates& candidates) {
  const auto last_of = [&](const auto& is_it) -> const Candidate* {
    const auto at = std::find_if(candidates.rbegin(), candidates.rend(), is_it);
    return at == candidates.rend() ? nullptr : &*at;
  };
  switch (definition.fold) {
    case Fold::kLatest:
      return &candidates.back();
    case Fold::kFirst:
      return &candidates.front();
    case Fold::kMostTrusted: {
      const Candidate* best = &candidates.front();
      for (const Candidate& c : candidates) {
        if (RankOfSource(definition, c) <= RankOfSource(definition, *best)) best = &c;
      }
      return best;
    }
    case Fold::kSelfDeclared: {
      const Candidate* own = last_of([&](const Candidate& c) {
        return RankOfSource(definition, c) < definition.sources.size();
      });
      return own != nullptr ? own : &candidates.back();
    }
    case Fold::kMin:
    case Fold::kMax: {
      const Candidate* best = &candidates.front();
      for (const Candidate& c : candidates) {
        const auto order = Compare(*c.value, *best->value);
        if (definition.fold == Fold::kMin ? order < 0 : order > 0) best = &c;
      }
      return best;
    }
    case Fold::kMostFrequent: {
      const std::vector<Value> most = MostOften(candidates, 1, definition.at_least);
      if (most.empty()) return nullptr;
      return last_of([&](const Candidate& c) { return *c.value == most[0]; });
    }
    case Fold::kMostRestrictive:
      for (const std::string& text : definition.order) {
        const auto* found = last_of([&](const Candidate& c) { return ToText(*c.value) == text; });
        if (found != nullptr) return found;
      }
      return &candidates.back();  // of values that the order does not name
    default:
      return nullptr;
  }
}

// Of money one value a currency, in order of the code.
void FoldEachCurrency(const TraitDefinition& definition, const Candidates& candidates,
                      ProfileTrait* out) {
  std::map<std::string, Candidates> by_currency;
  for (const Candidate& c : candidates)
    by_currency[std::get<Money>(c.value->is).currency].push_back(c);
  for (const auto& [currency, some] : by_currency)
    out->values.push_back(*Choose(definition, some)->value);
}

// Whether it is an anonymous record's preset.
bool SaysNothing(const TraitDefinition& definition, const Candidate& candidate) {
  return candidate.row->from.anonymous && !definition.default_value.empty() &&
         ToText(*candidate.value) == definition.default_value;
}

}  // namespace

ProfileTrait FoldTrait(const TraitDefinition& definition, Candidates candidates, Now now,
                       Told told) {
  ProfileTrait out;
  out.name = definition.name;
  std::erase_if(candidates, [&](const Candidate& c) {
    return !now.Sees(c.time_ms, definition.window_ms) || SaysNothing(definition, c);
  });
  out.count = candidates.size();
  const std::size_t bound = definition.bound;
  const Candidate* winner = nullptr;
  switch (definition.fold) {
    case Fold::kCount:
      out.values = {{static_cast<std::int64_t>(candidates.size())}};
      break;
    case Fold::kSum:
      out.values = Sum(definition, candidates);
      break;
    case Fold::kDecayedSum:
      out.values = {{DecayedSum(definition, candidates, now.ms)}};
      break;
    case Fold::kDistinct: {
      const std::size_t distinct = CountValues(candidates).size();
      out.beyond_bound = distinct > bound;
      out.values = {{static_cast<std::int64_t>(std::min(distinct, bound))}};
      break;
    }
    case Fold::kUnion:
      for (const auto& [value, count] : CountValues(candidates)) {
        out.beyond_bound = out.values.size() == bound;
        if (out.beyond_bound) break;
        out.values.push_back(*value);
      }
      break;
    case Fold::kTopN:
      out.values = MostOften(candidates, bound, 1);
      break;
    default: {
      if (candidates.empty()) break;
      if (definition.type == ValueType::kMoney &&
          (definition.fold == Fold::kMin || definition.fold == Fold::kMax)) {
        FoldEachCurrency(definition, candidates, &out);
        break;
      }
      winner = Choose(definition, candidates);
      if (winner == nullptr) break;
      if (told != Told::kNothing) out.winner = SourceOf(*winner);
      out.values = {*winner->value};
    }
  }
  if (told != Told::kAll) return out;
  for (const Candidate& c : candidates) {
    if (&c != winner) out.lost.push_back(SourceOf(c));
  }
  return out;
}

}  // namespace polyonym::profile
