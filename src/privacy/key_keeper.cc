#include "polyonym/privacy/key_keeper.h"

#include <cstring>
#include <utility>

#include "privacy/aead.h"

namespace polyonym {
namespace {

using privacy::kKeyBytes;
using privacy::kNonceBytes;
using privacy::kTagBytes;

// A wrapped key: version, nonce, the key sealed. Nonces are random: a master key wraps some hundred keys, and is safe for 2^32.
constexpr char kVersion = 1;
constexpr std::string_view kBoundTo = "polyonym wrapped key 1";

class MasterKeyKeeper : public KeyKeeper {
 public:
  explicit MasterKeyKeeper(const privacy::SecretKey& master) : master_(master) {}

  absl::StatusOr<std::string> Wrap(std::string_view key) override {
    privacy::Nonce nonce;
    if (absl::Status status = privacy::FillRandom(nonce.data(), nonce.size()); !status.ok())
      return status;
    std::string wrapped(1, kVersion);
    wrapped.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
    if (absl::Status status = master_.Seal(nonce, kBoundTo, key, &wrapped); !status.ok())
      return status;
    return wrapped;
  }

  absl::StatusOr<std::string> Unwrap(std::string_view wrapped) override {
    std::string key;
    if (wrapped.size() == 1 + kNonceBytes + kKeyBytes + kTagBytes && wrapped[0] == kVersion) {
      privacy::Nonce nonce;
      std::memcpy(nonce.data(), wrapped.data() + 1, kNonceBytes);
      key.reserve(kKeyBytes + 1);  // so that no copy of it is left where it grew
      if (master_.Open(nonce, kBoundTo, wrapped.substr(1 + kNonceBytes), &key)) return key;
    }
    return absl::PermissionDeniedError("this master key does not open what was wrapped");
  }

 private:
  const privacy::Aead master_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<KeyKeeper>> MakeKeyKeeper(std::string_view master_key) {
  if (master_key.size() != kKeyBytes)
    return absl::InvalidArgumentError("master_key: must be 32 bytes");
  return std::shared_ptr<KeyKeeper>(
      std::make_shared<MasterKeyKeeper>(privacy::SecretKey(master_key)));
}

}  // namespace polyonym
