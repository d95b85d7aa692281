// command_log.h - an audit log of what the program was asked: a line for each command that opened a store, one for each person whom it names, and the
// engine's own of what it changed. docs/security.md, "What is logged".
#ifndef POLYONYM_EXAMPLES_POLYONYM_COMMAND_LOG_H_
#define POLYONYM_EXAMPLES_POLYONYM_COMMAND_LOG_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/model/identifier.h"
#include "polyonym/privacy/audit_log.h"

namespace polyonym::driver {

class CommandLog {
 public:
  void Offer(CLI::App* command);  // --audit, --audit-key-file, --actor

  // The log, for the engine; null: none was asked for.  ERRORS (Failure): kUsage where it cannot be written, or is not as it was written.
  std::shared_ptr<AuditLog> Open();
  // That the command has a store open and is about to read or change it. On stable storage when it returns, as is the next.
  // ERRORS (Failure): kUsage.
  void TellCommand();
  // That it is about somebody; 0: whom nobody knows.
  void TellPerson(ProfileId profile);

 private:
  void Tell(std::optional<std::uint64_t> profile);
  std::string Command() const;

  std::string file_;
  std::string key_file_;
  std::string actor_;
  std::vector<const CLI::App*> offered_;
  std::shared_ptr<AuditLog> log_;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_COMMAND_LOG_H_
