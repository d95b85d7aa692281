// privacy/audit_chain.h - follows an audit log line by line, and says which line is not as it was written.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_PRIVACY_AUDIT_CHAIN_H_
#define POLYONYM_SRC_PRIVACY_AUDIT_CHAIN_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "polyonym/privacy/audit_log.h"
#include "privacy/audit_line.h"

namespace polyonym::privacy {

class AuditChain {
 public:
  // `hasher` must outlive it.
  explicit AuditChain(const AuditHasher& hasher) : hasher_(hasher) {}

  // What is wrong with the line that comes next, for people; empty: nothing. It is followed by the next all the same.
  std::string Take(std::string_view line, bool begins_a_file);

  // A line that is taken as it stands: what lies before it is not looked at.
  bool TakeUnchecked(std::string_view line);

  // Of the last line; none: there was none yet.
  const std::optional<AuditHead>& head() const { return head_; }
  std::uint64_t number() const { return number_; }  // that the last line says; 0: it was no line

 private:
  const AuditHasher& hasher_;
  std::optional<AuditHead> head_;
  std::uint64_t number_ = 0;
};

// Whether the log was begun with a key as there is one now. `line` is the first of a file.  ERRORS: InvalidArgument.
absl::Status CheckKeyed(std::string_view line, bool keyed);

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_AUDIT_CHAIN_H_
