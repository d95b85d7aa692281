// The audit log: that every change of its bytes shows, that it goes on after a crash, and what becomes of what cannot be logged.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "harness/disk_folder.h"
#include "harness/engine_state.h"
#include "harness/random.h"
#include "polyonym/privacy/audit_log.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

constexpr char kKey[] = "0123456789abcdef0123456789abcdef";

AuditOptions OptionsWith(const std::string& key = kKey, std::uint64_t max_file_bytes = 0) {
  AuditOptions options;
  options.key = key;
  options.sync_ms = 1'000;
  options.max_file_bytes = max_file_bytes;
  options.now_ms = [] { return std::int64_t{1'764'460'800'000}; };
  return options;
}

AccessEvent Read(std::uint64_t profile) {
  return {"till", "clerk", "read", profile, {"trait:city", "event:order"}, "ok"};
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void Put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(Contents(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// A log of the beginning and `entries` further lines; returns its head.
AuditHead Write(const std::string& path, std::uint64_t entries, const AuditOptions& options) {
  const auto log = Must(AuditLog::Open(path, options));
  for (std::uint64_t i = 1; i <= entries; ++i) Must(log->Append(Read(i), {.sequence = i}));
  return log->Head();
}

AuditSummary Check(const std::string& path, const std::optional<AuditHead>& kept = {},
                   const std::string& key = kKey) {
  return Must(CheckAuditLog(path, {.key = key, .kept = kept}));
}

bool IsSound(const std::string& path, const std::string& key = kKey) {
  const auto checked = CheckAuditLog(path, {.key = key, .kept = {}});
  return checked.ok() && checked->ok();
}

// Files cannot grow beyond so many bytes as long as it lives: as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(std::uint64_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    was_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, was_);
  }

 private:
  rlimit before_{};
  void (*was_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a log says what was done and its chain is whole") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  for (const std::string key : {kKey, ""}) {
    fs::remove(path);
    const AuditHead head = Write(path, 3, OptionsWith(key));
    const std::vector<std::string> lines = LinesOf(path);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].starts_with(R"({"n":1,"t":1764460800000,"action":"begin","keyed":)"));
    CHECK(lines[2].starts_with(
        R"({"n":3,"t":1764460800000,"actor":"till","role":"clerk","action":"read","profile":2,)"
        R"("fields":["trait:city","event:order"],"sequence":2,"outcome":"ok","hash":")"));
    const AuditSummary summary = Check(path, head, key);
    CHECK(summary.problems.empty());
    CHECK(summary.lines == 4);
    CHECK(summary.files == 1);
    CHECK(summary.first == 1);
    CHECK(summary.head == head);
    CHECK(head.number == 4);
    CHECK(Must(ParseAuditHead(ToString(head))) == head);
    CHECK(lines[3].find(ToString(head).substr(2)) != std::string::npos);
  }
}

TEST_CASE("the hash of a line without a key is SHA-256 of the hash before it and of the line") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 0, OptionsWith(""));
  // sha256sum of 32 zero bytes and the text of the beginning.
  CHECK(LinesOf(path).at(0) ==
        R"({"n":1,"t":1764460800000,"action":"begin","keyed":false,"after":"0:)" +
            std::string(64, '0') +
            R"(","hash":"1c4a864513efd1a257ce262e9a57a8df20830be2bd1d320f272af5fce12da68e"})");
}

TEST_CASE("every change of a byte shows") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  for (const std::string key : {kKey, ""}) {
    fs::remove(path);
    Write(path, 4, OptionsWith(key));
    const std::string sound = Contents(path);
    const std::size_t step = key.empty() ? 7 : 1;
    for (std::size_t at = 0; at < sound.size(); at += step) {
      std::string changed = sound;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      Put(path, changed);
      // A line end that is none any more leaves a torn line.
      const auto checked = CheckAuditLog(path, {.key = key, .kept = {}});
      INFO("byte " << at);
      CHECK((!checked.ok() || !checked->ok() || checked->torn_bytes > 0));
    }
    Put(path, sound);
    CHECK(IsSound(path, key));
  }
}

