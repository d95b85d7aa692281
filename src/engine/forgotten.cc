#include "engine/forgotten.h"

#include <algorithm>
#include <limits>

#include "codec/facts_filter.h"

namespace polyonym::engine {

bool ForgottenNames::Has(std::string_view ns, std::string_view value, std::int64_t time_ms,
                         bool in_ledger) const {
  if (!whole_.empty() || !lives_.empty()) {
    const std::string key = KeyOf(ns, value);
    if (whole_.contains(key)) return true;
    if (const auto at = lives_.find(key); at != lives_.end()) {
      return std::any_of(at->second.begin(), at->second.end(), [&](const auto& span) {
        return time_ms >= span.first && time_ms < span.second;
      });
    }
  }
  return in_ledger && ledger_ != nullptr && ledger_->Has(ledger_->HashOf(ns, value));
}

bool Forgetter::Names(const Sight& sight, std::string_view ns, std::string_view value,
                      std::int64_t time_ms) const {
  const CompiledPolicy& policy = *sight.policy;
  const std::uint32_t family = policy.FindFamily(ns);
  normalised_.clear();
  if (family != CompiledPolicy::kUndeclared) policy.Judge(family, value, &normalised_);
  const std::string_view spelt = normalised_.empty() ? value : std::string_view(normalised_);
  const bool known = !normalised_.empty() && sight.known && sight.known(ns, spelt);
  return names_->Has(ns, spelt, time_ms, !known);
}

bool Forgetter::NamesInAny(std::string_view ns, std::string_view value,
                           std::int64_t time_ms) const {
  return std::any_of(sights_.begin(), sights_.end(),
                     [&](const Sight& sight) { return Names(sight, ns, value, time_ms); });
}

// An identifier and its digests are one: whoever forgets one of them forgets both. Each is judged by itself, since what a record names is
// not derived in it.
void Forgetter::AddDerived(const Record& record) {
  const std::int64_t t = record.time_ms.value_or(0);
  for (const Sight& sight : sights_) {
    if (!sight.policy->HasDerived()) continue;
    for (const RecordIdentifier& identifier : record.identifiers) {
      const std::uint32_t family = sight.policy->FindFamily(identifier.ns);
      if (family == CompiledPolicy::kUndeclared ||
          sight.policy->policy().namespaces[family].derived.empty())
        continue;
      Record alone;
      alone.identifiers = {identifier};
      const RecordVerdict verdict = JudgeRecord(*sight.policy, alone);
      for (const RecordVerdict::Derivation& d : verdict.derivations) {
        const RecordVerdict::Counted &from = verdict.counted[d.from], &of = verdict.counted[d.of];
        if (names_->Has(from.ns, from.value, t)) names_->Add(of.ns, of.value);
        if (names_->Has(of.ns, of.value, t)) names_->Add(from.ns, from.value);
      }
    }
  }
}

bool Forgetter::IsKnown(const RecordIdentifier& identifier) const {
  return std::any_of(sights_.begin(), sights_.end(), [&](const Sight& sight) {
    const std::uint32_t family = sight.policy->FindFamily(identifier.ns);
    if (family == CompiledPolicy::kUndeclared) return false;
    const Verdict verdict = sight.policy->Judge(family, identifier.value);
    return verdict.reason == Reason::kNone && sight.known(identifier.ns, verdict.value);
  });
}

// Whether its facts belong to somebody who goes: its best identifier that is not shared does, in any graph.
bool Forgetter::IsAbout(const Record& record, const std::vector<bool>& gone) const {
  for (const Sight& sight : sights_) {
    std::uint32_t best = std::numeric_limits<std::uint32_t>::max();
    bool about = false;
    for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
      const RecordIdentifier& identifier = record.identifiers[i];
      const std::uint32_t family = sight.policy->FindFamily(identifier.ns);
      if (identifier.role != Role::kSelf || family == CompiledPolicy::kUndeclared) continue;
      const Verdict verdict = sight.policy->Judge(family, identifier.value);
      if (verdict.reason != Reason::kNone) continue;
      if (!gone[i] && sight.shared && sight.shared(identifier.ns, verdict.value)) continue;
      const std::uint32_t priority = sight.policy->policy().namespaces[family].priority;
      if (priority < best) about = false;
      if (priority <= best) about |= gone[i];
      best = std::min(best, priority);
    }
    if (about) return true;
  }
  return false;
}

Forgetter::Result Forgetter::Look(const Record& record) {
  Result result;
  const std::int64_t t = record.time_ms.value_or(0);
  AddDerived(record);
  std::vector<bool> gone(record.identifiers.size());
  bool self_gone = false, self_left = false;
  for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
    const RecordIdentifier& identifier = record.identifiers[i];
    gone[i] = (of_ == Of::kLost && identifier.value.empty()) ||
              NamesInAny(identifier.ns, identifier.value, t);
    self_gone |= gone[i] && identifier.role == Role::kSelf;
  }
  for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
    if (!gone[i] && self_gone && of_ == Of::kComing) gone[i] = !IsKnown(record.identifiers[i]);
    if (gone[i]) result.identifiers.push_back(static_cast<std::uint32_t>(i));
    self_left |= !gone[i] && record.identifiers[i].role == Role::kSelf;
  }
  std::string facts = record.facts;
  result.facts = codec::DropRelations(&facts, [&](std::string_view ns, std::string_view value) {
    if (of_ == Of::kLost && value.empty()) return true;
    if (!NamesInAny(ns, value, t)) return false;
    result.relations.emplace_back(ns, value);
    return true;
  });
  result.touched = !result.identifiers.empty() || result.facts > 0;
  if (!result.touched) return result;
  // An act says something of all that it names: of fewer it would say another thing.
  const bool act = record.act != Act::kObserve && record.act != Act::kBind;
  const bool alone =
      (self_gone && !self_left) || (!gone.empty() && result.identifiers.size() == gone.size());
  if (alone || (act && !result.identifiers.empty()) ||
      (record.act == Act::kBind && !result.identifiers.empty())) {
    result.facts = codec::CountFacts(record.facts);
    return result;
  }
  if (self_gone && IsAbout(record, gone)) {
    result.facts = codec::CountFacts(record.facts);
    facts.clear();
  }
  Record& left = result.record.emplace(record);
  left.facts = std::move(facts);
  left.identifiers.clear();
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) left.identifiers.push_back(record.identifiers[i]);
  }
  result.left = result.identifiers.empty() && !act ? GoneRecord::Left::kFewerFacts
                                                   : GoneRecord::Left::kRecord;
  return result;
}

}  // namespace polyonym::engine
