#include "command_log.h"

#include <unistd.h>

#include <algorithm>

#include "session.h"

namespace polyonym::driver {

namespace {

// The engine's own lines of many calls are synced by the hundred milliseconds; what a command reads is before it answers.
constexpr std::uint32_t kSyncMs = 100;

}  // namespace

void CommandLog::Offer(CLI::App* command) {
  offered_.push_back(command);
  CLI::Option* file =
      command
          ->add_option("--audit", file_,
                       "audit log, made where it is not there: who runs which command, about "
                       "whom, and what it changes; nothing is answered that it does not have")
          ->type_name("FILE");
  command
      ->add_option("--audit-key-file", key_file_,
                   "file whose bytes are the key of the audit log; default: none")
      ->type_name("FILE")
      ->needs(file);
  command
      ->add_option("--actor", actor_, "who runs it, in the audit log; default: the user's number")
      ->type_name("NAME")
      ->needs(file);
}

std::shared_ptr<AuditLog> CommandLog::Open() {
  if (file_.empty() || log_ != nullptr) return log_;
  AuditOptions options;
  if (!key_file_.empty()) options.key = ReadFile(key_file_);
  options.sync_ms = kSyncMs;
  options.now_ms = NowMs;
  auto log = AuditLog::Open(file_, options);
  if (!log.ok()) Fail(kUsage, file_ + ": " + std::string(log.status().message()));
  log_ = *std::move(log);
  return log_;
}

void CommandLog::TellCommand() { Tell(std::nullopt); }

void CommandLog::TellPerson(ProfileId profile) { Tell(profile.value); }

void CommandLog::Tell(std::optional<std::uint64_t> profile) {
  if (log_ == nullptr) return;
  AccessEvent event;
  event.actor = actor_.empty() ? "uid " + std::to_string(::getuid()) : actor_;
  event.action = Command();
  event.profile = profile;
  event.outcome = "ok";
  absl::Status status = log_->Append(event);
  if (status.ok()) status = log_->Sync();
  if (!status.ok()) Fail(kUsage, file_ + ": " + std::string(status.message()));
}

// `segment_members`: one word.
std::string CommandLog::Command() const {
  const auto parsed = std::find_if(offered_.begin(), offered_.end(),
                                   [](const CLI::App* command) { return command->parsed(); });
  std::string name;
  const CLI::App* command = parsed == offered_.end() ? nullptr : *parsed;
  for (; command != nullptr && command->get_parent() != nullptr; command = command->get_parent())
    name = command->get_name() + (name.empty() ? "" : "_" + name);
  return name.empty() ? "command" : name;
}

}  // namespace polyonym::driver
