// Files of a closed store that are not what was written: bits that flipped, blocks that changed places, files of an earlier state. Opening it and reading
// everything gives the right answers or an error, never silently others.
//
// One thing may read otherwise, since a log that ends early looks like one that was cut off: rot in the write-ahead log may be taken for
// its end, and an earlier write-ahead log or MANIFEST in place of the last is what a store of then had. The store is then, in everything, a
// prefix of what was sent; that is counted.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

#include "crash/answers.h"
#include "crash/fault_file_system.h"
#include "crash/remains.h"
#include "crash/told_plan.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "store/rocks_store.h"

namespace polyonym::harness {
namespace {

using Files = std::map<std::string, std::string>;  // by name, what is in them

constexpr std::size_t kBlock = 4096;

Files ReadFolder(const std::string& folder) {
  Files files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("LOG")) continue;  // texts of RocksDB, which nobody reads
    std::ifstream in(entry.path(), std::ios::binary);
    files[name] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

void WriteFolder(const Files& files, const std::string& folder) {
  std::filesystem::create_directory(folder);
  for (const auto& [name, bytes] : files) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("a rotten file cannot be written");
  }
}

// `000012.log` is a `log`, `MANIFEST-000005` a `MANIFEST`.
std::string KindOf(const std::string& name) {
  const std::size_t dot = name.find('.');
  return dot != std::string::npos ? name.substr(dot + 1) : name.substr(0, name.find('-'));
}

// A store that was closed, with what it was between steps on the way there.
class OldStore {
 public:
  explicit OldStore(std::uint64_t seed)
      : plan_(MakeToldPlan(seed)),
        options_(CrashOptions(seed, Durability::kSync)),
        expected_(plan_) {
    const TempFolder folder;
    for (std::size_t done = 0; done < plan_.lanes[0].size();) {
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options_));
      // Opened anew now and then, so that there are logs and tables of several lives.
      for (const std::size_t end = std::min(done + 8, plan_.lanes[0].size()); done < end; ++done) {
        Must(Run(plan_.lanes[0][done], engine.get()).status());
        if (done % 3 == 0) earlier_.push_back(ReadFolder(folder / "store"));
      }
    }
    now_ = ReadFolder(folder / "store");
  }

  const Files& now() const { return now_; }
  const std::vector<Files>& earlier() const { return earlier_; }
  const EngineOptions& options() const { return options_; }

  // What comes of opening and reading: `right`, `prefix`, the code of an error, or `WRONG:` and what is.
  std::string Read(const Files& files) const {
    const TempFolder folder;
    WriteFolder(files, folder / "store");
    auto engine = Engine::Open(folder / "store", options_);
    if (!engine.ok()) return NameOf(engine.status());
    return Judge(**engine);
  }

  std::string Judge(const Engine& engine) const {
    const auto answers = ReadAnswers(engine);
    if (!answers.ok()) return NameOf(answers.status());
    std::string fault;
    const auto found = expected_.Find(*answers, 0, expected_.steps(), &fault);
    if (!found) return "WRONG: " + fault;
    return expected_.IsLast(*found) ? "right" : "prefix";
  }

 private:
  static std::string NameOf(const absl::Status& status) {
    const bool said = absl::IsDataLoss(status) || absl::IsFailedPrecondition(status) ||
                      absl::IsUnavailable(status) || absl::IsOutOfRange(status);
    return said ? "error: " + std::string(absl::StatusCodeToString(status.code()))
                : "WRONG: " + status.ToString();
  }

  const Plan plan_;
  const EngineOptions options_;
  const Expected expected_;
  Files now_;
  std::vector<Files> earlier_;
};

struct Rot {
  std::string what;  // to read
  std::string kind;  // of the file
  Files files;
};

const std::string& PickFile(const Files& files, Random& random, std::size_t least_bytes) {
  for (;;) {
    const auto at =
        std::next(files.begin(), static_cast<std::ptrdiff_t>(random.Below(files.size())));
    if (at->second.size() >= least_bytes) return at->first;
  }
}

Rot FlipBit(const OldStore& store, Random& random) {
  Rot rot{"", "", store.now()};
  const std::string name = PickFile(rot.files, random, 1);
  std::string& bytes = rot.files[name];
  const std::uint64_t bit = random.Below(8 * bytes.size());
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  rot.kind = KindOf(name);
  rot.what = "bit " + std::to_string(bit) + " of " + name + " flipped";
  return rot;
}

// Two blocks that differ, of one file or of two; a block at the end may be shorter, then so much of both changes places.
Rot SwapBlocks(const OldStore& store, Random& random) {
  for (;;) {
    Rot rot{"", "", store.now()};
    const std::string from = PickFile(rot.files, random, 1);
    const std::string to = random.Chance(50) ? from : PickFile(rot.files, random, 1);
    std::string& a = rot.files[from];
    std::string& b = rot.files[to];
    const std::size_t at = random.Below((a.size() + kBlock - 1) / kBlock) * kBlock;
    const std::size_t with = random.Below((b.size() + kBlock - 1) / kBlock) * kBlock;
    const std::size_t size = std::min({kBlock, a.size() - at, b.size() - with});
    if (a.compare(at, size, b, with, size) == 0) continue;
    std::swap_ranges(a.begin() + static_cast<std::ptrdiff_t>(at),
                     a.begin() + static_cast<std::ptrdiff_t>(at + size),
                     b.begin() + static_cast<std::ptrdiff_t>(with));
    rot.kind = from == to ? KindOf(from) + " within" : KindOf(from) + " with " + KindOf(to);
    rot.what = std::to_string(size) + " bytes of " + from + " at " + std::to_string(at) + " and " +
               to + " at " + std::to_string(with) + " changed places";
    return rot;
  }
}

