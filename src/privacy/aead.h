// privacy/aead.h - what everything sealed stands on: AES-256-GCM, HMAC-SHA-256, HKDF-SHA-256 and random bytes, of OpenSSL.
//
// Keys are wiped where they lay when their owner goes. Nothing here says what is sealed under which key: docs/security.md does.
//
// THREADS: const members are thread-safe; free functions too.
#ifndef POLYONYM_SRC_PRIVACY_AEAD_H_
#define POLYONYM_SRC_PRIVACY_AEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::privacy {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

// 32 bytes that nobody may see.
class SecretKey {
 public:
  SecretKey() : bytes_{} {}
  // REQUIRES: kKeyBytes of them.
  explicit SecretKey(std::string_view bytes);
  SecretKey(const SecretKey& other) = default;
  SecretKey& operator=(const SecretKey& other) = default;
  ~SecretKey();

  // ERRORS: Unavailable (the system has no random bytes).
  static absl::StatusOr<SecretKey> Draw();

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kKeyBytes};
  }

 private:
  std::array<unsigned char, kKeyBytes> bytes_;
};

// Overwrites them, whatever a compiler thinks of it.
void Wipe(std::string* bytes);

// ERRORS: Unavailable.
absl::Status FillRandom(void* bytes, std::size_t size);

// Whether they are the same, in a time that does not tell where they differ.
bool SameBytes(std::string_view a, std::string_view b);

using Nonce = std::array<unsigned char, kNonceBytes>;

// AES-256-GCM under one key. The caller never gives a nonce twice.
//
// COST: about 0.4 µs, and 0.5 µs a KiB. Memory: some 700 bytes for each call that runs at once.
class Aead {
 public:
  explicit Aead(const SecretKey& key);
  ~Aead();
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  // Appends as many bytes as `plain` has, and kTagBytes. `associated` has to be the same to open it, and is not in it.
  // ERRORS: InvalidArgument (2 GiB or more), Internal (OpenSSL has no memory).
  absl::Status Seal(const Nonce& nonce, std::string_view associated, std::string_view plain,
                    std::string* out) const;

  // Appends what was sealed; false, and nothing appended, where it was not sealed so under this key.
  bool Open(const Nonce& nonce, std::string_view associated, std::string_view sealed,
            std::string* out) const;

 private:
  class Contexts;
  const std::unique_ptr<Contexts> contexts_;
};

// The same for a key that seals or opens this one text now. COST: about 0.3 µs more than with an Aead that is there, less than with one that is made.
// ERRORS: as Aead::Seal().
absl::Status SealOnce(const SecretKey& key, const Nonce& nonce, std::string_view plain,
                      std::string* out);
bool OpenOnce(const SecretKey& key, const Nonce& nonce, std::string_view sealed, std::string* out);

// Seals in place, or opens what it sealed, without a tag: whoever changes a bit changes it in the text. For what something else vouches for.
// ERRORS: as Aead::Seal().
absl::Status CryptOnce(const SecretKey& key, const Nonce& nonce, char* text, std::size_t size);

using Hash = std::array<unsigned char, 32>;
inline std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// HMAC-SHA-256 under one key: both of its key blocks are taken in once, so that a short text costs two blocks of SHA-256.
class Hmac {
 public:
  explicit Hmac(std::string_view key);
  ~Hmac();
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  Hash Of(std::string_view text) const { return Of(text, {}); }
  // Of both texts, one behind the other.
  Hash Of(std::string_view first, std::string_view second) const;

 private:
  class State;
  const std::unique_ptr<State> state_;
};

// HKDF-SHA-256 (RFC 5869): `bytes` of key, at most 8,160, for what `info` names.
std::string DeriveBytes(std::string_view secret, std::string_view salt, std::string_view info,
                        std::size_t bytes);
SecretKey DeriveKey(const SecretKey& secret, std::string_view salt, std::string_view info);

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_AEAD_H_
