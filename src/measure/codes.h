// measure/codes.h - texts of a column as numbers: as they come, and in the order of the texts.
#ifndef POLYONYM_SRC_MEASURE_CODES_H_
#define POLYONYM_SRC_MEASURE_CODES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/text_hash.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::measure {

// Numbers texts as they come. The empty one is 0.
class CodesAsTheyCome {
 public:
  // None: it is new.
  std::optional<std::uint32_t> Find(std::string_view text) const;
  // `text` is new.
  std::uint32_t Add(std::string_view text);
  std::size_t size() const { return codes_.size(); }  // without the empty one
  std::vector<std::string_view> Texts() const;        // by code

 private:
  absl::flat_hash_map<std::string, std::uint32_t, TextHash, std::equal_to<>> codes_;
};

// Codes that are ordered as their texts are.
struct OrderedCodes {
  std::vector<std::string> texts;      // by new code, the empty one first
  std::vector<std::uint32_t> code_of;  // new code by old one; of texts that are not used: 0
};

// `used`: by old code, 0: no event has it; empty: all are used.  REQUIRES: distinct texts.  COST: a sort of texts.
OrderedCodes OrderCodes(std::span<const std::string_view> texts,
                        std::span<const std::uint8_t> used);

// What keeps an event from having the text in that column; empty: nothing does.
std::string FaultOfText(EventDimension dimension, std::string_view text);

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_CODES_H_
