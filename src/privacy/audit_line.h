// privacy/audit_line.h - a line of an audit log: how it is written, and what its hash is of.
//
//   {"n":7,"t":1764460800000,"actor":"till 3","action":"read","profile":12,"fields":["trait:city"],"outcome":"ok","hash":"<64 hex digits>"}
//
// The hash is of the hash of the line before (32 bytes) and of the line up to `,"hash":`. What is empty, or 0, is left out.
//
// THREADS: pure functions, where nothing else is said.
#ifndef POLYONYM_SRC_PRIVACY_AUDIT_LINE_H_
#define POLYONYM_SRC_PRIVACY_AUDIT_LINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "polyonym/privacy/audit_log.h"
#include "privacy/aead.h"

namespace polyonym::privacy {

using AuditHash = Hash;

// No line is longer.
inline constexpr std::size_t kMaxAuditLineBytes = 512 * 1024;

// Actions of the log itself.
inline constexpr std::string_view kBegin = "begin";  // the first line of each file
inline constexpr std::string_view kMended =
    "mended";  // count: bytes of a torn line that were cut off
inline constexpr std::string_view kUnlogged =
    "unlogged";  // count: entries that could not be written

// A line up to its hash.
std::string BodyOf(std::uint64_t number, std::int64_t time_ms, const AccessEvent& event,
                   const AuditedCall& call);
// Of the first line of a file, behind `after`.
std::string BeginningOf(std::int64_t time_ms, bool keyed, const AuditHead& after);

// THREADS: thread-safe.
class AuditHasher {
 public:
  explicit AuditHasher(std::string_view key) {
    if (!key.empty()) hmac_.emplace(key);
  }
  bool keyed() const { return hmac_.has_value(); }
  AuditHash Of(const AuditHash& before, std::string_view body) const;

 private:
  std::optional<Hmac> hmac_;
};

// The whole line with its line end.
std::string LineOf(std::string_view body, const AuditHash& hash);

struct AuditLine {
  std::uint64_t number = 0;
  AuditHash hash{};
  std::string_view body;
  // Of the first line of a file.
  std::optional<AuditHead> after;
  bool keyed = false;
};
// Nothing where it is no line. `line` is without its line end, and outlives what comes of it.
std::optional<AuditLine> ParseAuditLine(std::string_view line);

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_AUDIT_LINE_H_
