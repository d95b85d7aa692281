// privacy/packing.h - values made smaller before they are sealed: what is sealed looks like noise, of which the disk's store makes nothing smaller.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_PRIVACY_PACKING_H_
#define POLYONYM_SRC_PRIVACY_PACKING_H_

#include <string>
#include <string_view>

namespace polyonym::privacy {

// `*packed` becomes the value in less bytes, by zstd; false where it would be hardly less, or the value is short.
// COST: about 4 µs a KiB.
bool Pack(std::string_view value, std::string* packed);

// `*value` becomes what was packed; false where the bytes are nothing that Pack() made.  COST: about 2 µs a KiB.
bool Unpack(std::string_view packed, std::string* value);

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_PACKING_H_
