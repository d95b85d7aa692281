// Sets that change from commit to commit, against std::set; and which chunks of them a checkpoint has to write.
#include "engine/member_set.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::engine {
namespace {

using harness::ForEachSeed;
using harness::Random;
using People = std::set<Node>;

constexpr std::uint32_t kChunks = 5;  // that people of a history lie in, spread over all there are
constexpr std::uint32_t kChunkNumbers[kChunks] = {0, 1, 2, 700, 65'535};

struct Turns {
  std::vector<Node> came, went;
};

// Where people are drawn from; histories stay in a few chunks for a while, so that others are left as they are.
struct Area {
  std::uint32_t chunks = kChunks;  // the first so many
  std::uint64_t spread = 20;       // different people of each, but for a few at its end
};

Node Somebody(Random& random, const Area& area) {
  const auto low =
      static_cast<Node>(random.Chance(20) ? 65'535 - random.Below(3) : random.Below(area.spread));
  return kChunkNumbers[random.Below(area.chunks)] << 16 | low;
}

// Whoever is drawn turns: out where they are in, in where they are out.
Turns RandomTurns(Random& random, const People& people, std::size_t most, const Area& area) {
  std::set<Node> drawn;
  for (std::uint64_t left = random.Below(most + 1); left > 0; --left)
    drawn.insert(Somebody(random, area));
  if (random.Chance(10)) {  // a chunk runs empty
    const std::uint32_t chunk = kChunkNumbers[random.Below(area.chunks)];
    for (const Node id : people) {
      if (id >> 16 == chunk) drawn.insert(id);
    }
  }
  Turns turns;
  for (const Node id : drawn) (people.contains(id) ? turns.went : turns.came).push_back(id);
  return turns;
}

void Turn(const Turns& turns, People* people) {
  for (const Node id : turns.went) people->erase(id);
  people->insert(turns.came.begin(), turns.came.end());
}

IdSet SetOf(const People& people) {
  return IdSet::Of(std::vector<std::uint32_t>(people.begin(), people.end()));
}

// One set's commits: what it held after each.
struct Told {
  MemberSet::Ptr set = MemberSet::Empty();
  People people;
  std::map<std::uint64_t, People> at = {{0, {}}};
  std::map<std::uint64_t, std::set<std::uint32_t>>
      turned;  // by commit: chunks that somebody came into or left
};

void Note(std::uint64_t commit, const Turns& turns, Told* told) {
  for (const std::vector<Node>* ids : {&turns.came, &turns.went}) {
    for (const Node id : *ids) told->turned[commit].insert(id >> 16);
  }
  Turn(turns, &told->people);
  told->at[commit] = told->people;
}

std::set<std::uint32_t> ChunksOfDifference(const People& a, const People& b) {
  std::vector<Node> other;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(other));
  std::set<std::uint32_t> chunks;
  for (const Node id : other) chunks.insert(id >> 16);
  return chunks;
}

// Of every commit: what differs is there, and so is where somebody came and went; ascending, each once.
std::string FaultOfChunks(const Told& told) {
  for (const auto& [since, people] : told.at) {
    const std::vector<std::uint32_t> got = told.set->ChunksSince(since);
    const std::set<std::uint32_t> once(got.begin(), got.end());
    const std::string where = " since " + std::to_string(since);
    if (!std::is_sorted(got.begin(), got.end()) || once.size() != got.size())
      return "not ascending" + where;
    std::set<std::uint32_t> want = ChunksOfDifference(people, told.people);
    for (auto at = told.turned.upper_bound(since); at != told.turned.end(); ++at)
      want.insert(at->second.begin(), at->second.end());
    for (const std::uint32_t chunk : want) {
      if (!once.contains(chunk)) return "chunk " + std::to_string(chunk) + " is missing" + where;
    }
  }
  return "";
}

std::string FaultOfPeople(const MemberSet& set, const People& people, Random& random,
                          const Area& area) {
  if (set.size() != people.size()) return "size " + std::to_string(set.size());
  if (!(set.ToSet() == SetOf(people))) return "ToSet()";
  for (const Node id : people) {
    if (!set.Contains(id)) return "without " + std::to_string(id);
  }
  for (int i = 0; i < 50; ++i) {
    const Node id = Somebody(random, area);
    if (set.Contains(id) != people.contains(id)) return "with " + std::to_string(id);
  }
  return "";
}

}  // namespace

TEST_CASE("a set that changes by commits holds who came and did not go and knows where") {
  ForEachSeed(1, 60, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    // Few people come and go again and again; of many there is a new set of bitmaps now and then.
    Area area;
    area.spread = random.Chance(50) ? 20 : 5'000;
    const std::size_t most = random.Chance(50) ? 4 : 150;
    Told told;
    std::uint64_t commit = 0;
    for (int step = 0; step < 60; ++step) {
      commit += 1 + random.Below(3);  // commits of others lie between
      CAPTURE(commit);
      if (random.Chance(20)) area.chunks = 1 + static_cast<std::uint32_t>(random.Below(kChunks));
      Turns turns;
      if (random.Chance(5)) {  // everybody is evaluated anew
        People next;
        for (std::uint64_t left = random.Below(400); left > 0; --left)
          next.insert(Somebody(random, area));
        std::set_difference(next.begin(), next.end(), told.people.begin(), told.people.end(),
                            std::back_inserter(turns.came));
        std::set_difference(told.people.begin(), told.people.end(), next.begin(), next.end(),
                            std::back_inserter(turns.went));
        told.set = MemberSet::Of(SetOf(next), commit, *told.set);
      } else {
        turns = RandomTurns(random, told.people, most, area);
        const MemberSet::Ptr before = told.set;
        const People people = told.people;
        told.set = told.set->With(turns.came, turns.went, commit);
        REQUIRE(FaultOfPeople(*before, people, random, area) == "");  // readers have it still
      }
      Note(commit, turns, &told);
      REQUIRE(FaultOfPeople(*told.set, told.people, random, area) == "");
      REQUIRE(FaultOfChunks(told) == "");
    }
    CHECK(told.set->ChunksSince(commit).empty());
  });
}

