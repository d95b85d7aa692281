#include "polyonym/store/versioned_array.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::harness {
namespace {

using Cells = std::vector<std::uint64_t>;

// An array and what it should show at every commit that somebody may still ask for.
template <std::size_t kPageCells>
class ArrayHistory {
 public:
  explicit ArrayHistory(std::uint64_t seed) : random_(seed) {}

  // One commit: cells change, and it is published.
  void Commit() {
    commit_ += 1 + random_.Below(3);
    array_.Begin(commit_);
    Cells cells = Newest().cells;
    std::vector<std::uint64_t> written = Newest().page_commits;
    const auto touch = [&](std::size_t index) {
      written.resize(std::max(written.size(), index / kPageCells + 1));
      written[index / kPageCells] = commit_;
    };
    for (std::uint64_t i = random_.Chance(10) ? random_.Below(2'000) : random_.Below(6); i > 0;
         --i) {
      touch(cells.size());
      cells.push_back(random_.Below(1'000));
      Expect(array_.Append(cells.back()) == cells.size() - 1, "Append");
    }
    for (std::uint64_t i = cells.empty() ? 0 : random_.Below(6); i > 0; --i) {
      const std::size_t at = random_.Below(cells.size());
      touch(at);
      array_.Write(at) = cells[at] = random_.Below(1'000);
    }
    Expect(array_.size() == cells.size(), "size of the open commit");
    for (std::size_t i = 0; i < cells.size(); ++i) Expect(array_.Latest(i) == cells[i], "Latest");
    states_[commit_] = {cells, written};
    Expect(array_.size() == Newest().cells.size(), "size");
  }

  // Nobody asks any more for what is older than some commit.
  void Reclaim() {
    if (states_.empty()) return;
    auto oldest =
        std::next(states_.begin(), static_cast<std::ptrdiff_t>(random_.Below(states_.size())));
    array_.Reclaim(oldest->first);
    states_.erase(states_.begin(), oldest);
  }

  void Check() {
    const Cells& newest = Newest().cells;
    for (std::size_t i = 0; i < newest.size(); ++i) Expect(array_.Latest(i) == newest[i], "Latest");
    for (const auto& [commit, state] : states_) {
      for (std::size_t i = 0; i < state.cells.size(); ++i) {
        Expect(array_.At(i, commit) == state.cells[i], "At");
        Expect(array_.PageCommit(i, commit) == state.page_commits[i / kPageCells], "PageCommit");
      }
    }
  }
  const std::string& fault() const { return fault_; }
  std::size_t pinned() const { return states_.size(); }

 private:
  struct State {
    Cells cells;
    std::vector<std::uint64_t> page_commits;  // by page: the commit that last wrote to it
  };
  const State& Newest() const {
    static const State kEmpty{};
    return states_.empty() ? kEmpty : states_.rbegin()->second;
  }
  void Expect(bool right, const char* what) {
    if (!right && fault_.empty()) fault_ = what;
  }

  Random random_;
  VersionedArray<std::uint64_t, kPageCells> array_;
  std::uint64_t commit_ = 0;
  std::map<std::uint64_t, State> states_;  // by commit, those still wanted
  std::string fault_;
};

template <std::size_t kPageCells>
void RunHistories(std::uint64_t count) {
  ForEachSeed(1, count, [](std::uint64_t seed) {
    ArrayHistory<kPageCells> history(seed);
    for (int step = 0; step < 60 && history.fault().empty(); ++step) {
      history.Commit();
      if (step % 8 == 7) history.Reclaim();
      if (step % 8 == 3) history.Check();
    }
    history.Check();
    INFO("seed " << seed << ": " << history.fault());
    REQUIRE(history.fault().empty());
    REQUIRE(history.pinned() > 0);
  });
}

}  // namespace

TEST_CASE("every commit that is still wanted shows its cells, whatever came later") {
  RunHistories<8>(60);
}
TEST_CASE("pages of a single cell, over many segments, keep commits apart too") {
  RunHistories<1>(60);
}

TEST_CASE("an array grows over segments and directories, and every cell stays where it was") {
  VersionedArray<std::uint32_t, 1> array;  // 512 cells a segment, 8 segments in the first directory
  array.Begin(1);
  for (std::uint32_t i = 0; i < 10'000; ++i) array.Append(i);
  array.Begin(2);
  for (std::uint32_t i = 0; i < 10'000; i += 3) array.Write(i) = i + 1;
  bool right = true;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    right &= array.At(i, 1) == i && array.At(i, 2) == (i % 3 == 0 ? i + 1 : i);
    right &= array.PageCommit(i, 2) == (i % 3 == 0 ? 2 : 1);
  }
  CHECK(right);
}

TEST_CASE("pages that nobody wants are used again: rewriting cells does not grow the array") {
  VersionedArray<std::uint64_t> array;
  array.Begin(1);
  for (std::uint64_t i = 0; i < 1'000; ++i) array.Append(i);
  std::size_t settled = 0;
  for (std::uint64_t commit = 2; commit < 500; ++commit) {
    array.Begin(commit);
    for (std::uint64_t i = 0; i < 1'000; i += 8) array.Write(i) = commit;
    array.Reclaim(commit);
    if (commit == 10) settled = array.bytes();
  }
  CHECK(array.bytes() == settled);
  CHECK(array.At(0, 499) == 499);
  CHECK(array.At(1, 499) == 1);
}

namespace {

// Who reads which commit, as the engine's publisher keeps it.
class Pins {
 public:
  std::uint64_t Pin() {
    const std::lock_guard lock(mutex_);
    ++pins_[newest_];
    return newest_;
  }
  void Unpin(std::uint64_t commit) {
    const std::lock_guard lock(mutex_);
    if (--pins_[commit] == 0) pins_.erase(commit);
  }
  // Publishes a commit; returns the oldest that is wanted.
  std::uint64_t Publish(std::uint64_t commit) {
    const std::lock_guard lock(mutex_);
    newest_ = commit;
    return pins_.empty() ? newest_ : pins_.begin()->first;
  }

 private:
  std::mutex mutex_;
  std::uint64_t newest_ = 0;
  std::map<std::uint64_t, std::uint64_t> pins_;
};

// What the writer will do, known beforehand: the contents at each commit.
std::vector<Cells> PlanCommits(std::size_t commits) {
  Random random(99);
  std::vector<Cells> contents(1);
  for (std::size_t commit = 1; commit < commits; ++commit) {
    Cells cells = contents.back();
    for (std::uint64_t i = random.Below(40); i > 0; --i) cells.push_back(commit);
    for (std::uint64_t i = cells.empty() ? 0 : 10; i > 0; --i)
      cells[random.Below(cells.size())] = commit;
    contents.push_back(cells);
  }
  return contents;
}

}  // namespace

TEST_CASE("readers find every cell as their commit left it, while the writer goes on") {
  constexpr std::size_t kCommits = 300;
  constexpr int kReaders = 3;
  const std::vector<Cells> contents = PlanCommits(kCommits);
  VersionedArray<std::uint64_t, 2> array;
  Pins pins;
  std::barrier start(kReaders + 1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&] {
      start.arrive_and_wait();
      for (std::uint64_t commit = 0;
           commit + 1 < kCommits;) {  // the last round reads the last commit
        commit = pins.Pin();
        const Cells& want = contents[commit];
        for (std::size_t at = 0; at < want.size(); ++at) wrong += array.At(at, commit) != want[at];
        pins.Unpin(commit);
      }
    });
  }
  start.arrive_and_wait();
  for (std::size_t commit = 1; commit < kCommits; ++commit) {
    array.Begin(commit);
    const Cells& want = contents[commit];
    for (std::size_t at = 0; at < want.size(); ++at) {
      if (at >= array.size()) {
        array.Append(want[at]);
      } else if (array.Latest(at) != want[at]) {
        array.Write(at) = want[at];
      }
    }
    array.Reclaim(pins.Publish(commit));
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("pages that were freed are given back once no reader wants them, and read as empty") {
  VersionedArray<std::uint64_t, 4> array;
  array.Begin(1);
  for (std::uint64_t i = 0; i < 4000; ++i) array.Append(i + 1);
  array.Begin(2);
  for (std::size_t i = 0; i < 3000; ++i) array.Write(i) = 0;
  for (std::size_t i = 0; i < 3000; i += 4) array.Free(i);
  const std::size_t bytes = array.bytes();
  array.GiveBack(1);  // a reader of commit 1 is there
  array.Reclaim(1);
  for (std::size_t i = 0; i < 4000; ++i) CHECK(array.At(i, 1) == i + 1);
  array.GiveBack(2);
  array.Reclaim(2);
  for (std::size_t i = 0; i < 4000; ++i) {
    CHECK(array.At(i, 2) == (i < 3000 ? 0 : i + 1));
    CHECK(array.Latest(i) == array.At(i, 2));
  }
  CHECK(array.PageCommit(0, 2) == 0);
  CHECK(array.PageCommit(3999, 2) == 1);
  // Both the old pages and the emptied ones are used again.
  array.Begin(3);
  array.Reclaim(3);
  for (std::uint64_t i = 0; i < 5000; ++i) array.Append(7);
  CHECK(array.bytes() < bytes + bytes / 4);
  for (std::size_t i = 0; i < 9000; ++i)
    CHECK(array.At(i, 3) == (i < 3000 ? 0 : i < 4000 ? i + 1 : 7));
}

TEST_CASE("free pages that are added take no memory, and what comes behind them is as ever") {
  VersionedArray<std::uint64_t, 4> array;
  array.Begin(1);
  const std::size_t bytes = array.bytes();
  for (int i = 0; i < 500; ++i) array.AppendFreePage();
  CHECK(array.size() == 2000);
  CHECK(array.bytes() - bytes <= 512 * sizeof(void*));  // a pointer to each
  CHECK(array.Append(9) == 2000);
  CHECK(array.At(1999, 1) == 0);
  CHECK(array.At(2000, 1) == 9);
}

}  // namespace polyonym::harness
