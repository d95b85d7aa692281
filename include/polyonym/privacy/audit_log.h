// privacy/audit_log.h - who read, changed and exported what, in a file in which a change shows.
//
//   auto log = AuditLog::Open("audit.log", {.key = key, .now_ms = clock});
//   (*log)->Append({.actor = "till 3", .role = "clerk", .action = "read", .profile = 12, .fields = {"trait:city"}, .outcome = "ok"});
//   keep_elsewhere(ToString((*log)->Head()));
//   ...
//   auto found = CheckAuditLog("audit.log", {.key = key, .kept = *ParseAuditHead(kept)});      // found->problems: which line, and why
//
// Each line is one JSON object: its number, when, an AccessEvent, and a hash over the hash of the line before and all of this one. So a line
// that was changed, taken out, put in or moved shows. Lines cut off at the end show against a head that was kept elsewhere alone. The hash is
// HMAC-SHA-256 under the host's key; without a key it is SHA-256, and who can write the file can write all of it anew: only a kept head shows
// that. A line has no personal value, as long as names of fields, actors and roles have none. docs/security.md has the form of lines.
//
// A file that grew too large is put aside as `audit.log.1`, `audit.log.2`, ...; the next begins with the hash that the last ended with. The
// log deletes nothing: who archives files keeps the last one with it, or its head.
//
// *What cannot be logged.* Append() says so, and AuditOptions::when_unwritable decides whether the call that is logged may go on. Either way
// the next line that can be written says how many are missing.
#ifndef POLYONYM_PRIVACY_AUDIT_LOG_H_
#define POLYONYM_PRIVACY_AUDIT_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/privacy/access_event.h"

namespace polyonym {

// What is longer is cut, at the end of a character; what is not UTF-8 is U+FFFD.
inline constexpr std::size_t kMaxAuditTextBytes = 128;  // actor, role, action, outcome
inline constexpr std::size_t kMaxAuditFields = 256;     // how many more there were is told
inline constexpr std::size_t kMinAuditKeyBytes = 16;

// A line of the log by its number, and the hash that stands in it.
struct AuditHead {
  std::uint64_t number = 0;  // from 1; 0: before the first line
  std::array<std::uint8_t, 32> hash{};
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};
std::string ToString(const AuditHead& head);  // `12:` and 64 lower-case hexadecimal digits
// ERRORS: InvalidArgument.
absl::StatusOr<AuditHead> ParseAuditHead(std::string_view text);

// What becomes of a call that cannot be logged.
enum class WhenUnwritable : std::uint8_t {
  kRefuse = 0,  // Append() and Usable() fail: nobody is shown what is not logged
  kGoOn = 1,    // they succeed; what is missing is counted
};

struct AuditOptions {
  // kMinAuditKeyBytes or more; whoever writes the log cannot forge it only if they have not the key. DEFAULT empty: SHA-256 without a key.
  std::string key;
  // 0: a line is on stable storage when Append() returns. Else so many milliseconds later at the latest: a power cut may take the
  // lines of that time, a killed process takes none.  DEFAULT 0; range 0..60,000.
  std::uint32_t sync_ms = 0;
  std::uint64_t max_file_bytes = std::uint64_t{64} << 20;  // 0: one file; else from 4,096
  WhenUnwritable when_unwritable = WhenUnwritable::kRefuse;
  std::function<std::int64_t()> now_ms;  // milliseconds since 1970, of lines. Wanted
};

// What of a call is not in its AccessEvent.
struct AuditedCall {
  std::uint64_t count = 0;     // of records, people or rows, whatever the action is about
  std::uint64_t sequence = 0;  // of the store's commit; 0: none
};

// THREADS: thread-safe. One AuditLog has a file at a time, over all processes of the machine.
class AuditLog {
 public:
  // Makes the file where it is not there; else checks its last mebibyte, and goes on behind it. A last line that was torn as a process or a
  // machine died is cut off, and a line says of how many bytes.
  // ERRORS: InvalidArgument (options; a key for a log without, or none for one with), Unavailable (another has it open; I/O), DataLoss (the last
  // lines are not as they were written: CheckAuditLog() says which; move the files aside to begin anew).
  static absl::StatusOr<std::shared_ptr<AuditLog>> Open(const std::string& path,
                                                        const AuditOptions& options);
  ~AuditLog();  // syncs
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Call it before what is read is handed out, and after what is written was committed.
  // ERRORS: InvalidArgument (no action, or one of the log's own: `begin`, `mended`, `unlogged`); Unavailable (it could not be written, and
  // WhenUnwritable::kRefuse): the next call tries again, but for a sync that failed, after which only a new Open() helps.
  // COST: a hash and a write; with sync_ms = 0 an fdatasync besides. docs/security.md has figures.
  absl::Status Append(const AccessEvent& event, const AuditedCall& call = {});

  // Whether what is to be changed now can be logged afterwards: under kRefuse, Unavailable as long as an earlier line is missing.
  // COST: none but then, when it tries to write that.
  absl::Status Usable();

  absl::Status Sync();  // ERRORS: Unavailable.

  // The last line.
  AuditHead Head() const;

  // Entries that could not be written since Open() and that no line tells of yet.
  std::uint64_t unlogged() const;

 private:
  class Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct AuditCheckOptions {
  std::string key;
  std::optional<AuditHead> kept;  // a head that the log had once
};

struct AuditProblem {
  std::string file;          // its name without the folder
  std::uint64_t line = 0;    // in the file, from 1; 0: of no line
  std::uint64_t number = 0;  // that it says it has; 0: none
  std::string what;          // for people; no value
  friend bool operator==(const AuditProblem&, const AuditProblem&) = default;
};

struct AuditSummary {
  std::uint64_t files = 0;
  std::uint64_t lines = 0;
  std::uint64_t first =
      0;           // number of the first line that is there; 1 where no file was taken away
  AuditHead head;  // of the last line
  std::uint64_t torn_bytes = 0;        // behind the last line: the next Open() cuts them off
  std::vector<AuditProblem> problems;  // the first 100, in order
  bool ok() const { return problems.empty(); }
};

// Reads the log at `path` from the first file that is there to the last, and compares every hash and number. Of a log that somebody writes, what
// is there in that moment; one that is put aside meanwhile may be a problem that is none.
// ERRORS: NotFound (no such log), InvalidArgument (a key for a log without, or none for one with), Unavailable.
// COST: reads it once, and a hash a line.  THREADS: thread-safe.
absl::StatusOr<AuditSummary> CheckAuditLog(const std::string& path,
                                           const AuditCheckOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_PRIVACY_AUDIT_LOG_H_
