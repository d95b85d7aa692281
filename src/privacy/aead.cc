#include "privacy/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace polyonym::privacy {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string* text, std::size_t from) {
  return reinterpret_cast<unsigned char*>(text->data()) + from;
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

constexpr std::size_t kBlockBytes = 64;  // of SHA-256

// Hashing fails where there is no memory alone: as a string would then.
void Expect(bool done) {
  if (!done) throw std::bad_alloc();
}

absl::Status NoMemory() { return absl::InternalError("OpenSSL failed: is memory left?"); }

}  // namespace

// ---- secrets ----

SecretKey::SecretKey(std::string_view bytes) : bytes_{} {
  assert(bytes.size() == kKeyBytes);
  std::memcpy(bytes_.data(), bytes.data(), std::min(bytes.size(), kKeyBytes));
}

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

absl::StatusOr<SecretKey> SecretKey::Draw() {
  SecretKey key;
  if (absl::Status status = FillRandom(key.bytes_.data(), kKeyBytes); !status.ok()) return status;
  return key;
}

void Wipe(std::string* bytes) {
  OPENSSL_cleanse(bytes->data(), bytes->size());
  bytes->clear();
}

absl::Status FillRandom(void* bytes, std::size_t size) {
  if (size <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
      RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(size)) == 1)
    return absl::OkStatus();
  return absl::UnavailableError("the system has no random bytes to make a key of");
}

bool SameBytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// ---- AES-256-GCM ----

// A context takes its key in once, which costs more than a short text does; so they are kept, as many as were ever wanted at once.
class Aead::Contexts {
 public:
  explicit Contexts(const SecretKey& key) : key_(key) {}

  // Lends a context of which the key is set; it comes back when `f` is through.
  template <class F>
  bool With(bool seals, const F& f) {
    Cipher context = Take(seals);
    if (context == nullptr) return false;
    const bool done = f(context.get());
    const std::lock_guard lock(mutex_);
    free_[seals].push_back(std::move(context));
    return done;
  }

 private:
  Cipher Take(bool seals) {
    {
      const std::lock_guard lock(mutex_);
      if (!free_[seals].empty()) {
        Cipher context = std::move(free_[seals].back());
        free_[seals].pop_back();
        return context;
      }
    }
    Cipher context(EVP_CIPHER_CTX_new());
    if (context == nullptr || EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                                Bytes(key_.view()), nullptr, seals ? 1 : 0) != 1)
      return nullptr;
    return context;
  }

  const SecretKey key_;
  std::mutex mutex_;
  std::vector<Cipher> free_[2] ABSL_GUARDED_BY(mutex_);  // those that open, those that seal
};

Aead::Aead(const SecretKey& key) : contexts_(std::make_unique<Contexts>(key)) {}
Aead::~Aead() = default;

absl::Status Aead::Seal(const Nonce& nonce, std::string_view associated, std::string_view plain,
                        std::string* out) const {
  constexpr std::size_t kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (plain.size() > kMost - kTagBytes || associated.size() > kMost)
    return absl::InvalidArgumentError("a value of 2 GiB or more cannot be sealed");
  const std::size_t before = out->size();
  out->resize(before + plain.size() + kTagBytes);
  const bool done = contexts_->With(true, [&](EVP_CIPHER_CTX* context) {
    int size = 0;
    return EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
           EVP_EncryptUpdate(context, nullptr, &size, Bytes(associated),
                             static_cast<int>(associated.size())) == 1 &&
           EVP_EncryptUpdate(context, Bytes(out, before), &size, Bytes(plain),
                             static_cast<int>(plain.size())) == 1 &&
           EVP_EncryptFinal_ex(context, Bytes(out, before + plain.size()), &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes,
                               Bytes(out, before + plain.size())) == 1;
  });
  if (done) return absl::OkStatus();
  out->resize(before);
  return NoMemory();
}

