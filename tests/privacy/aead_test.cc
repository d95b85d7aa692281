// The primitives against published test vectors, and against each other.
#include "privacy/aead.h"

#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym::privacy {
namespace {

std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

// Bytes first, first + 1, ..., last.
std::string Run(int first, int last) {
  std::string bytes;
  for (int i = first; i <= last; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

Nonce NonceOf(std::string_view bytes) {
  Nonce nonce;
  REQUIRE(bytes.size() == nonce.size());
  std::memcpy(nonce.data(), bytes.data(), bytes.size());
  return nonce;
}

}  // namespace

// Test cases 13 to 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega), which NIST took over: AES-256, nonces of 96 bits.
TEST_CASE("AES-256-GCM gives what its specification says") {
  struct Vector {
    const char *key, *nonce, *associated, *plain, *sealed;
  };
  const std::string zeros(64, '0');
  const char* const key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
  const Vector vectors[] = {
      {zeros.c_str(), "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
      {zeros.c_str(), "000000000000000000000000", "", "00000000000000000000000000000000",
       "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
      {key, "cafebabefacedbaddecaf888", "",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
       "b094dac5d93471bdec1a502270e3cc6c"},
      {key, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
       "76fc6ece0f4e1768cddf8853bb2d551b"},
  };
  for (const Vector& vector : vectors) {
    const Aead aead(SecretKey(FromHex(vector.key)));
    const Nonce nonce = NonceOf(FromHex(vector.nonce));
    for (int again = 0; again < 2; ++again) {  // by a new context, and by one that was used
      std::string sealed = "before", opened = "before";
      REQUIRE(aead.Seal(nonce, FromHex(vector.associated), FromHex(vector.plain), &sealed).ok());
      CHECK(ToHex(sealed.substr(6)) == vector.sealed);
      REQUIRE(aead.Open(nonce, FromHex(vector.associated), sealed.substr(6), &opened));
      CHECK(ToHex(opened.substr(6)) == vector.plain);
    }
  }
}

TEST_CASE("what was changed anywhere does not open and leaves nothing behind") {
  const Aead aead(SecretKey(Run(1, 32)));
  const Aead other(SecretKey(Run(2, 33)));
  const Nonce nonce = NonceOf(Run(1, 12));
  for (const std::size_t size : {0, 1, 15, 16, 17, 1'000}) {
    const std::string plain(size, 'p');
    std::string sealed, opened = "kept";
    REQUIRE(aead.Seal(nonce, "here", plain, &sealed).ok());
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string changed = sealed;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
      REQUIRE_FALSE(aead.Open(nonce, "here", changed, &opened));
    }
    for (std::size_t cut = 0; cut < sealed.size(); ++cut)
      REQUIRE_FALSE(aead.Open(nonce, "here", sealed.substr(0, cut), &opened));
    CHECK_FALSE(aead.Open(nonce, "her", sealed, &opened));
    CHECK_FALSE(aead.Open(nonce, "there", sealed, &opened));
    CHECK_FALSE(aead.Open(NonceOf(Run(2, 13)), "here", sealed, &opened));
    CHECK_FALSE(other.Open(nonce, "here", sealed, &opened));
    CHECK(opened == "kept");
    CHECK(aead.Open(nonce, "here", sealed, &opened));
    CHECK(opened == "kept" + plain);
  }
}

TEST_CASE("threads that seal and open at once do not disturb each other") {
  const Aead aead(SecretKey(Run(1, 32)));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      harness::Random random(t);
      for (std::uint32_t i = 0; i < 2'000; ++i) {
        Nonce nonce{};
        std::memcpy(nonce.data(), &i, sizeof i);
        nonce[11] = static_cast<unsigned char>(t);
        const std::string plain(random.Below(300), static_cast<char>('a' + t));
        std::string sealed, opened;
        if (!aead.Seal(nonce, plain, plain, &sealed).ok() ||
            !aead.Open(nonce, plain, sealed, &opened) || opened != plain)
          ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

// RFC 4231, test cases 1 to 4, 6 and 7 (5 cuts its hash short).
TEST_CASE("HMAC-SHA-256 gives what RFC 4231 says") {
  struct Vector {
    std::string key, text;
    const char* hash;
  };
  const Vector vectors[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {Run(1, 25), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Vector& vector : vectors) {
    const Hmac hmac(vector.key);
    CHECK(ToHex(View(hmac.Of(vector.text))) == vector.hash);
    for (std::size_t cut = 0; cut <= vector.text.size(); ++cut) {
      const std::string_view text = vector.text;
      REQUIRE(ToHex(View(hmac.Of(text.substr(0, cut), text.substr(cut)))) == vector.hash);
    }
  }
}

// RFC 5869, test cases 1 to 3.
TEST_CASE("HKDF-SHA-256 gives what RFC 5869 says") {
  CHECK(ToHex(DeriveBytes(std::string(22, '\x0b'), Run(0, 0x0c), Run(0xf0, 0xf9), 42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(ToHex(DeriveBytes(Run(0, 0x4f), Run(0x60, 0xaf), Run(0xb0, 0xff), 82)) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e"
        "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(ToHex(DeriveBytes(std::string(22, '\x0b'), "", "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("keys that are drawn are never the same and derived ones follow from what they are for") {
  std::set<std::string> drawn;
  for (int i = 0; i < 1'000; ++i) drawn.emplace(SecretKey::Draw()->view());
  CHECK(drawn.size() == 1'000);
  const SecretKey key(Run(1, 32));
  CHECK(DeriveKey(key, "", "rows").view() == DeriveKey(key, "", "rows").view());
  CHECK(DeriveKey(key, "", "rows").view() != DeriveKey(key, "", "row").view());
  CHECK(DeriveKey(key, "", "rows").view() != DeriveKey(key, "salt", "rows").view());
  CHECK(DeriveKey(key, "", "rows").view() != key.view());
}

TEST_CASE("bytes are the same where every one of them is") {
  CHECK(SameBytes("", ""));
  CHECK(SameBytes("abc", "abc"));
  CHECK_FALSE(SameBytes("abc", "abd"));
  CHECK_FALSE(SameBytes("abc", "ab"));
}

}  // namespace polyonym::privacy
