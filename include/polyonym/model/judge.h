// model/judge.h - a policy made ready for use, and its verdict on a record before any other record is looked at.
//
// CompiledPolicy turns namespaces into small slots with their numbers at hand, patterns into RE2 programs, and says for
// each identifier whether it counts, is held and why, and how its value is spelt once normalised.
//
// THREADS: thread-safe after construction (immutable).
#ifndef POLYONYM_MODEL_JUDGE_H_
#define POLYONYM_MODEL_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym {

// The widest limits that a host may choose, and so what any stored record keeps to.
inline constexpr RecordLimits kFormatLimits{.max_identifiers = 10'000,
                                            .max_value_bytes = 65'536,
                                            .max_facts_bytes = std::size_t{16} << 20,
                                            .max_ahead_ms = std::int64_t{315'360'000'000}};

inline constexpr std::size_t kMaxRecordIdBytes = 256;

// Checks the shape of a record: what must be there, sizes, UTF-8, time. `now_ms` is the host's clock.
// Returns kNone, or the reason to reject it. `field`, when given, receives the path of the field at fault
// (`identifiers[3].value`), never its content.  COST: one pass over the bytes.
Reason CheckShape(const Record& record, const RecordLimits& limits, std::int64_t now_ms,
                  std::string* field = nullptr);

// What the policy says of one identifier.
struct Verdict {
  Reason reason = Reason::kNone;  // kNone: it counts. Else why it is held
  // Normalised; empty when it has no normal form, or the built-in list blocks it as it came.
  std::string value;
};

class CompiledPolicy {
 public:
  static constexpr std::uint32_t kUndeclared = ~std::uint32_t{0};

  // ERRORS: InvalidArgument, as Validate().
  static absl::StatusOr<std::shared_ptr<const CompiledPolicy>> Compile(Policy policy);

  ~CompiledPolicy();
  CompiledPolicy(const CompiledPolicy&) = delete;
  CompiledPolicy& operator=(const CompiledPolicy&) = delete;

  const Policy& policy() const;

  // Index into policy().namespaces for a namespace or family/scope; kUndeclared where the policy names none.
  // COST: one hash look-up.
  std::uint32_t FindFamily(std::string_view ns) const;

  // Normalises and judges one value of policy().namespaces[family].
  // COST: a fast path for what is already clean (no ICU, no libphonenumber, no RE2 where no pattern is given).
  Verdict Judge(std::uint32_t family, std::string_view raw_value) const;

  // Whether Judge() passes every value that is not empty, as it is: exact, with no pattern, and nothing is blocked.
  bool PassesAll(std::uint32_t family) const;

  // As Judge(), with the value into a caller's string, which is reused: no allocation in the steady state.
  Reason Judge(std::uint32_t family, std::string_view raw_value, std::string* normalised) const;

  // Index of the parent family of policy().namespaces[family], or kUndeclared.
  std::uint32_t ParentOf(std::uint32_t family) const;

  // True when any family names a parent.
  bool HasParents() const;

  // True when any family has a link lifetime.
  bool HasLifetimes() const;

  // True when any family derives identifiers.
  bool HasDerived() const;

 private:
  class Impl;
  explicit CompiledPolicy(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// The verdict on a whole record, by the policy and the record alone. Identifiers that are the same after normalisation
// (same namespace and value) count once; the first of them stands, with role self if any of them has it.
struct RecordVerdict {
  struct Counted {
    std::uint32_t index =
        0;  // into record.identifiers; of a derived one, that which it is derived from
    std::uint32_t family = 0;  // into policy.namespaces
    Role role = Role::kSelf;
    // Named by no identifier of the record itself: linked with those that it is derived from alone. See `derivations`.
    bool derived = false;
    std::string_view ns;  // with its scope: of the record, or of the policy
    std::string value;    // normalised
  };
  // Counted identifiers by their place in `counted`: `of` is derived from `from`.
  struct Derivation {
    std::uint32_t from = 0;
    std::uint32_t of = 0;
  };
  struct Held {
    std::uint32_t index = 0;
    Reason reason = Reason::kNone;
  };
  Reason reason =
      Reason::kNone;  // not kNone: the whole record is held, and `counted` links nothing
  // In the record's order, derived ones last. For a rename: always old then new. Views into the record and the policy.
  std::vector<Counted> counted;
  std::vector<Derivation> derivations;  // of derived ones alone
  std::vector<Held> held;               // identifiers left out, with why
};

// Judges every identifier of a record whose shape was checked. Whole-record reasons, in this order:
// kUndeclaredNamespace (unless policy.undeclared is kHoldIdentifier), kTwoValuesOfLimitedNamespace (an act kObserve or kBind
// with two distinct self values, after normalisation, of a namespace that has a Limit of max 1 and no window; per_scope:
// in one scope), kTooFewIdentifiers (a pair act with fewer than two distinct identifiers left, delete_identifier
// with none, or an observation none of whose identifiers counts), kRenameOfExpiring (a rename in a namespace with a validity).
// Observations and binds also count what is derived from their identifiers (Derived), where policy blocks it not.
RecordVerdict JudgeRecord(const CompiledPolicy& policy, const Record& record);

// The same into a caller's verdict, whose memory is reused.
void JudgeRecord(const CompiledPolicy& policy, const Record& record, RecordVerdict* verdict);

// The same where FindFamily() was asked already for the namespace of each identifier.
void JudgeRecord(const CompiledPolicy& policy, const Record& record,
                 std::span<const std::uint32_t> families, RecordVerdict* verdict);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_JUDGE_H_
