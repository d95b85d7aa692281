// golden/rows.h - feed rows and log frames with everything in them, and the bytes that stand for them for ever.
//
// The bytes are lines `feed <sequence> <hex>`, `further <sequence> <hex>` (the same row, of graph kFurtherGraph) and `frame <number> <hex>`
// of format1/rows.txt. Feed rows of version 2 are `feed2` and `further2`; nothing writes those of version 1 any more.
#ifndef POLYONYM_TESTS_GOLDEN_ROWS_H_
#define POLYONYM_TESTS_GOLDEN_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/feed.h"
#include "engine/log.h"

namespace polyonym::harness {

inline constexpr std::uint32_t kFurtherGraph = 3;

// A row for each cause of law L7, whether anything causes it yet or not, and each kind of change that the version has; and one of several
// changes.
std::map<std::uint64_t, engine::FeedRow> GoldenFeedRows(int version);

// Frames by number: a policy of the first graph and one of a further one; a clock; records of every act, with and without everything that a record may lack.
std::map<std::uint64_t, engine::Frame> GoldenFrames();
// As the log writes it.
std::string EncodeFrame(std::uint64_t number, const engine::Frame& frame);

std::string ToHex(std::string_view bytes);
std::string FromHex(std::string_view hex);

// (`feed`, `further`, `feed2`, `further2` or `frame`, number) → bytes.
std::map<std::pair<std::string, std::uint64_t>, std::string> ReadRows(const std::string& path);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_ROWS_H_
