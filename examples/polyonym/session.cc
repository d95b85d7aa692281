#include "session.h"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/reach.h"
#include "polyonym/codec/json.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/segment/evaluate.h"
#include "time_format.h"

namespace polyonym::driver {

void Fail(int code, std::string message) { throw Failure{code, std::move(message)}; }

void Fail(int code, const absl::Status& status) { Fail(code, std::string(status.message())); }

namespace {

// An option whose value is one of a few words.
template <class T>
CLI::Option* OfferChoice(CLI::App* command, const std::string& name, T* target,
                         const std::map<std::string, T>& choices, const std::string& what) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return command
      ->add_option_function<std::string>(
          name, [=](const std::string& word) { *target = choices.at(word); }, what)
      ->check(CLI::IsMember(words).description(""));
}

}  // namespace

void Session::OfferFormat(CLI::App* command) {
  OfferChoice<Format>(command, "--format", &format,
                      {{"table", Format::kTable}, {"json", Format::kJson}},
                      "table or json (JSON Lines); default: table on a terminal, else json")
      ->type_name("FORMAT");
}

void Session::OfferFormatOrCsv(CLI::App* command) {
  OfferChoice<Format>(command, "--format", &format,
                      {{"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}},
                      "table, json (JSON Lines) or csv; default: table on a terminal, else json")
      ->type_name("FORMAT");
}

void Session::OfferFormatOrPrometheus(CLI::App* command) {
  OfferChoice<Format>(
      command, "--format", &format,
      {{"table", Format::kTable}, {"json", Format::kJson}, {"prometheus", Format::kPrometheus}},
      "as for other commands, or prometheus: what Engine::Metrics() tells, for a "
      "scraper")
      ->type_name("FORMAT");
}

void Session::OfferStore(CLI::App* command, bool required) {
  command->add_option("--db", db, "folder of the store")->type_name("DIR")->required(required);
  command
      ->add_option("--memory-budget", memory_budget_bytes,
                   "memory for the index, such as 500MB or 2GiB; the rest lies on disk and is "
                   "slower. Default: all is in memory")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command
      ->add_option("--erase-key-file", erase_key_file,
                   "file whose bytes are the key of the ledger of erasures; default: the store's "
                   "own")
      ->type_name("FILE");
  OfferKeys(command);
  audit.Offer(command);
}

void Session::OfferKeys(CLI::App* command) {
  command
      ->add_option("--master-key-file", master_key_file,
                   "file of 32 bytes, the key that a sealed store's keys are wrapped under")
      ->type_name("FILE");
  command
      ->add_option("--keyring", keyring,
                   "file of the keys of single identifiers, which erasing destroys; wants "
                   "--master-key-file")
      ->type_name("FILE");
}

void Session::OfferGraph(CLI::App* command) {
  command
      ->add_option("--graph", graph,
                   "which of the store's graphs; default: the first, without a name")
      ->type_name("NAME");
}

void Session::OfferDurability(CLI::App* command) {
  OfferChoice<Durability>(
      command, "--durability", &durability,
      {{"sync", Durability::kSync}, {"group", Durability::kGroup}, {"wal", Durability::kWal}},
      "sync: each batch survives a power cut; group (default): a killed process, and a power cut "
      "but for the last "
      "100 ms; wal: a killed process")
      ->type_name("HOW");
}

std::shared_ptr<KeyKeeper> Session::Keeper() const {
  if (master_key_file.empty()) {
    if (!keyring.empty()) Fail(kUsage, "--keyring wants --master-key-file too");
    return nullptr;
  }
  auto keeper = MakeKeyKeeper(ReadFile(master_key_file));
  if (!keeper.ok()) Fail(kUsage, "--master-key-file: " + std::string(keeper.status().message()));
  return *std::move(keeper);
}

std::unique_ptr<Engine> Session::OpenStore(bool create) const {
  if (db.empty()) Fail(kUsage, "--db is missing: the folder of the store");
  EngineOptions options;
  options.create_if_missing = create;
  options.durability = durability;
  options.memory_budget_bytes = memory_budget_bytes;
  options.now_ms = NowMs;
  if (!erase_key_file.empty()) options.erase_key = ReadFile(erase_key_file);
  options.keys = Keeper();
  options.keyring = keyring;
  options.audit = audit.Open();
  auto engine = Engine::Open(db, options);
  if (!engine.ok()) {
    Fail(absl::IsNotFound(engine.status()) ? kUsage : kStoreTrouble,
         db + ": " + std::string(engine.status().message()));
  }
  audit.TellCommand();
  return *std::move(engine);
}

View Session::Read(const Engine& engine) const {
  auto view = engine.Read(graph);
  if (absl::IsNotFound(view.status())) {
    Fail(kUsage, "--graph " + graph +
                     ": the store has no such graph; `polyonym graphs` lists them, " +
                     "`polyonym policy set --graph " + graph + " FILE` makes one");
  }
  return FromStore(std::move(view));
}

absl::Status CheckPolicy(const Policy& policy) {
  if (absl::Status status = Validate(policy); !status.ok()) return status;
  const Definitions& definitions = policy.definitions;
  const auto in = [](const char* where, const absl::Status& status) {
    return absl::InvalidArgumentError(where + std::string(status.message()));
  };
  absl::Status status = CompiledSegments::Compile(definitions).status();
  if (status.ok()) status = CompiledCampaigns::Compile(definitions, definitions.campaigns).status();
  if (!status.ok()) return in("definitions.", status);
  status = CheckReach(definitions.reach);
  return status.ok() ? status : in("definitions.reach.", status);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || std::filesystem::is_directory(path) || !(text << file.rdbuf())) {
    Fail(kUsage, path + ": cannot be read, or is empty");
  }
  return std::move(text).str();
}

Policy ReadPolicyFile(const std::string& path) {
  auto policy = ReadPolicyJson(ReadFile(path));
  const absl::Status status = policy.ok() ? CheckPolicy(*policy) : policy.status();
  if (!status.ok()) Fail(kUsage, path + ": " + std::string(status.message()));
  return *std::move(policy);
}

Target Session::Find(const View& view, const std::string& text) const {
  Target target;
  if (text.starts_with("p~")) {
    target.is_profile = true;
    target.profile = OrFail(ParseProfileId(text));
    auto identifier = view.IdentifierOf(IdentifierNumber{target.profile.value});
    if (!identifier.ok()) Fail(kAnsweredNo, text + ": this profile id was never given out");
    target.identifier = *std::move(identifier);
  } else {
    target.identifier = OrFail(ParseIdentifier(text));
  }
  const std::optional<ProfileId> profile =
      target.is_profile ? target.profile : view.Resolve(target.identifier).profile;
  audit.TellPerson(profile.value_or(ProfileId()));
  return target;
}

std::int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::int64_t ParseTimeArgument(const std::string& option, const std::string& text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && end == text.data() + text.size()) return ms;
  static const TimeFormat date = *TimeFormat::Compile("%Y-%m-%d", "");
  static const TimeFormat instant = *TimeFormat::Compile("rfc3339", "");
  if (auto time = instant.Parse(text)) return *time;
  if (auto time = date.Parse(text)) return *time;
  Fail(kUsage,
       option + ": expected RFC 3339 (2024-05-01T08:00:00Z), a date or milliseconds since 1970");
}

std::int64_t ParseDurationArgument(const std::string& option, const std::string& text) {
  constexpr std::int64_t kMostMs = std::int64_t{10'000} * 366 * 86'400'000;
  static const std::map<std::string, std::int64_t> kUnits = {
      {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto unit = kUnits.find(std::string(end, text.data() + text.size()));
  if (error != std::errc() || unit == kUnits.end() || number < 0 || number > kMostMs / unit->second)
    Fail(kUsage, option + ": expected days, hours, minutes or seconds: 90d, 36h, 15m, 30s");
  return number * unit->second;
}

}  // namespace polyonym::driver