bool Aead::Open(const Nonce& nonce, std::string_view associated, std::string_view sealed,
                std::string* out) const {
  constexpr std::size_t kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (sealed.size() < kTagBytes || sealed.size() > kMost || associated.size() > kMost) return false;
  const std::string_view body = sealed.substr(0, sealed.size() - kTagBytes);
  // OpenSSL wants to be given the tag through a pointer that is not const.
  std::array<unsigned char, kTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + body.size(), kTagBytes);
  const std::size_t before = out->size();
  out->resize(before + body.size() + 1);  // one more: it takes no null for where nothing goes
  const bool done = contexts_->With(false, [&](EVP_CIPHER_CTX* context) {
    int size = 0;
    return EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
           EVP_DecryptUpdate(context, nullptr, &size, Bytes(associated),
                             static_cast<int>(associated.size())) == 1 &&
           EVP_DecryptUpdate(context, Bytes(out, before), &size, Bytes(body),
                             static_cast<int>(body.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context, Bytes(out, before + body.size()), &size) == 1;
  });
  if (!done) OPENSSL_cleanse(out->data() + before, body.size());  // nobody vouches for it
  out->resize(done ? before + body.size() : before);
  return done;
}

// ---- a key for one text ----

namespace {

constexpr std::size_t kMostOnce = static_cast<std::size_t>(std::numeric_limits<int>::max());

// A context of the thread's own, with another key in it each time; what it was last given lies in it until then. Null: there is no memory.
EVP_CIPHER_CTX* ContextFor(const SecretKey& key, const Nonce& nonce, bool seals) {
  struct OfThread {
    Cipher context[2] = {Cipher(EVP_CIPHER_CTX_new()), Cipher(EVP_CIPHER_CTX_new())};
    bool ready[2] = {};
  };
  thread_local OfThread own;
  EVP_CIPHER_CTX* const context = own.context[seals].get();
  if (context == nullptr) return nullptr;
  const EVP_CIPHER* const cipher = own.ready[seals] ? nullptr : EVP_aes_256_gcm();
  if (EVP_CipherInit_ex(context, cipher, nullptr, Bytes(key.view()), nonce.data(), seals ? 1 : 0) !=
      1)
    return nullptr;
  own.ready[seals] = true;
  return context;
}

}  // namespace

absl::Status SealOnce(const SecretKey& key, const Nonce& nonce, std::string_view plain,
                      std::string* out) {
  if (plain.size() > kMostOnce - kTagBytes)
    return absl::InvalidArgumentError("a value of 2 GiB or more cannot be sealed");
  const std::size_t before = out->size();
  out->resize(before + plain.size() + kTagBytes);
  EVP_CIPHER_CTX* const context = ContextFor(key, nonce, true);
  int size = 0;
  if (context != nullptr &&
      EVP_EncryptUpdate(context, Bytes(out, before), &size, Bytes(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context, Bytes(out, before + plain.size()), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes,
                          Bytes(out, before + plain.size())) == 1)
    return absl::OkStatus();
  out->resize(before);
  return NoMemory();
}

bool OpenOnce(const SecretKey& key, const Nonce& nonce, std::string_view sealed, std::string* out) {
  if (sealed.size() < kTagBytes || sealed.size() > kMostOnce) return false;
  const std::string_view body = sealed.substr(0, sealed.size() - kTagBytes);
  std::array<unsigned char, kTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + body.size(), kTagBytes);
  const std::size_t before = out->size();
  out->resize(before + body.size() + 1);  // one more: it takes no null for where nothing goes
  EVP_CIPHER_CTX* const context = ContextFor(key, nonce, false);
  int size = 0;
  const bool done =
      context != nullptr &&
      EVP_DecryptUpdate(context, Bytes(out, before), &size, Bytes(body),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context, Bytes(out, before + body.size()), &size) == 1;
  if (!done) OPENSSL_cleanse(out->data() + before, body.size());  // nobody vouches for it
  out->resize(done ? before + body.size() : before);
  return done;
}

