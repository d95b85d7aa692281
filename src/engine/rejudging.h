// engine/rejudging.h - records on their way from one policy to the other: core_policy.cc, core_difference.cc.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_REJUDGING_H_
#define POLYONYM_SRC_ENGINE_REJUDGING_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/core.h"

namespace polyonym::engine {

// A record with what the policies before and after say of it.
struct Core::Rejudged {
  std::uint32_t record_index = 0;
  Record record;
  Judged before, now;
};

struct Core::Rejudging {
  // What a record counts of: a sighting of two nodes, or where v is kNone a mention of one.
  struct Part {
    Node u = 0;
    Node v = kNone;
    Span span;
  };

  const Progress* progress = nullptr;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::uint64_t judged = 0;
  bool may_be_plain = false;  // any record
  bool classes_move = false;  // a rename may count otherwise

  // Plain records that count otherwise, with what their cells will say of them; what goes of all of them, and what comes.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> plain;
  std::vector<Part> going, coming;

  std::vector<std::uint32_t> records;  // others that count otherwise
  // The first of them, as read; so many that a change of a few need not read them again.
  static constexpr std::size_t kKept = std::size_t{1} << 16;
  std::vector<Record> kept;
  // Namings of values whose validity differs; in order, since they make numbers.
  std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> namings;
  // Values with lives that a record was taken out of, and its time.
  std::set<std::pair<Node, std::int64_t>> left;

  void Step() {
    constexpr std::uint64_t kEvery = 4096;
    if (++done % kEvery == 0 && *progress) (*progress)(done, total);
  }
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_REJUDGING_H_