TEST_CASE("lines that were removed and moved and put in show by number") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 6, OptionsWith());
  const std::vector<std::string> sound = LinesOf(path);
  const auto first_problem = [&](std::vector<std::string> lines) {
    Put(path, Joined(lines));
    const AuditSummary summary = Check(path);
    REQUIRE(!summary.ok());
    return summary.problems.front();
  };
  std::vector<std::string> lines = sound;
  lines.erase(lines.begin() + 2, lines.begin() + 4);
  CHECK(first_problem(lines) ==
        AuditProblem{"audit.log", 3, 5, "lines 3 to 4 are missing before it"});
  lines = sound;
  std::swap(lines[3], lines[4]);
  CHECK(first_problem(lines) == AuditProblem{"audit.log", 4, 5, "line 4 is missing before it"});
  lines = sound;
  lines.insert(lines.begin() + 3, lines[2]);
  CHECK(first_problem(lines) ==
        AuditProblem{"audit.log", 4, 3, "is there twice, or not in its place"});
  lines = sound;
  lines.insert(lines.begin() + 3, "{}");
  CHECK(first_problem(lines) == AuditProblem{"audit.log", 4, 0, "is no line of an audit log"});
  lines = sound;
  const std::size_t at = lines[3].find("\"profile\":3");
  REQUIRE(at != std::string::npos);
  lines[3][at + 10] = '9';
  CHECK(first_problem(lines).line == 4);
  CHECK(first_problem(lines).what.starts_with("its hash does not fit"));
  CHECK(Check(path).problems.size() == 1);
  lines = sound;
  lines.erase(lines.begin());
  CHECK(first_problem(lines).what == "does not say what its file follows");
}

TEST_CASE("lines of another log do not go into this one") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string(),
                    other = (folder.path() / "other.log").string();
  Write(path, 4, OptionsWith());
  const auto log = Must(AuditLog::Open(other, OptionsWith()));
  for (int i = 0; i < 4; ++i) Must(log->Append({.action = "export", .outcome = "ok"}));
  std::vector<std::string> lines = LinesOf(path);
  lines[3] = LinesOf(other)[3];
  Put(path, Joined(lines));
  const AuditSummary summary = Check(path);
  REQUIRE(!summary.ok());
  CHECK(summary.problems.front().number == 4);
}

TEST_CASE("a tail that was cut off shows against a kept head") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const AuditHead kept = Write(path, 5, OptionsWith());
  Write(path, 2, OptionsWith());
  CHECK(Check(path, kept).ok());
  std::vector<std::string> lines = LinesOf(path);
  lines.resize(5);
  Put(path, Joined(lines));
  CHECK(Check(path).ok());
  REQUIRE(Check(path, kept).problems.size() == 1);
  CHECK(Check(path, kept).problems[0] ==
        AuditProblem{"", 0, 6, "the log ends before the kept head: lines were cut off"});
  // Who cut it off writes on.
  Write(path, 3, OptionsWith());
  CHECK(Check(path).ok());
  REQUIRE(Check(path, kept).problems.size() == 1);
  CHECK(Check(path, kept).problems[0].number == 6);
}

TEST_CASE("a log that was written anew without the key shows") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 3, OptionsWith(""));
  CHECK(CheckAuditLog(path, {.key = kKey, .kept = {}}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  fs::remove(path);
  Write(path, 3, OptionsWith("another key that nobody has here"));
  CHECK(!Check(path).ok());
}

TEST_CASE("files that were put aside are one chain and a file that is missing shows") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const AuditHead head = Write(path, 200, OptionsWith(kKey, 4'096));
  AuditSummary summary = Check(path, head);
  CHECK(summary.ok());
  CHECK(summary.files > 5);
  CHECK(summary.lines == 200 + summary.files);
  CHECK(summary.head == head);
  REQUIRE(fs::exists(path + ".3"));
  CHECK(fs::file_size(path + ".3") < 4'096 + 512);
  // What is archived from the beginning on is no problem, and is told.
  fs::rename(path + ".1", (folder.path() / "archived").string());
  summary = Check(path, head);
  CHECK(summary.ok());
  CHECK(summary.first > 1);
  const AuditHead before{2, {}};
  REQUIRE(Check(path, before).problems.size() == 1);
  CHECK(Check(path, before).problems[0].what.starts_with("the kept head lies before"));
  fs::rename((folder.path() / "archived").string(), path + ".1");
  fs::remove(path + ".3");
  REQUIRE(!Check(path).ok());
  CHECK(Check(path).problems[0].what == "its file does not follow the one before it");
  CHECK(Check(path).problems[0].file == "audit.log.4");
}

TEST_CASE("a log whose last file was put aside as the process died goes on") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 5, OptionsWith());
  fs::rename(path, path + ".1");
  const AuditHead head = Write(path, 5, OptionsWith());
  CHECK(head.number == 12);
  CHECK(Check(path, head).ok());
  CHECK(Check(path).files == 2);
}

TEST_CASE("a torn last line is cut off and said") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 3, OptionsWith());
  const std::string whole = Contents(path);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    Put(path, whole.substr(0, size));
    const bool is_torn = whole[size - 1] != '\n';
    const AuditSummary before = Check(path);
    INFO("cut at " << size);
    CHECK(before.ok());
    CHECK((before.torn_bytes > 0) == is_torn);
    const AuditHead head = Write(path, 1, OptionsWith());
    const AuditSummary after = Check(path, head);
    CHECK(after.ok());
    CHECK(after.torn_bytes == 0);
    const std::string text = Contents(path);
    CHECK((text.find("\"action\":\"mended\"") != std::string::npos) == is_torn);
    if (size > last && is_torn) {
      CHECK(text.find("\"count\":" + std::to_string(size - last) + ",\"outcome\":\"torn\"") !=
            std::string::npos);
    }
  }
}

