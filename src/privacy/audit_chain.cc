#include "privacy/audit_chain.h"

namespace polyonym::privacy {
namespace {

std::string WrongNumber(std::uint64_t is, std::uint64_t wanted) {
  if (is <= wanted) return "is there twice, or not in its place";
  const std::string first = std::to_string(wanted), last = std::to_string(is - 1);
  return is - 1 == wanted ? "line " + first + " is missing before it"
                          : "lines " + first + " to " + last + " are missing before it";
}

}  // namespace

bool AuditChain::TakeUnchecked(std::string_view line) {
  const auto parsed = ParseAuditLine(line);
  if (!parsed) return false;
  number_ = parsed->number;
  head_ = {parsed->number, parsed->hash};
  return true;
}

std::string AuditChain::Take(std::string_view line, bool begins_a_file) {
  const auto parsed = ParseAuditLine(line);
  number_ = parsed ? parsed->number : 0;
  if (!parsed) return "is no line of an audit log";
  std::string problem;
  if (begins_a_file && !parsed->after) problem = "does not say what its file follows";
  if (begins_a_file && parsed->after && head_ && *parsed->after != *head_)
    problem = "its file does not follow the one before it";
  const AuditHead before =
      begins_a_file && parsed->after ? *parsed->after : head_.value_or(AuditHead());
  if (problem.empty() && parsed->number != before.number + 1)
    problem = WrongNumber(parsed->number, before.number + 1);
  if (problem.empty() && parsed->hash != hasher_.Of(before.hash, parsed->body))
    problem = "its hash does not fit: it was changed, or the line before it, or the key is another";
  head_ = {parsed->number, parsed->hash};
  return problem;
}

absl::Status CheckKeyed(std::string_view line, bool keyed) {
  const auto parsed = ParseAuditLine(line);
  if (!parsed || !parsed->after || parsed->keyed == keyed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      keyed ? "key: the audit log was begun without one; leave it out, or begin another log"
            : "key: the audit log was begun with one, and is written and checked with it alone");
}

}  // namespace polyonym::privacy
