// fuzz/input.h - what the fuzzers share: choices drawn from the input's bytes, a check that ends the run, a store to alter.
//
// THREADS: none.
#ifndef POLYONYM_TESTS_FUZZ_INPUT_H_
#define POLYONYM_TESTS_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "polyonym/store/store.h"

namespace polyonym::fuzz {

inline void Require(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "not so: %s\n", what.c_str());
  std::abort();
}
inline void Must(const absl::Status& status) { Require(status.ok(), status.ToString()); }

// What may become of bytes from disk.
inline void RequireRefusedWell(const absl::Status& status) {
  Require(status.ok() || absl::IsDataLoss(status) || absl::IsFailedPrecondition(status),
          status.ToString());
}

// Choices, a byte each; zeros once the bytes are used up.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}
  bool empty() const { return rest_.empty(); }
  std::uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  // REQUIRES: 0 < n <= 256.
  std::size_t Below(std::size_t n) { return Byte() % n; }
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return number;
  }
  std::string_view Rest() const { return rest_; }

 private:
  std::string_view rest_;
};

inline constexpr Table kTables[] = {Table::kLog, Table::kState, Table::kMeta, Table::kFeed};

// Calls row(table, key, value) for every row of the store.
template <class F>
void ForEachRow(const Store& store, const F& row) {
  for (const Table table : kTables) {
    Must(store.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
      row(table, std::string(key), std::string(value));
      return true;
    }));
  }
}

}  // namespace polyonym::fuzz

#endif  // POLYONYM_TESTS_FUZZ_INPUT_H_