TEST_CASE("a log whose last lines were changed is not gone on with") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 3, OptionsWith());
  std::string text = Contents(path);
  text[text.find("\"profile\":2") + 10] = '7';
  Put(path, text);
  CHECK(AuditLog::Open(path, OptionsWith()).status().code() == absl::StatusCode::kDataLoss);
  Put(path, std::string(3'000'000, 'x'));
  CHECK(AuditLog::Open(path, OptionsWith()).status().code() == absl::StatusCode::kDataLoss);
  Put(path, std::string(3'000'000, 'x') + "\n");
  CHECK(AuditLog::Open(path, OptionsWith()).status().code() == absl::StatusCode::kDataLoss);
  CHECK(!Check(path).ok());
}

TEST_CASE("a long log is gone on with by its end alone") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  Write(path, 6'000, OptionsWith());
  CHECK(fs::file_size(path) > (1u << 20));
  const AuditHead head = Write(path, 1, OptionsWith());
  CHECK(Check(path, head).ok());
  CHECK(head.number == 6'002);
}

TEST_CASE("one log has a file at a time and options are held to their range") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const auto code = [&](const AuditOptions& options) {
    return AuditLog::Open(path, options).status().code();
  };
  auto log = Must(AuditLog::Open(path, OptionsWith()));
  CHECK(code(OptionsWith()) == absl::StatusCode::kUnavailable);
  log = nullptr;
  CHECK(code(OptionsWith()) == absl::StatusCode::kOk);
  CHECK(code(OptionsWith("short")) == absl::StatusCode::kInvalidArgument);
  CHECK(code(OptionsWith("")) == absl::StatusCode::kInvalidArgument);
  AuditOptions options = OptionsWith();
  options.sync_ms = 60'001;
  CHECK(code(options) == absl::StatusCode::kInvalidArgument);
  options = OptionsWith(kKey, 4'095);
  CHECK(code(options) == absl::StatusCode::kInvalidArgument);
  options = OptionsWith();
  options.now_ms = nullptr;
  CHECK(code(options) == absl::StatusCode::kInvalidArgument);
  CHECK(AuditLog::Open((folder.path() / "no/where").string(), OptionsWith()).status().code() ==
        absl::StatusCode::kUnavailable);
  CHECK(CheckAuditLog((folder.path() / "nothing").string(), {}).status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("what is told is cut to its bounds and stays one line") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const auto log = Must(AuditLog::Open(path, OptionsWith()));
  AccessEvent event;
  event.actor = std::string(126, 'a') + "\xe5\xbc\xa0";  // the last character goes
  event.role =
      "a\"b\\c\n\xff\x01"
      "z\",\"hash\":\"";
  event.action = std::string(1'000, 'x');
  event.fields.assign(300, std::string(200, '\x02'));
  Must(log->Append(event));
  Must(log->Append({.action = "read", .outcome = "ok"}));
  Must(log->Append({.action = "read", .profile = 0, .outcome = "ok"}));  // the first of a store
  const std::vector<std::string> lines = LinesOf(path);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].find("\"profile\"") == std::string::npos);
  CHECK(lines[3].find("\"profile\":0,") != std::string::npos);
  CHECK(lines[1].find("\"actor\":\"" + std::string(126, 'a') + "\"") != std::string::npos);
  CHECK(lines[1].find("\"role\":\"a\\\"b\\\\c\\u000a\xef\xbf\xbd\\u0001z\\\",") !=
        std::string::npos);
  CHECK(lines[1].find("\"action\":\"" + std::string(128, 'x') + "\"") != std::string::npos);
  CHECK(lines[1].find("\"more_fields\":44") != std::string::npos);
  CHECK(lines[1].size() < 300'000);
  CHECK(Check(path).ok());
  CHECK(IsSound(path));
  for (const char* own : {"", "begin", "mended", "unlogged"}) {
    CHECK(log->Append({.action = own}).code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(log->Head().number == 4);
}

TEST_CASE("what cannot be logged is refused and the log says later how many there were") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const auto log = Must(AuditLog::Open(path, OptionsWith()));
  Must(log->Append(Read(1)));
  Must(log->Usable());
  {
    // Some bytes of the line are written, and have to go again.
    const FullDisk full(fs::file_size(path) + 20);
    CHECK(log->Append(Read(2)).code() == absl::StatusCode::kUnavailable);
    CHECK(log->Append(Read(3)).code() == absl::StatusCode::kUnavailable);
    CHECK(log->Usable().code() == absl::StatusCode::kUnavailable);
    CHECK(log->unlogged() == 2);
    CHECK(Check(path).ok());
    CHECK(Check(path).torn_bytes == 0);
  }
  Must(log->Usable());
  CHECK(log->unlogged() == 0);
  Must(log->Append(Read(4)));
  const std::vector<std::string> lines = LinesOf(path);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].find("\"action\":\"unlogged\",\"count\":2,\"outcome\":\"UNAVAILABLE\"") !=
        std::string::npos);
  CHECK(Check(path, log->Head()).ok());
}

TEST_CASE("a host that wants to go on goes on and the log counts") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  AuditOptions options = OptionsWith();
  options.when_unwritable = WhenUnwritable::kGoOn;
  options.sync_ms = 0;
  const auto log = Must(AuditLog::Open(path, options));
  {
    const FullDisk full(fs::file_size(path));
    for (std::uint64_t i = 0; i < 5; ++i) Must(log->Append(Read(i)));
    Must(log->Usable());
    CHECK(log->unlogged() == 5);
  }
  Must(log->Append(Read(9)));
  CHECK(log->unlogged() == 0);
  CHECK(Contents(path).find("\"count\":5") != std::string::npos);
  CHECK(Check(path, log->Head()).ok());
}

