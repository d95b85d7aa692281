#include "engine/value_arena.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::engine {
namespace {

using harness::Random;
using Placed = std::vector<std::pair<std::uint64_t, std::string>>;  // place, value

constexpr std::uint64_t kChunkBytes = 16 * 1024;  // as a checkpoint cuts it

std::string RandomValue(Random& random) {
  const std::uint64_t length = random.Chance(3) ? random.Below(400'000) : random.Below(40);
  return std::string(length, static_cast<char>(random.Below(256)));
}

void AddSome(ValueArena& arena, Random& random, int count, Placed* placed) {
  for (int i = 0; i < count; ++i) {
    const std::string value = RandomValue(random);
    placed->emplace_back(arena.Add(value), value);
  }
}

bool HoldsAll(const ValueArena& arena, const Placed& placed) {
  return std::all_of(placed.begin(), placed.end(),
                     [&](const auto& one) { return arena.At(one.first) == one.second; });
}

// A new arena with the bytes of another up to `end`, cut as a checkpoint of a commit cuts them.
void Copy(const ValueArena& from, std::uint64_t end, ValueArena* to, std::uint64_t commit = 0) {
  for (std::uint64_t at = 0; at < end; at += kChunkBytes)
    to->Restore(at, from.Raw(at, std::min(kChunkBytes, end - at), commit));
}

}  // namespace

TEST_CASE("values stay where they were put, over as many blocks as it takes") {
  harness::ForEachSeed(1, 10, [](std::uint64_t seed) {
    Random random(seed);
    ValueArena arena;
    CHECK(arena.end() == 0);
    Placed placed;
    AddSome(arena, random, 1'500, &placed);
    INFO("seed " << seed);
    REQUIRE(HoldsAll(arena, placed));
    REQUIRE(arena.bytes() >= 4 * ValueArena::kBlockBytes);  // the directory grew
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const auto& [place, value] = placed[i];
      REQUIRE(place % ValueArena::kBlockBytes + 4 + value.size() <=
              ValueArena::kBlockBytes);  // in one block
      REQUIRE((i == 0 || place > placed[i - 1].first));
      REQUIRE(place + 4 + value.size() <= arena.end());
    }
  });
}

TEST_CASE("an empty value is one, and so is what fills a block or the rest of one") {
  ValueArena arena;
  const std::string whole(ValueArena::kBlockBytes - 4, 'x'), rest(ValueArena::kBlockBytes - 8, 'y');
  Placed placed;
  for (const std::string& value : {std::string(), rest, whole, std::string()}) {
    placed.emplace_back(arena.Add(value), value);
  }
  CHECK(HoldsAll(arena, placed));
  CHECK(placed[1].first == 4);
  CHECK(placed[2].first == ValueArena::kBlockBytes);
  CHECK(placed[3].first == 2 * ValueArena::kBlockBytes);
  CHECK(arena.end() == 2 * ValueArena::kBlockBytes + 4);
}

TEST_CASE("an arena takes up the memory of what it holds, not of a block") {
  ValueArena arena;
  CHECK(arena.bytes() == 0);
  for (int i = 0; i < 1'000; ++i) arena.Add("a value of twenty-eight bytes");
  CHECK(arena.bytes() >= arena.end());
  CHECK(arena.bytes() <= arena.end() + 4'096);
}

TEST_CASE("what is put back in pieces is the same arena, and goes on as the first would have") {
  harness::ForEachSeed(1, 10, [](std::uint64_t seed) {
    Random random(seed);
    ValueArena arena;
    Placed placed;
    AddSome(arena, random, 300, &placed);
    const std::uint64_t end = arena.end();
    const Placed before = placed;
    AddSome(arena, random, 20, &placed);  // behind what is copied
    ValueArena copy;
    Copy(arena, end, &copy);
    INFO("seed " << seed);
    REQUIRE(copy.end() == end);
    REQUIRE(HoldsAll(copy, before));
    for (std::size_t i = before.size(); i < placed.size(); ++i) {
      REQUIRE(copy.Add(placed[i].second) == placed[i].first);
    }
    REQUIRE(HoldsAll(copy, placed));
  });
}

TEST_CASE("readers read what was published to them, while blocks are added") {
  constexpr std::size_t kValues = 3'000;
  constexpr int kReaders = 2;
  std::vector<std::uint64_t> places(kValues);
  const auto value_of = [](std::size_t i) {
    return std::string(2'000 + i % 7, static_cast<char>('a' + i % 26));
  };
  ValueArena arena;
  std::atomic<std::size_t> published{0};
  std::atomic<int> wrong{0};
  std::barrier start(kReaders + 1);
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&, r] {
      Random random(static_cast<std::uint64_t>(r));
      start.arrive_and_wait();
      for (std::size_t size = 0;
           size < kValues;) {  // the last round reads what is there in the end
        size = published.load(std::memory_order_acquire);
        for (int i = 0; i < 20 && size > 0; ++i) {
          const std::size_t n = random.Chance(50) ? size - 1 : random.Below(size);
          wrong += arena.At(places[n]) != value_of(n);
        }
      }
    });
  }
  start.arrive_and_wait();
  for (std::size_t i = 0; i < kValues; ++i) {
    places[i] = arena.Add(value_of(i));
    published.store(i + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE(
    "what was wiped is in no later checkpoint and stays for earlier readers until they are gone") {
  harness::ForEachSeed(1, 10, [](std::uint64_t seed) {
    INFO("seed " << seed);
    Random random(seed);
    ValueArena arena;
    Placed placed;
    AddSome(arena, random, 300, &placed);
    Placed kept, wiped;
    for (const auto& one : placed) {
      (random.Chance(30) ? wiped : kept).push_back(one);
    }
    for (const auto& [place, value] : wiped) arena.Wipe(place, 7);
    REQUIRE(HoldsAll(arena, placed));
    ValueArena before, after;
    Copy(arena, arena.end(), &before, 6);
    Copy(arena, arena.end(), &after, 7);
    CHECK(HoldsAll(before, placed));
    CHECK(HoldsAll(after, kept));
    for (const auto& [place, value] : wiped) CHECK(after.At(place).empty());
    arena.Reclaim(6);
    CHECK(HoldsAll(arena, placed));
    arena.Reclaim(7);
    CHECK(HoldsAll(arena, kept));
    for (const auto& [place, value] : wiped) CHECK(arena.At(place).empty());
    std::size_t told = 0;
    arena.ForEachWiped(6, 7, [&](std::uint64_t, std::uint64_t) { ++told; });
    CHECK(told == wiped.size());
    arena.ForEachWiped(7, 9, [&](std::uint64_t, std::uint64_t) { ++told; });
    CHECK(told == wiped.size());
  });
}

}  // namespace polyonym::engine
