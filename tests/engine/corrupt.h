// engine/corrupt.h - what may happen to a stored value: bits that flip, ends that are cut, bytes
// that were never written so.
#ifndef POLYONYM_TESTS_ENGINE_CORRUPT_H_
#define POLYONYM_TESTS_ENGINE_CORRUPT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "engine/bytes.h"
#include "harness/histories.h"

namespace polyonym::engine {

// Flips each bit and cuts each end of a sealed value; `open` gives what is said of the result. The
// first that is not refused as it should be; empty: all are. The first byte is the version: a greater
// one is a newer format, whatever else there is.
template <class Open>
std::string FindAccepted(const std::string& sealed, const Open& open) {
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = sealed;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      const absl::Status status = open(broken);
      const bool newer = at == 0 && broken[0] != 0;
      if (newer ? absl::IsFailedPrecondition(status) : absl::IsDataLoss(status)) continue;
      return "bit " + std::to_string(bit) + " of byte " + std::to_string(at) + ": " +
             status.ToString();
    }
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    const absl::Status status = open(sealed.substr(0, length));
    if (!absl::IsDataLoss(status))
      return "cut to " + std::to_string(length) + " bytes: " + status.ToString();
  }
  const absl::Status longer = open(sealed + std::string(1, '\0'));
  if (!absl::IsDataLoss(longer)) return "a byte longer: " + longer.ToString();
  return "";
}

// A payload with a few bytes changed, put in or taken out, under a checksum that fits.
inline std::string Rewritten(std::string payload, const std::string& key, harness::Random& random) {
  for (std::uint64_t i = 1 + random.Below(3); i > 0 && !payload.empty(); --i) {
    const auto at = static_cast<std::ptrdiff_t>(random.Below(payload.size()));
    const std::uint64_t what = random.Below(4);
    const auto byte = static_cast<char>(random.Chance(30) ? 0xff : random.Below(256));
    if (what == 0) payload.erase(payload.begin() + at);
    if (what == 1) payload.insert(payload.begin() + at, byte);
    if (what == 2) payload[static_cast<std::size_t>(at)] = byte;
    if (what == 3 && random.Chance(20)) payload.resize(static_cast<std::size_t>(at));
  }
  return SealValue(1, key, payload);
}

}  // namespace polyonym::engine

#endif  // POLYONYM_TESTS_ENGINE_CORRUPT_H_