TEST_CASE("many threads write one chain") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  AuditOptions options = OptionsWith(kKey, 8'192);
  options.sync_ms = 1;
  const auto log = Must(AuditLog::Open(path, options));
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 200; ++i)
        failed += log->Append(Read(t * 1'000 + i)).ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  Must(log->Sync());
  const AuditSummary summary = Check(path, log->Head());
  CHECK(summary.ok());
  CHECK(summary.lines == 800 + summary.files);
}

TEST_CASE("random damage to a log always shows") {
  const DiskFolder folder;
  const std::string path = (folder.path() / "audit.log").string();
  const AuditHead head = Write(path, 40, OptionsWith());
  const std::string sound = Contents(path);
  const std::vector<std::string> lines = LinesOf(path);
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    std::string text = sound;
    switch (random.Below(4)) {
      case 0: {  // some bytes are others
        for (std::uint64_t i = random.Below(3) + 1; i > 0; --i) {
          char& byte = text[random.Below(text.size())];
          byte = static_cast<char>(byte ^ static_cast<char>(random.Below(255) + 1));
        }
        break;
      }
      case 1:  // a piece is missing, but for one at the end
        text.erase(random.Below(text.size() - 200), random.Below(100) + 1);
        break;
      case 2:  // a piece is there twice
        text.insert(random.Below(text.size()),
                    text.substr(random.Below(text.size()), 1 + random.Below(300)));
        break;
      default: {  // lines in another order
        std::vector<std::string> others = lines;
        const std::size_t a = random.Below(others.size());
        const std::size_t b = (a + 1 + random.Below(others.size() - 1)) % others.size();
        std::swap(others[a], others[b]);
        text = Joined(others);
      }
    }
    if (text == sound) continue;
    Put(path, text);
    const auto checked = CheckAuditLog(path, {.key = kKey, .kept = head});
    CHECK((!checked.ok() || !checked->ok() || checked->torn_bytes > 0));
  }
}

}  // namespace polyonym::harness
