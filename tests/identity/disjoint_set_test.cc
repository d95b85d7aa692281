#include "polyonym/identity/disjoint_set.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::identity {
namespace {

using Element = DisjointSet::Element;

// Every element's group by a label, changed one by one.
class Labels {
 public:
  void Grow(std::size_t elements) {
    while (label_.size() < elements) label_.push_back(static_cast<Element>(label_.size()));
  }
  bool Same(Element a, Element b) const { return label_[a] == label_[b]; }
  void Join(Element a, Element b) {
    const Element from = label_[a], to = label_[b];
    std::replace(label_.begin(), label_.end(), from, to);
  }
  std::size_t SizeOf(Element x) const {
    return static_cast<std::size_t>(std::count(label_.begin(), label_.end(), label_[x]));
  }

 private:
  std::vector<Element> label_;
};

}  // namespace

TEST_CASE("elements start alone, and growing leaves those that are there as they are") {
  DisjointSet sets(2);
  CHECK(sets.size() == 2);
  sets.Union(0, 1);
  sets.Grow(4);
  CHECK(sets.size() == 4);
  CHECK(sets.Find(0) == sets.Find(1));
  CHECK(sets.Find(2) == 2);
  CHECK(sets.GroupSize(1) == 2);
  CHECK(sets.GroupSize(3) == 1);
  sets.Grow(1);
  CHECK(sets.size() == 4);
}

TEST_CASE("the larger group's root survives a union, and the lower root where they are alike") {
  DisjointSet sets(6);
  CHECK(sets.Union(4, 2) == 2);
  CHECK(sets.Union(0, 4) == 2);
  CHECK(sets.Union(0, 2) == 2);  // joined already
  CHECK(sets.Union(5, 3) == 3);
  CHECK(sets.Union(3, 2) == 2);
  CHECK(sets.Union(1, 5) == 2);
}

TEST_CASE("random unions give the groups and sizes that labels give") {
  harness::ForEachSeed(1, 200, [](std::uint64_t seed) {
    INFO("seed " << seed);
    harness::Random random(seed);
    DisjointSet sets;
    Labels labels;
    std::size_t elements = 1 + random.Below(30);
    sets.Grow(elements);
    labels.Grow(elements);
    bool agree = true;
    for (int step = 0; step < 60; ++step) {
      if (random.Chance(20)) {
        elements += random.Below(4);
        sets.Grow(elements);
        labels.Grow(elements);
      }
      const auto a = static_cast<Element>(random.Below(elements));
      const auto b = static_cast<Element>(random.Below(elements));
      const Element root = sets.Union(a, b);
      labels.Join(a, b);
      agree &= root == sets.Find(a) && root == sets.Find(b);
      for (Element x = 0; x < elements; ++x) {
        agree &= sets.GroupSize(x) == labels.SizeOf(x);
        agree &= (sets.Find(x) == root) == labels.Same(x, a);
        agree &= sets.Find(sets.Find(x)) == sets.Find(x);
      }
    }
    REQUIRE(agree);
  });
}

}  // namespace polyonym::identity
