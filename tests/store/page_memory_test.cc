#include "polyonym/store/page_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "harness/disk_folder.h"
#include "harness/engine_state.h"
#include "harness/random.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kPage = PageMemory::kPageBytes;

std::shared_ptr<PageMemory> MakeMemory(const DiskFolder& folder, std::uint64_t budget_bytes) {
  const int file = ::open(folder.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  return Must(PageMemory::Make(file, budget_bytes));
}

// What the system says is in memory.
std::uint64_t ResidentBytes(void* at, std::size_t bytes) {
  std::vector<unsigned char> in_core(bytes / kPage);
  REQUIRE(::mincore(at, bytes, in_core.data()) == 0);
  return kPage * static_cast<std::uint64_t>(std::count_if(
                     in_core.begin(), in_core.end(), [](unsigned char c) { return (c & 1) != 0; }));
}

std::uint64_t* Words(void* at) { return static_cast<std::uint64_t*>(at); }

TEST_CASE("memory beyond its budget is dropped and comes back as it was") {
  const DiskFolder folder;
  constexpr std::uint64_t kBudget = std::uint64_t{1} << 20;
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  const auto memory = MakeMemory(folder, kBudget);
  void* at = memory->Allocate(kBytes);
  for (std::size_t i = 0; i < kBytes / 8; ++i) Words(at)[i] = i * 0x9e3779b97f4a7c15u;
  memory->Keep();
  if (folder.on_disk()) {
    CHECK(ResidentBytes(at, kBytes) <= kBudget + kBudget / 4);
    CHECK(memory->stats().resident_bytes <= kBudget);
    CHECK(memory->stats().dropped_pages >= (kBytes - kBudget - kBudget / 4) / kPage);
  }
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < kBytes / 8; ++i) wrong += Words(at)[i] != i * 0x9e3779b97f4a7c15u;
  CHECK(wrong == 0);
  memory->Keep();  // what came back by being touched is noticed
  if (folder.on_disk()) CHECK(ResidentBytes(at, kBytes) <= kBudget + kBudget / 4);
}

TEST_CASE("what is wanted again and again stays, what is not goes") {
  const DiskFolder folder;
  if (!folder.on_disk()) return;
  constexpr std::uint64_t kBudget = std::uint64_t{2} << 20;
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  constexpr std::size_t kHot = std::size_t{1} << 20;
  const auto memory = MakeMemory(folder, kBudget);
  char* at = static_cast<char*>(memory->Allocate(kBytes));
  std::memset(at, 1, kBytes);
  Random random(1);
  const std::uint64_t before = memory->stats().read_ahead_pages;
  for (int round = 0; round < 400; ++round) {
    for (std::size_t i = 0; i < kHot; i += kPage) memory->Want(at + i, 8);
    for (int i = 0; i < 16; ++i) {
      char* cold = at + kHot + random.Below(kBytes - kHot - 8);
      memory->Want(cold, 8);
      *static_cast<volatile char*>(cold) = 2;
    }
    memory->Keep();
  }
  CHECK(ResidentBytes(at, kHot) >= kHot - kHot / 8);
  CHECK(ResidentBytes(at, kBytes) <= kBudget + kBudget / 4);
  CHECK(memory->stats().read_ahead_pages - before >= 1000);  // of the cold ones
}

TEST_CASE("memory that was given back is zero when it is given out again") {
  const DiskFolder folder;
  const auto memory = MakeMemory(folder, PageMemory::kMinBudgetBytes);
  Random random(20261128);
  struct Piece {
    unsigned char* at;
    std::size_t bytes;
    unsigned char fill;
  };
  std::vector<Piece> pieces;
  for (int step = 0; step < 3000; ++step) {
    if (random.Chance(60) || pieces.empty()) {
      const std::size_t bytes =
          random.Chance(50) ? 1 + random.Below(3000) : kPage * (1 + random.Below(8));
      Piece piece{static_cast<unsigned char*>(memory->Allocate(bytes)), bytes,
                  static_cast<unsigned char>(1 + random.Below(255))};
      REQUIRE(reinterpret_cast<std::uintptr_t>(piece.at) % (bytes >= kPage ? kPage : 64) == 0);
      REQUIRE(std::all_of(piece.at, piece.at + bytes, [](unsigned char c) { return c == 0; }));
      std::memset(piece.at, piece.fill, bytes);
      pieces.push_back(piece);
    } else {
      std::swap(pieces[random.Below(pieces.size())], pieces.back());
      const Piece piece = pieces.back();
      pieces.pop_back();
      REQUIRE(std::all_of(piece.at, piece.at + piece.bytes,
                          [&](unsigned char c) { return c == piece.fill; }));
      memory->Free(piece.at, piece.bytes);
    }
    if (random.Chance(20)) memory->Keep();
  }
  for (const Piece& piece : pieces)
    REQUIRE(std::all_of(piece.at, piece.at + piece.bytes,
                        [&](unsigned char c) { return c == piece.fill; }));
}

TEST_CASE("readers find what a writer wrote while pages come and go") {
  const DiskFolder folder;
  const auto memory = MakeMemory(folder, PageMemory::kMinBudgetBytes);
  constexpr std::size_t kBytes = std::size_t{2} << 20;
  auto* words = static_cast<std::atomic<std::uint64_t>*>(memory->Allocate(kBytes));
  constexpr std::size_t kWords = kBytes / 8;
  for (std::size_t i = 0; i < kWords; ++i) words[i].store(i, std::memory_order_relaxed);
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> readers;
  for (std::uint64_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      Random random(reader);
      while (!over) {
        const std::size_t i = random.Below(kWords);
        memory->Want(&words[i], 8);
        wrong += words[i].load(std::memory_order_relaxed) % kWords != i ? 1 : 0;
      }
    });
  }
  Random random(7);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = random.Below(kWords);
    memory->Want(&words[i], 8);
    words[i].fetch_add(kWords, std::memory_order_relaxed);
    if (step % 16 == 0) memory->Keep();
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("a budget that is too small is refused") {
  const DiskFolder folder;
  const int file = ::open(folder.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const auto memory = PageMemory::Make(file, PageMemory::kMinBudgetBytes - 1);
  REQUIRE(absl::IsInvalidArgument(memory.status()));
  CHECK(std::string(memory.status().message()).find("memory_budget_bytes") != std::string::npos);
}

TEST_CASE("a store in memory has no scratch file, one on disk has one without a name") {
  CHECK(absl::IsUnimplemented(OpenMemoryStore()->ScratchFile().status()));
  const DiskFolder folder;
  const auto store = Must(OpenRocksStore(folder.path() / "store", {}));
  const auto names = [&] {
    return std::distance(std::filesystem::directory_iterator(folder.path() / "store"), {});
  };
  const auto before = names();
  const int file = Must(store->ScratchFile());
  CHECK(names() == before);
  CHECK(::write(file, "x", 1) == 1);
  ::close(file);
}

}  // namespace
}  // namespace polyonym::harness
