// session.h - what every command needs: its output, its store, and a way to give up with an exit code.
//
// A command fails by throwing Failure (through Fail() and OrFail()); main() writes the message to standard error and
// returns the code. Nothing else of the program throws on purpose.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SESSION_H_
#define POLYONYM_EXAMPLES_POLYONYM_SESSION_H_

#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "command_log.h"
#include "output.h"
#include "polyonym/engine/engine.h"

namespace polyonym::driver {

enum ExitCode : int {
  kDone = 0,
  kAnsweredNo = 1,      // the answer is no, or a check failed
  kUsage = 2,           // wrong arguments, a file that cannot be read or written, or no store there
  kTooManyRejects = 3,  // more records were rejected than --max-rejects
  kStoreTrouble = 4,    // the store is busy, corrupt or newer, or the folder holds something else
};

struct Failure {
  int code = kUsage;
  std::string message;
};

[[noreturn]] void Fail(int code, std::string message);
[[noreturn]] void Fail(int code, const absl::Status& status);

// For arguments and files: what is not OK ends the command with kUsage.
inline void OrFail(const absl::Status& status) {
  if (!status.ok()) Fail(kUsage, status);
}
template <class T>
T OrFail(absl::StatusOr<T> value) {
  OrFail(value.status());
  return *std::move(value);
}

// For the store: what is not OK ends the command with kStoreTrouble.
inline void FromStore(const absl::Status& status) {
  if (!status.ok()) Fail(kStoreTrouble, status);
}
template <class T>
T FromStore(absl::StatusOr<T> value) {
  FromStore(value.status());
  return *std::move(value);
}

// An argument of the form `namespace:value` or `p~…`.
struct Target {
  Identifier identifier;  // as given, or the one behind the profile's id
  bool is_profile = false;
  ProfileId profile;  // when is_profile
};

// Options that commands share, and how they are offered.
struct Session {
  std::string db;
  std::string graph;  // empty: the first
  Format format = Format::kAuto;
  Durability durability = Durability::kGroup;
  std::uint64_t memory_budget_bytes = 0;
  std::string erase_key_file;
  std::string master_key_file;
  std::string keyring;
  mutable CommandLog audit;
  int exit_code = kDone;  // what the command decided

  void OfferFormat(CLI::App* command);
  // Of a command whose answer is a table: Output::Row() says what its rows are then.
  void OfferFormatOrCsv(CLI::App* command);
  void OfferFormatOrPrometheus(CLI::App* command);
  void OfferStore(CLI::App* command, bool required = true);  // --db
  void OfferKeys(CLI::App* command);   // of OfferStore(), those of a sealed store
  void OfferGraph(CLI::App* command);  // --graph
  void OfferDurability(CLI::App* command);

  // What wraps the keys of a sealed store; null: none was given.  ERRORS (Failure): kUsage.
  std::shared_ptr<KeyKeeper> Keeper() const;

  // ERRORS (Failure): kUsage where no store is there and `create` is false, else kStoreTrouble.
  std::unique_ptr<Engine> OpenStore(bool create) const;

  // What an argument names: `namespace:value` or `p~…`. The audit log, where there is one, has it that the command is about that profile.
  // ERRORS (Failure): kUsage, kAnsweredNo (a profile id that was never given out).
  Target Find(const View& view, const std::string& text) const;

  // The present state of the graph that was asked for.  ERRORS (Failure): kUsage where the store has none of that name.
  View Read(const Engine& engine) const;
};

// Whether it could be put in force: Validate(), and that its segments have a meaning.
absl::Status CheckPolicy(const Policy& policy);

// The whole of a file.  ERRORS (Failure): kUsage.
std::string ReadFile(const std::string& path);
Policy ReadPolicyFile(const std::string& path);

// The clock of this machine, in milliseconds since 1970.
std::int64_t NowMs();

// RFC 3339 text, a date (2024-05-01, UTC), or milliseconds since 1970.  ERRORS (Failure): kUsage naming `option`.
std::int64_t ParseTimeArgument(const std::string& option, const std::string& text);

// `90d`, `36h`, `15m`, `30s` as milliseconds; up to 10,000 years.  ERRORS (Failure): kUsage naming `option`.
std::int64_t ParseDurationArgument(const std::string& option, const std::string& text);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SESSION_H_
