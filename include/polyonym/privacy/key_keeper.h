// privacy/key_keeper.h - the host's key service, as the library sees it: it wraps keys, and never shows the key that it wraps them under.
//
// THREADS: implementations are thread-safe.
#ifndef POLYONYM_PRIVACY_KEY_KEEPER_H_
#define POLYONYM_PRIVACY_KEY_KEEPER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace polyonym {

class KeyKeeper {
 public:
  virtual ~KeyKeeper() = default;

  // `key` (32 bytes) under the newest master key; what comes of it is stored, and means nothing without the keeper.  ERRORS: the host's own.
  virtual absl::StatusOr<std::string> Wrap(std::string_view key) = 0;

  // The key out of what Wrap() gave, under whichever master key it was.  ERRORS: PermissionDenied (another master key, or bytes that
  // somebody changed), the host's own.
  virtual absl::StatusOr<std::string> Unwrap(std::string_view wrapped) = 0;
};

// A keeper over a master key at hand, 32 bytes: AES-256-GCM. For hosts whose key service gives out a secret instead of wrapping.
// ERRORS: InvalidArgument (not 32 bytes).
absl::StatusOr<std::shared_ptr<KeyKeeper>> MakeKeyKeeper(std::string_view master_key);

}  // namespace polyonym

#endif  // POLYONYM_PRIVACY_KEY_KEEPER_H_
