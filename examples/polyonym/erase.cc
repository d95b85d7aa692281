// erase.cc - forgetting: erase, erasures, keep, finish. docs/erasure.md.
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "progress.h"

namespace polyonym::driver {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

std::string ToHex(const std::array<std::uint8_t, 16>& hash) {
  std::string out;
  for (const std::uint8_t byte : hash) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

// A line of what `erasures` prints; nothing where it is none.
std::optional<Erasure> ParseErasure(std::string_view line) {
  constexpr std::string_view kBegin = "{\"hash\":\"", kMiddle = "\",\"sequence\":";
  constexpr std::size_t kHex = 32;
  if (!line.starts_with(kBegin) || !line.ends_with("}") ||
      line.size() < kBegin.size() + kHex + kMiddle.size() + 2 ||
      line.substr(kBegin.size() + kHex, kMiddle.size()) != kMiddle)
    return std::nullopt;
  Erasure out;
  for (std::size_t i = 0; i < kHex; ++i) {
    const std::size_t digit = kDigits.find(line[kBegin.size() + i]);
    if (digit == std::string_view::npos) return std::nullopt;
    out.hash[i / 2] = static_cast<std::uint8_t>(out.hash[i / 2] << 4 | digit);
  }
  std::string_view number = line.substr(kBegin.size() + kHex + kMiddle.size());
  number.remove_suffix(1);
  for (const char c : number) {
    if (c < '0' || c > '9' || number.size() > 19) return std::nullopt;
    out.sequence = out.sequence * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

std::vector<Erasure> ReadLedger(const std::string& path) {
  std::vector<Erasure> ledger;
  std::istringstream lines(ReadFile(path));
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const auto erasure = ParseErasure(line);
    if (!erasure)
      Fail(kUsage, path + ", line " + std::to_string(number) +
                       ": not a line that `polyonym erasures --format json` prints");
    ledger.push_back(*erasure);
  }
  return ledger;
}

struct EraseArguments {
  std::vector<std::string> identifiers;
  std::string replay;
  bool identifier_only = false;
  bool even_shared = false;
  bool no_ledger = false;
  bool dry_run = false;
  std::string within;
};

// In milliseconds; 0: there is no deadline.
std::uint64_t WithinOf(const std::string& text) {
  if (text.empty()) return 0;
  const std::int64_t ms = ParseDurationArgument("--within", text);
  if (ms == 0) Fail(kUsage, "--within: must be a second or more");
  return static_cast<std::uint64_t>(ms);
}

void OfferWithin(CLI::App* command, std::string* within) {
  command
      ->add_option("--within", *within,
                   "time for it, such as 30m: files that are not written again by then are left "
                   "(`finished` false), for `polyonym finish`; default: no bound")
      ->type_name("DURATION");
}

Json RowOf(const EraseReceipt& receipt, const EraseArguments& arguments) {
  Json row = Json::Object();
  row.Set("sequence", receipt.sequence)
      .Set("dry_run", arguments.dry_run)
      .Set("erased_identifiers", receipt.erased_identifiers)
      .Set("kept_shared_identifiers", receipt.kept_shared_identifiers)
      .Set("removed_records", receipt.removed_records)
      .Set("rewritten_records", receipt.rewritten_records)
      .Set("removed_facts", receipt.removed_facts)
      .Set("removed_links", receipt.removed_links)
      .Set("rewritten_feed_rows", receipt.rewritten_feed_rows)
      .Set("removed_outbox_items", receipt.removed_outbox_items)
      .Set("rewritten_frames", receipt.rewritten_frames)
      .Set("in_ledger", receipt.erasures.size());
  return row.Set("finished", receipt.finished);
}

void RunErase(const EraseArguments& arguments, Session* session) {
  if (arguments.identifiers.empty() == arguments.replay.empty())
    Fail(kUsage, "whom to erase: give one or more IDENTIFIER, or --replay FILE");
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  EraseOptions options;
  options.dry_run = arguments.dry_run;
  options.even_shared = arguments.even_shared;
  options.suppress = !arguments.no_ledger;
  options.finish_within_ms = WithinOf(arguments.within);
  options.graph = session->graph;
  auto erased = [&] {
    Progress progress("records");
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.Update(done, {done, total});
    };
    if (!arguments.replay.empty())
      return engine->ReplayErasures(ReadLedger(arguments.replay), options);
    std::vector<EraseRequest> requests;
    for (const std::string& text : arguments.identifiers) {
      const Target target = session->Find(session->Read(*engine), text);
      requests.push_back({target.identifier, !arguments.identifier_only});
    }
    return engine->Erase(requests, options);
  }();
  if (absl::IsInvalidArgument(erased.status()) || absl::IsFailedPrecondition(erased.status()))
    Fail(kUsage, erased.status());
  Output(session->format).Fields(RowOf(FromStore(std::move(erased)), arguments));
}

void AddErase(CLI::App* app, Session* session) {
  const auto arguments = std::make_shared<EraseArguments>();
  CLI::App* command = app->add_subcommand(
      "erase", "forget people: their records, facts, links, and every byte of them in the store");
  session->OfferStore(command);
  session->OfferGraph(command);
  command
      ->add_option("IDENTIFIER", arguments->identifiers,
                   "whom: any identifier of the person, namespace:value or p~…")
      ->type_name("");
  command->add_flag("--identifier-only", arguments->identifier_only,
                    "these identifiers alone, not all of the people who have them");
  command->add_flag("--even-shared", arguments->even_shared,
                    "also an identifier that several people share: it goes from all of them");
  command->add_flag("--no-ledger", arguments->no_ledger,
                    "do not remember them: records that come later count as somebody new");
  command
      ->add_option("--replay", arguments->replay,
                   "erase whoever a ledger names that `polyonym erasures` printed: after a restore")
      ->type_name("FILE");
  OfferWithin(command, &arguments->within);
  command->add_flag("--dry-run", arguments->dry_run, "count, and write nothing");
  session->OfferFormat(command);
  command->footer(
      "Backups from before still have them: replay the ledger after every restore. "
      "docs/erasure.md has all of it.");
  command->callback([=] { RunErase(*arguments, session); });
}

void AddErasures(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand(
      "erasures", "the ledger of who was erased, as hashes that say nothing without its key");
  session->OfferStore(command);
  session->OfferFormat(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    Output out(session->format);
    const std::vector<Erasure> erasures = FromStore(engine->Erasures());
    for (const Erasure& erasure : erasures)
      out.Row(Json::Object().Set("hash", ToHex(erasure.hash)).Set("sequence", erasure.sequence));
    if (erasures.empty()) out.Note("nobody was erased");
  });
}

struct KeepArguments {
  std::string now;
  std::string within;
  bool dry_run = false;
};

void RunKeep(const KeepArguments& arguments, Session* session) {
  const std::int64_t now_ms =
      arguments.now.empty() ? NowMs() : ParseTimeArgument("--now", arguments.now);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  EraseOptions options;
  options.dry_run = arguments.dry_run;
  options.finish_within_ms = WithinOf(arguments.within);
  auto kept = [&] {
    Progress progress("records");
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      progress.Update(done, {done, total});
    };
    return engine->KeepOnly(now_ms, options);
  }();
  if (absl::IsInvalidArgument(kept.status())) Fail(kUsage, kept.status());
  const RetentionResult result = FromStore(std::move(kept));
  Json row = Json::Object();
  row.Set("sequence", result.sequence)
      .Set("dry_run", arguments.dry_run)
      .Set("removed_facts", result.removed_facts)
      .Set("rewritten_records", result.rewritten_records);
  Output(session->format).Fields(row.Set("finished", result.finished));
}

void AddKeep(CLI::App* app, Session* session) {
  const auto arguments = std::make_shared<KeepArguments>();
  CLI::App* command = app->add_subcommand(
      "keep", "drop facts that the policy's retentions keep no longer; run it every night");
  session->OfferStore(command);
  command
      ->add_option("--now", arguments->now,
                   "as of this time; default: the machine's clock. RFC 3339, a date (UTC), or ms "
                   "since 1970")
      ->type_name("T");
  OfferWithin(command, &arguments->within);
  command->add_flag("--dry-run", arguments->dry_run, "count, and write nothing");
  session->OfferFormat(command);
  command->footer("Identifiers, links and the records themselves stay. docs/erasure.md");
  command->callback([=] { RunKeep(*arguments, session); });
}

void AddFinish(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand(
      "finish", "write all files again that erase, keep or horizon left bytes of before in");
  session->OfferStore(command);
  session->OfferFormat(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    FromStore(engine->FinishErasing());
    Output(session->format).Fields(Json::Object().Set("finished", true));
  });
}

}  // namespace

void AddForgetting(CLI::App* app, Session* session) {
  AddErase(app, session);
  AddErasures(app, session);
  AddKeep(app, session);
  AddFinish(app, session);
}

}  // namespace polyonym::driver