TEST_CASE("a chunk that was left as it was is not among those that changed") {
  MemberSet::Ptr set = MemberSet::Of(IdSet({1, 70'000, 140'000}), 5, *MemberSet::Empty());
  CHECK(set->ChunksSince(4) == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(set->ChunksSince(5).empty());
  set = set->With(std::vector<Node>{70'001}, {}, 6);
  CHECK(set->ChunksSince(5) == std::vector<std::uint32_t>{1});
  set = set->With({}, std::vector<Node>{140'000}, 9);
  CHECK(set->ChunksSince(5) == std::vector<std::uint32_t>{1, 2});
  CHECK(set->ChunksSince(6) == std::vector<std::uint32_t>{2});
  CHECK(set->ChunksSince(9).empty());
}

TEST_CASE("a chunk that became empty is among those that changed over folds too") {
  MemberSet::Ptr set = MemberSet::Of(IdSet({70'000}), 1, *MemberSet::Empty());
  set = set->With({}, std::vector<Node>{70'000}, 2);
  CHECK(set->size() == 0);
  CHECK(set->ChunksSince(1) == std::vector<std::uint32_t>{1});
  std::vector<Node> many;
  for (Node id = 0; id < 2'000; ++id) many.push_back(id);
  set = set->With(many, {}, 3);  // more than is kept beside bitmaps
  CHECK(set->size() == many.size());
  CHECK(set->ChunksSince(1) == std::vector<std::uint32_t>{0, 1});
  CHECK(set->ChunksSince(2) == std::vector<std::uint32_t>{0});
  set = set->With(std::vector<Node>{140'000}, {}, 4);
  set = set->With({}, std::vector<Node>{140'000}, 5);
  const MemberSet::Ptr other = MemberSet::Of(IdSet({200'000}), 6, *set);
  CHECK(other->ChunksSince(0) == std::vector<std::uint32_t>{0, 1, 2, 3});
  CHECK(other->ChunksSince(5) == std::vector<std::uint32_t>{0, 1, 2, 3});
  CHECK(other->ChunksSince(6).empty());
}

TEST_CASE("who comes and goes again between two commits is seen by readers of the one between") {
  const MemberSet::Ptr first = MemberSet::Of(IdSet({1, 2}), 1, *MemberSet::Empty());
  const MemberSet::Ptr second = first->With(std::vector<Node>{3}, std::vector<Node>{1}, 2);
  const MemberSet::Ptr third = second->With(std::vector<Node>{1}, std::vector<Node>{3}, 3);
  CHECK(first->ToSet() == IdSet({1, 2}));
  CHECK(second->ToSet() == IdSet({2, 3}));
  CHECK(third->ToSet() == IdSet({1, 2}));
  CHECK(third->ChunksSince(1) == std::vector<std::uint32_t>{0});
  CHECK(third->ChunksSince(2) == std::vector<std::uint32_t>{0});
}

TEST_CASE("the memory of a set is counted as it grows") {
  MemberSet::Ptr set = MemberSet::Empty();
  const std::size_t empty = set->bytes();
  set = set->With(std::vector<Node>{1, 2, 3}, {}, 1);
  CHECK(set->bytes() >= empty + 3 * sizeof(Node));
}

}  // namespace polyonym::engine
