// golden/format_cells.h - cells of a checkpoint, read by hand as docs/format.md says, against what a view of the same state answers.
//
// What differs fails the test that runs.
#ifndef POLYONYM_TESTS_GOLDEN_FORMAT_CELLS_H_
#define POLYONYM_TESTS_GOLDEN_FORMAT_CELLS_H_

#include <cstdint>
#include <vector>

#include "golden/format_reader.h"
#include "polyonym/engine/view.h"

namespace polyonym::harness {

bool IsLife(const DocumentedGraph& graph, std::uint64_t number);
// The node that a number's class is spelt by, or the last life of a value.
std::uint64_t NodeOf(const DocumentedGraph& graph, std::uint64_t number);
// Lives that a value names now, the last one first.
std::vector<std::uint64_t> LivesOf(const DocumentedGraph& graph, std::uint64_t value);

// Until when no answer about a profile changes by time alone, in milliseconds since 1970.
inline constexpr std::uint64_t kForEver = 0x7fffffffffffffff;
std::uint64_t DueOf(const DocumentedGraph& graph, std::uint64_t profile);

// Who is in which segment, and dues. CheckCells() does it too.
void CheckSegments(const DocumentedGraph& graph, const View& view);

void CheckCells(const DocumentedStore& whole, const DocumentedGraph& graph, const View& view);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_FORMAT_CELLS_H_