absl::Status CryptOnce(const SecretKey& key, const Nonce& nonce, char* text, std::size_t size) {
  if (size > kMostOnce)
    return absl::InvalidArgumentError("a value of 2 GiB or more cannot be sealed");
  EVP_CIPHER_CTX* const context = ContextFor(key, nonce, true);
  auto* const bytes = reinterpret_cast<unsigned char*>(text);
  int done = 0;
  if (context != nullptr &&
      EVP_EncryptUpdate(context, bytes, &done, bytes, static_cast<int>(size)) == 1)
    return absl::OkStatus();
  return NoMemory();
}

// ---- HMAC-SHA-256 ----

class Hmac::State {
 public:
  explicit State(std::string_view key) : inner_(EVP_MD_CTX_new()), outer_(EVP_MD_CTX_new()) {
    std::array<unsigned char, kBlockBytes> block{};
    if (key.size() > kBlockBytes) {
      unsigned int size = 0;
      Expect(EVP_Digest(key.data(), key.size(), block.data(), &size, EVP_sha256(), nullptr) == 1);
    } else if (!key.empty()) {
      std::memcpy(block.data(), key.data(), key.size());
    }
    TakeIn(inner_.get(), block, 0x36);
    TakeIn(outer_.get(), block, 0x5c);
    OPENSSL_cleanse(block.data(), block.size());
  }

  Hash Of(std::string_view first, std::string_view second) const {
    thread_local const Digest scratch(EVP_MD_CTX_new());
    Hash hash{};
    unsigned int size = 0;
    Expect(scratch != nullptr && EVP_MD_CTX_copy_ex(scratch.get(), inner_.get()) == 1 &&
           EVP_DigestUpdate(scratch.get(), first.data(), first.size()) == 1 &&
           EVP_DigestUpdate(scratch.get(), second.data(), second.size()) == 1 &&
           EVP_DigestFinal_ex(scratch.get(), hash.data(), &size) == 1 &&
           EVP_MD_CTX_copy_ex(scratch.get(), outer_.get()) == 1 &&
           EVP_DigestUpdate(scratch.get(), hash.data(), hash.size()) == 1 &&
           EVP_DigestFinal_ex(scratch.get(), hash.data(), &size) == 1);
    return hash;
  }

 private:
  static void TakeIn(EVP_MD_CTX* context, std::array<unsigned char, kBlockBytes> block,
                     unsigned char pad) {
    for (unsigned char& byte : block) byte = static_cast<unsigned char>(byte ^ pad);
    Expect(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1 &&
           EVP_DigestUpdate(context, block.data(), block.size()) == 1);
    OPENSSL_cleanse(block.data(), block.size());
  }

  const Digest inner_, outer_;
};

Hmac::Hmac(std::string_view key) : state_(std::make_unique<State>(key)) {}
Hmac::~Hmac() = default;

Hash Hmac::Of(std::string_view first, std::string_view second) const {
  return state_->Of(first, second);
}

// ---- HKDF-SHA-256 ----

std::string DeriveBytes(std::string_view secret, std::string_view salt, std::string_view info,
                        std::size_t bytes) {
  Hash key = Hmac(salt).Of(secret);
  const Hmac expand(View(key));
  OPENSSL_cleanse(key.data(), key.size());
  std::string out, text;
  for (unsigned char count = 1; out.size() < bytes && count != 0; ++count) {
    text.append(info).push_back(static_cast<char>(count));
    const Hash block = expand.Of(text);
    out.append(View(block), 0, std::min(block.size(), bytes - out.size()));
    Wipe(&text);
    text.assign(View(block));
  }
  Wipe(&text);
  return out;
}

SecretKey DeriveKey(const SecretKey& secret, std::string_view salt, std::string_view info) {
  std::string bytes = DeriveBytes(secret.view(), salt, info, kKeyBytes);
  SecretKey key(bytes);
  Wipe(&bytes);
  return key;
}

}  // namespace polyonym::privacy