// A file of an earlier state in place: one that differs now, or that is not there any more.
Rot PutStale(const OldStore& store, Random& random) {
  for (;;) {
    Rot rot{"", "", store.now()};
    const std::size_t state = random.Below(store.earlier().size());
    const Files& earlier = store.earlier()[state];
    const std::string name = PickFile(earlier, random, 1);
    const auto now = rot.files.find(name);
    if (now != rot.files.end() && now->second == earlier.at(name)) continue;
    rot.kind = KindOf(name) + (now == rot.files.end() ? " that is gone" : " that changed");
    rot.files[name] = earlier.at(name);
    rot.what = name + " as it was in state " + std::to_string(state);
    return rot;
  }
}

using MakeRot = Rot (*)(const OldStore&, Random&);

void RunRot(const std::string& what, std::uint64_t seed, std::size_t wanted, std::size_t a_store,
            MakeRot make) {
  Counts counts;
  std::vector<std::string> wrong;
  const std::uint64_t first = seed;
  std::size_t cases = 0;
  for (; cases < wanted; ++seed) {
    const OldStore store(seed);
    REQUIRE(store.Read(store.now()) == "right");
    for (std::size_t i = 0; i < a_store && cases < wanted; ++i, ++cases) {
      Random random(seed * 1'000'000 + i);
      const Rot rot = make(store, random);
      const std::string came = store.Read(rot.files);
      const bool allowed_prefix = came != "prefix" || rot.kind.find("log") != std::string::npos ||
                                  rot.kind == "MANIFEST that changed";
      ++counts[rot.kind + ": " + (came.starts_with("WRONG") ? "WRONG" : came)];
      if (came.starts_with("WRONG") || !allowed_prefix)
        wrong.push_back("seed " + std::to_string(seed) + ", case " + std::to_string(i) + ", " +
                        rot.what + ": " + came);
    }
  }
  WARN(cases << " " << what << ", seeds " << first << " to " << seed - 1 << ":" << ToText(counts));
  std::string listed;
  for (std::size_t i = 0; i < std::min<std::size_t>(wrong.size(), 20); ++i)
    listed += wrong[i] + "\n";
  INFO(wrong.size() << " are wrong, the first:\n" << listed);
  CHECK(wrong.empty());
}

// Bits that flip on the way from the disk, under a store that was opened well.
void RunFlippedReads(std::uint64_t seed, std::size_t wanted) {
  Counts counts;
  const std::uint64_t first = seed;
  for (std::size_t flips = 0; flips < wanted; ++seed) {
    const OldStore old(seed);
    EngineOptions options = old.options();
    options.rocks.block_cache_bytes = 0;
    options.profile_cache_bytes = 0;
    const TempFolder folder;
    WriteFolder(old.now(), folder / "store");
    FaultFileSystem files(folder / "store");
    auto engine = Must(Engine::OpenOn(
        Must(OpenRocksStoreIn(folder / "store", options.rocks, files.env())), options));
    for (std::size_t i = 0; i < 10; ++i) {
      INFO("seed " << seed << ", reading " << i);
      files.FlipReads(1 + i, seed + i);
      const std::string came = old.Judge(*engine);
      flips += files.flipped();
      ++counts[files.flipped() == 0 ? "none flipped: " + came : came];
      REQUIRE((came == "right" || (came.starts_with("error") && files.flipped() != 0)));
    }
    files.FlipReads(0, 0);
    REQUIRE(old.Judge(*engine) == "right");
  }
  WARN(wanted << " reads or more had a bit flipped, seeds " << first << " to " << seed - 1 << ":"
              << ToText(counts));
}

}  // namespace

TEST_CASE("a bit that flips in any file is found or does no harm") {
  RunRot("flipped bits", 5'000, 1'000, 200, FlipBit);
}
TEST_CASE("blocks that changed places are found or do no harm") {
  RunRot("blocks that changed places", 5'100, 100, 50, SwapBlocks);
}
TEST_CASE("a file of an earlier state is found or does no harm") {
  RunRot("files of an earlier state", 5'200, 100, 25, PutStale);
}
TEST_CASE("a bit that flips while it is read is found or does no harm") {
  RunFlippedReads(5'300, 20);
}
TEST_CASE("twenty thousand bits that flip are found or do no harm", "[slow]") {
  RunRot("flipped bits", 5'000'000, 20'000, 400, FlipBit);
}
TEST_CASE("two thousand pairs of blocks that changed places are found or do no harm", "[slow]") {
  RunRot("blocks that changed places", 5'100'000, 2'000, 100, SwapBlocks);
}
TEST_CASE("two thousand files of earlier states are found or do no harm", "[slow]") {
  RunRot("files of an earlier state", 5'200'000, 2'000, 50, PutStale);
}
TEST_CASE("five hundred bits that flip while they are read are found or do no harm", "[slow]") {
  RunFlippedReads(5'300'000, 500);
}

}  // namespace polyonym::harness
