#include "engine/slot_table.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::engine {
namespace {

using harness::Random;

constexpr auto kNobody = [](std::uint32_t) { return false; };

// Every number that the table offers for a hash.
std::multiset<std::uint32_t> Offered(const SlotTable& table, std::uint64_t hash) {
  std::multiset<std::uint32_t> numbers;
  table.Find(hash, [&](std::uint32_t number) {
    numbers.insert(number);
    return false;
  });
  return numbers;
}

// The table offers the numbers of every hash that it cannot tell from this one: its lower half and
// its top six bits.
std::uint64_t Seen(std::uint64_t hash) { return hash & 0xfc000000ffffffff; }

}  // namespace

TEST_CASE("an empty table offers nothing") {
  const SlotTable table;
  for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    table.Prefetch(hash);
    CHECK(table.Find(hash, [](std::uint32_t) { return true; }) == kNone);
  }
}

TEST_CASE("numbers and hashes at the ends of their ranges are kept") {
  SlotTable table;
  const std::vector<std::uint32_t> numbers = {0, 1, 0x7fffffff, 0xfffffffd};
  for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    for (const std::uint32_t number : numbers) table.Insert(hash, number);
    CHECK(Offered(table, hash) == std::multiset<std::uint32_t>(numbers.begin(), numbers.end()));
    for (const std::uint32_t number : numbers) {
      CHECK(table.Find(hash, [&](std::uint32_t n) { return n == number; }) == number);
    }
    CHECK(table.Find(hash, kNobody) == kNone);
  }
}

TEST_CASE("after any history every number is offered under its hash, and no other") {
  harness::ForEachSeed(1, 200, [](std::uint64_t seed) {
    Random random(seed);
    // In some histories so few hashes that all collide.
    const std::uint64_t mask = random.Chance(30)   ? 1
                               : random.Chance(50) ? 0xfc0000000000000f
                                                   : ~std::uint64_t{0};
    SlotTable table;
    std::multimap<std::uint64_t, std::uint32_t> model;  // by what the table sees of a hash
    std::vector<std::uint64_t> hashes;
    std::uint32_t next = 0;
    bool agree = true;
    for (int step = 0; step < 400; ++step) {
      if (hashes.empty() || random.Chance(70)) {
        const std::uint64_t hash = (random.Below(2) << 63 | random.Below(~std::uint64_t{0})) & mask;
        hashes.push_back(hash);
        table.Insert(hash, next);
        model.emplace(Seen(hash), next++);
      } else {
        const std::uint64_t hash = random.Pick(hashes);
        const auto at = model.find(Seen(hash));
        table.Replace(hash, at->second, next);
        at->second = next++;
      }
      if (step % 100 == 50) table.Reclaim();
      const std::uint64_t asked =
          random.Chance(80) ? random.Pick(hashes) : random.Below(1'000) & mask;
      const auto [begin, end] = model.equal_range(Seen(asked));
      std::multiset<std::uint32_t> want;
      for (auto at = begin; at != end; ++at) want.insert(at->second);
      agree &= Offered(table, asked) == want;
    }
    for (const std::uint64_t hash : hashes)
      agree &= Offered(table, hash).size() == model.count(Seen(hash));
    INFO("seed " << seed);
    REQUIRE(agree);
  });
}

TEST_CASE("the first number for which it is asked is the answer, and no more are asked about") {
  SlotTable table;
  for (std::uint32_t n = 0; n < 50; ++n) table.Insert(7, n);
  int asked = 0;
  const std::uint32_t found = table.Find(7, [&](std::uint32_t) { return ++asked == 3; });
  CHECK(asked == 3);
  CHECK(found < 50);
}

TEST_CASE("tables that were outgrown are kept until they are reclaimed") {
  SlotTable table;
  for (std::uint32_t n = 0; n < 10'000; ++n) table.Insert(std::uint64_t{n} * 0x9e3779b97f4a7c15, n);
  const std::uint64_t grown = table.bytes();
  table.Reclaim();
  CHECK(table.bytes() < grown);
  CHECK(table.bytes() >= 10'000 * 8);
}

TEST_CASE("a table with room offers what one that grew offers, and has no old tables") {
  for (const std::uint64_t mask :
       {~std::uint64_t{0}, std::uint64_t{0xff}}) {  // the latter: one segment
    SlotTable grown, roomy;
    roomy.Reserve(10'000);
    const std::uint64_t reserved = roomy.bytes();
    for (std::uint32_t n = 0; n < 10'000; ++n) {
      const std::uint64_t hash = (std::uint64_t{n} * 0x9e3779b97f4a7c15) & mask;
      grown.Insert(hash, n);
      roomy.Insert(hash, n);
    }
    bool agree = true;
    for (std::uint32_t n = 0; n < 10'000; n += 7) {
      const std::uint64_t hash = (std::uint64_t{n} * 0x9e3779b97f4a7c15) & mask;
      agree &= Offered(grown, hash) == Offered(roomy, hash);
    }
    CHECK(agree);
    if (mask == ~std::uint64_t{0}) CHECK(roomy.bytes() == reserved);
  }
}

TEST_CASE("numbers that were erased are not found, and all others are") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    SlotTable table;
    std::map<std::uint32_t, std::uint64_t> hashes;  // of the numbers that are in it
    for (std::uint32_t n = 0; n < 600; ++n) {
      // Few homes, so that runs are long and go round the end.
      const std::uint64_t hash =
          random.Below(40) * 0x0400'0000'0000'0001 + random.Below(3) * 0xffff'fff7;
      table.Insert(hash, n);
      hashes[n] = hash;
      if (!random.Chance(60)) continue;
      auto victim = hashes.lower_bound(static_cast<std::uint32_t>(random.Below(n + 1)));
      if (victim == hashes.end()) victim = hashes.begin();
      table.Erase(victim->second, victim->first);
      table.Erase(victim->second, victim->first);  // it is gone: nothing happens
      const std::uint32_t gone = victim->first;
      CHECK(table.Find(victim->second, [&](std::uint32_t f) { return f == gone; }) == kNone);
      hashes.erase(victim);
    }
    for (const auto& [number, hash] : hashes)
      CHECK(table.Find(hash, [&, n = number](std::uint32_t f) { return f == n; }) == number);
    for (const auto& [number, hash] : hashes) table.Erase(hash, number);
    for (const auto& [number, hash] : hashes) CHECK(table.Peek(hash) == kNone);
  }
}

TEST_CASE("readers find every number that was published to them, while the table grows") {
  constexpr std::uint32_t kNumbers = 20'000;
  constexpr int kReaders = 2;
  const auto hash_of = [](std::uint32_t n) {
    return (std::uint64_t{n / 3} + 1) * 0x9e3779b97f4a7c15;
  };  // three share one
  SlotTable table;
  std::atomic<std::uint32_t> published{0};
  std::atomic<int> lost{0};
  std::barrier start(kReaders + 1);
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&, r] {
      Random random(static_cast<std::uint64_t>(r));
      start.arrive_and_wait();
      for (std::uint32_t size = 0; size < kNumbers;) {  // the last round finds the whole table
        size = published.load(std::memory_order_acquire);
        for (int i = 0; i < 100 && size > 0; ++i) {
          const auto n = static_cast<std::uint32_t>(random.Below(size));
          lost += table.Find(hash_of(n), [&](std::uint32_t found) { return found == n; }) != n;
        }
      }
    });
  }
  start.arrive_and_wait();
  for (std::uint32_t n = 0; n < kNumbers; ++n) {
    table.Insert(hash_of(n), n);
    published.store(n + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(lost == 0);
}

}  // namespace polyonym::engine
