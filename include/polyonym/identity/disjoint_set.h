// identity/disjoint_set.h - merges elements into groups (union-find).
//
// Use it when links arrive one by one and the current group is asked often. It cannot take a merge back: see
// identity/resolver.h for that. Memory: 8 bytes an element.
//
// THREADS: thread-compatible. Find() halves paths, so even readers need a lock.
// Invariants: (I1) parent chains end at a root. (I2) a root's size is its group's element count.
#ifndef POLYONYM_IDENTITY_DISJOINT_SET_H_
#define POLYONYM_IDENTITY_DISJOINT_SET_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace polyonym::identity {

class DisjointSet {
 public:
  using Element = std::uint32_t;

  DisjointSet() = default;
  explicit DisjointSet(std::size_t elements) { Grow(elements); }

  // Adds elements, each alone, until there are `elements` of them.
  void Grow(std::size_t elements) {
    for (std::size_t i = parent_.size(); i < elements; ++i) {
      parent_.push_back(static_cast<Element>(i));
      size_.push_back(1);
    }
  }

  std::size_t size() const { return parent_.size(); }

  // The root of the element's group.  REQUIRES: x < size().  COST: amortised near-constant (Tarjan and van Leeuwen 1984).
  Element Find(Element x) {
    while (parent_[x] != x) {
      parent_[x] = parent_[parent_[x]];
      x = parent_[x];
    }
    return x;
  }

  // Joins the groups of `a` and `b`; returns the surviving root: the larger group's, ties to the lower root.
  Element Union(Element a, Element b) {
    a = Find(a);
    b = Find(b);
    if (a == b) return a;
    if (size_[a] < size_[b] || (size_[a] == size_[b] && b < a)) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
    return a;
  }

  std::uint32_t GroupSize(Element x) { return size_[Find(x)]; }

 private:
  std::vector<Element> parent_;
  std::vector<std::uint32_t> size_;
};

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_DISJOINT_SET_H_
