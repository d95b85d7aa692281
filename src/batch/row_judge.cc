#include "batch/row_judge.h"

#include <algorithm>
#include <string_view>

#include "model/utf8.h"

namespace polyonym::batch {
namespace {

// As a record's shape is checked.
Reason CheckRecordId(std::string_view id) {
  if (id.size() > kMaxRecordIdBytes) return Reason::kRecordIdTooLong;
  return IsUtf8(id) ? Reason::kNone : Reason::kNotUtf8;
}

}  // namespace

RowJudge::RowJudge(const Rows& rows, const std::uint32_t* texts, const Nodes& nodes,
                   const engine::Rules& rules, const RowOptions& options)
    : rows_(rows), texts_(texts), nodes_(nodes), rules_(rules), options_(options) {
  const Policy& policy = options.policy->policy();
  for (Kind kind = 0; kind < rules.kinds().size(); ++kind) {
    One& one = one_.emplace_back(One::kNo);
    if (rules.FamilyOfKind(kind) == CompiledPolicy::kUndeclared) continue;
    for (const Limit& limit : policy.namespaces[rules.FamilyOfKind(kind)].limits) {
      if (limit.max == 1 && limit.window_ms == 0)
        one = std::max(one, limit.per_scope ? One::kOfScope : One::kOfFamily);
    }
    limits_of_one_ |= one != One::kNo;
  }
  all_pass_ = nodes.as_given && !limits_of_one_ && rows.ends.empty() && rows.acts.empty() &&
              rows.keys.empty() && rows.times.empty() &&
              rows.stride <= options.limits.max_identifiers;
}

Reason RowJudge::ShapeOf(std::size_t row) const {
  if (!rows_.ids.empty() && rows_.keys[row] != kNone) {
    const Reason reason = CheckRecordId(rows_.ids[rows_.keys[row]].view());
    if (reason != Reason::kNone) return reason;
  }
  const std::int64_t time = rows_.TimeOf(row);
  if (time < 0) return Reason::kTimeBeforeEpoch;
  if (time - options_.limits.max_ahead_ms > options_.now_ms) return Reason::kTimeAhead;
  std::size_t identifiers = 0;
  Reason first = Reason::kNone;
  for (std::size_t cell = rows_.BeginOf(row); cell < rows_.EndOf(row); ++cell) {
    if (texts_[cell] == kNone) continue;
    ++identifiers;
    const Reason reason = nodes_.ReasonOf(texts_[cell]);
    if (first == Reason::kNone && reason >= Reason::kMissingSource) first = reason;
  }
  if (identifiers > options_.limits.max_identifiers) return Reason::kTooManyIdentifiers;
  return identifiers == 0 ? Reason::kMissingIdentifiers : first;
}

Reason RowJudge::VerdictOf(std::size_t row, std::vector<std::uint32_t>* counted) const {
  counted->clear();
  bool undeclared = false;
  for (std::size_t cell = rows_.BeginOf(row); cell < rows_.EndOf(row); ++cell) {
    if (texts_[cell] == kNone) continue;
    undeclared |= nodes_.ReasonOf(texts_[cell]) == Reason::kUndeclaredNamespace;
    const std::uint32_t node = nodes_.NodeOf(texts_[cell]);
    if (node != kNone && std::find(counted->begin(), counted->end(), node) == counted->end())
      counted->push_back(node);
  }
  if (undeclared && options_.policy->policy().undeclared == Undeclared::kHoldRecord)
    return Reason::kUndeclaredNamespace;
  if (limits_of_one_ && BreaksLimitOfOne(*counted)) return Reason::kTwoValuesOfLimitedNamespace;
  const bool bind = !rows_.acts.empty() && rows_.acts[row] == Act::kBind;
  return counted->size() < (bind ? 2 : 1) ? Reason::kTooFewIdentifiers : Reason::kNone;
}

bool RowJudge::BreaksLimitOfOne(const std::vector<std::uint32_t>& counted) const {
  for (std::size_t i = 1; i < counted.size(); ++i) {
    const Kind kind = nodes_.texts[counted[i]].kind;
    if (one_[kind] == One::kNo) continue;
    for (std::size_t j = 0; j < i; ++j) {
      const Kind other = nodes_.texts[counted[j]].kind;
      if (other == kind ||
          (one_[kind] == One::kOfFamily && rules_.FamilyOfKind(other) == rules_.FamilyOfKind(kind)))
        return true;
    }
  }
  return false;
}

}  // namespace polyonym::batch
