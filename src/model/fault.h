// model/fault.h - the first fault that is found in what a host defines, and what several definitions are checked for.
#ifndef POLYONYM_SRC_MODEL_FAULT_H_
#define POLYONYM_SRC_MODEL_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/utf8.h"
#include "polyonym/model/facts.h"

namespace polyonym {

inline constexpr std::int64_t kMaxSpanMs = std::int64_t{100} * 366 * 86'400'000;  // a hundred years
inline constexpr char kNameRule[] = "must be UTF-8 of 1 to 128 bytes";
inline constexpr char kDistinctRule[] = "is there twice; names must be distinct";

class Fault {
 public:
  // `at` and `field` are the place; they are joined only for a fault.
  void Require(bool holds, std::string_view at, std::string_view field, std::string_view rule) {
    if (holds || !status_.ok()) return;
    status_ =
        absl::InvalidArgumentError(std::string(at) + std::string(field) + ": " + std::string(rule));
  }
  // The fault of a part that is checked elsewhere, whose message begins with its field.
  void Take(const absl::Status& part, const std::string& at) {
    if (part.ok() || !status_.ok()) return;
    status_ = absl::InvalidArgumentError(at + "." + std::string(part.message()));
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// The place of an item of a list.
inline std::string Item(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

inline bool IsNameOrEmpty(std::string_view name) {
  return name.size() <= kMaxFactNameBytes && IsUtf8(name);
}
inline bool IsName(std::string_view name) { return !name.empty() && IsNameOrEmpty(name); }

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_FAULT_H_
