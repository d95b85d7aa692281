#include "polyonym/model/judge.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "model/block_list.h"
#include "model/digest.h"
#include "model/name_table.h"
#include "model/normalise.h"
#include "model/pattern.h"
#include "model/text_hash.h"

namespace polyonym {
namespace {

using TextSet = absl::flat_hash_set<std::string, TextHash, std::equal_to<>>;

// A namespace made ready.
struct Family {
  std::uint32_t parent = CompiledPolicy::kUndeclared;
  TextSet blocked;
  std::vector<std::unique_ptr<const re2::RE2>> blocked_patterns;
  std::unique_ptr<const re2::RE2> valid_pattern;
};

bool Finds(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace

class CompiledPolicy::Impl {
 public:
  explicit Impl(Policy p) : policy(std::move(p)) {
    for (std::uint32_t i = 0; i < policy.namespaces.size(); ++i)
      index_of.Add(policy.namespaces[i].name, i);
    for (const NamespacePolicy& ns : policy.namespaces) {
      Family& family = families.emplace_back();
      family.blocked.insert(ns.blocked_values.begin(), ns.blocked_values.end());
      for (const std::string& pattern : ns.blocked_patterns)
        family.blocked_patterns.push_back(CompilePattern(pattern));
      if (!ns.valid_pattern.empty()) family.valid_pattern = CompilePattern(ns.valid_pattern);
      if (!ns.parent.empty()) family.parent = index_of.Find(ns.parent);
      has_parents |= !ns.parent.empty();
      has_lifetimes |= ns.link_lifetime_ms != 0;
      has_derived |= !ns.derived.empty();
    }
  }

  Policy policy;
  std::vector<Family> families;
  NameTable index_of;
  bool has_parents = false;
  bool has_lifetimes = false;
  bool has_derived = false;
};

CompiledPolicy::CompiledPolicy(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledPolicy::~CompiledPolicy() = default;

absl::StatusOr<std::shared_ptr<const CompiledPolicy>> CompiledPolicy::Compile(Policy policy) {
  if (absl::Status status = Validate(policy); !status.ok()) return status;
  return std::shared_ptr<const CompiledPolicy>(
      new CompiledPolicy(std::make_unique<const Impl>(std::move(policy))));
}

const Policy& CompiledPolicy::policy() const { return impl_->policy; }

std::uint32_t CompiledPolicy::FindFamily(std::string_view ns) const {
  static_assert(kUndeclared == NameTable::kNone);
  return impl_->index_of.Find(FamilyOf(ns));
}

std::uint32_t CompiledPolicy::ParentOf(std::uint32_t family) const {
  return family == kUndeclared ? kUndeclared : impl_->families[family].parent;
}

bool CompiledPolicy::HasParents() const { return impl_->has_parents; }
bool CompiledPolicy::HasLifetimes() const { return impl_->has_lifetimes; }
bool CompiledPolicy::HasDerived() const { return impl_->has_derived; }

Reason CompiledPolicy::Judge(std::uint32_t family, std::string_view raw_value,
                             std::string* normalised) const {
  const NamespacePolicy& ns = impl_->policy.namespaces[family];
  const Family& ready = impl_->families[family];
  normalised->clear();
  if (ns.builtin_blocks && IsPlaceholder(raw_value, ns.normaliser)) return Reason::kBlockedValue;
  if (raw_value.empty() || !Normalise(ns.normaliser, ns.region, raw_value, normalised)) {
    normalised->clear();
    // A host may block a value that has no normal form, by its raw spelling.
    return ready.blocked.contains(raw_value) ? Reason::kBlockedValue : Reason::kNotNormalisable;
  }
  const std::string_view value = *normalised;
  if (ns.builtin_blocks && value != raw_value &&
      IsPlaceholder(value, ns.normaliser)) {  // written in full width, say
    return Reason::kBlockedValue;
  }
  if (!ready.blocked.empty() &&
      (ready.blocked.contains(value) || ready.blocked.contains(raw_value))) {
    return Reason::kBlockedValue;
  }
  for (const auto& pattern : ready.blocked_patterns) {
    if (Finds(*pattern, value)) return Reason::kBlockedValue;
  }
  if (ready.valid_pattern != nullptr && !Finds(*ready.valid_pattern, value))
    return Reason::kNotNormalisable;
  return Reason::kNone;
}

bool CompiledPolicy::PassesAll(std::uint32_t family) const {
  const NamespacePolicy& ns = impl_->policy.namespaces[family];
  const Family& ready = impl_->families[family];
  return ns.normaliser == Normaliser::kExact && !ns.builtin_blocks && ready.blocked.empty() &&
         ready.blocked_patterns.empty() && ready.valid_pattern == nullptr;
}

Verdict CompiledPolicy::Judge(std::uint32_t family, std::string_view raw_value) const {
  Verdict verdict;
  verdict.reason = Judge(family, raw_value, &verdict.value);
  return verdict;
}

namespace {

bool IsPairAct(Act act) {
  return act == Act::kBind || act == Act::kUnbind || act == Act::kMustLink ||
         act == Act::kCannotLink || act == Act::kRename;
}

// Distinct self values of a namespace that a profile holds one of.
bool BreaksLimitOfOne(const Policy& policy, const std::vector<RecordVerdict::Counted>& counted) {
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i].role != Role::kSelf || counted[i].derived) continue;
    for (const Limit& limit : policy.namespaces[counted[i].family].limits) {
      if (limit.max != 1 || limit.window_ms != 0) continue;
      for (std::size_t j = 0; j < i; ++j) {
        if (counted[j].role != Role::kSelf || counted[j].family != counted[i].family) continue;
        if (!limit.per_scope || counted[i].ns == counted[j].ns) return true;
      }
    }
  }
  return false;
}

// Adds what is derived from the first `count` counted identifiers; returns how many are counted then.
std::size_t CountDerived(const CompiledPolicy& policy, std::size_t count, RecordVerdict* verdict) {
  const std::size_t direct = count;
  std::string digest, value;
  for (std::uint32_t from = 0; from < direct; ++from) {
    for (const Derived& derived :
         policy.policy().namespaces[verdict->counted[from].family].derived) {
      if (!DigestValue(derived.digest, derived.of, verdict->counted[from].value, &digest)) continue;
      const std::uint32_t family = policy.FindFamily(derived.ns);
      if (policy.Judge(family, digest, &value) != Reason::kNone) continue;
      std::uint32_t of = 0;
      while (of < count &&
             (verdict->counted[of].value != value || verdict->counted[of].ns != derived.ns))
        ++of;
      if (of == count) {
        if (count == verdict->counted.size()) verdict->counted.emplace_back();
        RecordVerdict::Counted& counted = verdict->counted[count++];
        counted.index = verdict->counted[from].index;
        counted.family = family;
        counted.role = verdict->counted[from].role;
        counted.derived = true;
        counted.ns = derived.ns;
        counted.value = value;
      }
      RecordVerdict::Counted& counted = verdict->counted[of];
      if (!counted.derived) continue;
      if (verdict->counted[from].role == Role::kSelf) counted.role = Role::kSelf;
      verdict->derivations.push_back({from, of});
    }
  }
  return count;
}

}  // namespace

RecordVerdict JudgeRecord(const CompiledPolicy& policy, const Record& record) {
  RecordVerdict verdict;
  JudgeRecord(policy, record, &verdict);
  return verdict;
}

void JudgeRecord(const CompiledPolicy& policy, const Record& record, RecordVerdict* verdict) {
  absl::InlinedVector<std::uint32_t, 8> families;
  for (const RecordIdentifier& identifier : record.identifiers)
    families.push_back(policy.FindFamily(identifier.ns));
  JudgeRecord(policy, record, families, verdict);
}

void JudgeRecord(const CompiledPolicy& policy, const Record& record,
                 std::span<const std::uint32_t> families, RecordVerdict* verdict) {
  verdict->reason = Reason::kNone;
  verdict->held.clear();
  verdict->derivations.clear();
  std::size_t count = 0;  // of `counted`, whose elements are reused
  for (std::uint32_t i = 0; i < record.identifiers.size(); ++i) {
    const RecordIdentifier& identifier = record.identifiers[i];
    const std::uint32_t family = families[i];
    if (family == CompiledPolicy::kUndeclared) {
      verdict->held.push_back({i, Reason::kUndeclaredNamespace});
      if (policy.policy().undeclared == Undeclared::kHoldRecord)
        verdict->reason = Reason::kUndeclaredNamespace;
      continue;
    }
    if (count == verdict->counted.size()) verdict->counted.emplace_back();
    RecordVerdict::Counted& counted = verdict->counted[count];
    const Reason reason = policy.Judge(family, identifier.value, &counted.value);
    if (reason != Reason::kNone) {
      verdict->held.push_back({i, reason});
      continue;
    }
    const auto end = verdict->counted.begin() + static_cast<std::ptrdiff_t>(count);
    const auto same =
        std::find_if(verdict->counted.begin(), end, [&](const RecordVerdict::Counted& c) {
          return c.value == counted.value && c.ns == identifier.ns;
        });
    if (same != end) {
      if (identifier.role == Role::kSelf) same->role = Role::kSelf;
      continue;
    }
    ++count;
    counted.index = i;
    counted.family = family;
    counted.role = identifier.role;
    counted.derived = false;
    counted.ns = identifier.ns;
  }
  const std::size_t direct = count;
  const bool sighting = record.act == Act::kObserve || record.act == Act::kBind;
  if (sighting && policy.HasDerived()) count = CountDerived(policy, count, verdict);
  verdict->counted.resize(count);
  if (verdict->reason != Reason::kNone) return;
  if (sighting && BreaksLimitOfOne(policy.policy(), verdict->counted)) {
    verdict->reason = Reason::kTwoValuesOfLimitedNamespace;
  } else if ((IsPairAct(record.act) && direct < 2) ||
             ((record.act == Act::kObserve || record.act == Act::kDeleteIdentifier) &&
              direct == 0)) {
    verdict->reason = Reason::kTooFewIdentifiers;
  } else if (record.act == Act::kRename) {
    for (const RecordVerdict::Counted& counted : verdict->counted) {
      if (policy.policy().namespaces[counted.family].validity_ms != 0)
        verdict->reason = Reason::kRenameOfExpiring;
    }
  }
}

}  // namespace polyonym
