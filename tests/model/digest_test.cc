#include "model/digest.h"

#include <string>

#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// Empty where there is none.
std::string Hex(Digest digest, DigestOf of, const std::string& normalised) {
  std::string out = "what was there before, and was longer than any digest in hexadecimal can be";
  if (!DigestValue(digest, of, normalised, &out)) return "";
  return out;
}

}  // namespace

// The two values of "abc" are those of FIPS 180-4 and RFC 1321; the rest is what Python's hashlib gives.
TEST_CASE("a value is digested as its bytes stand, in lower-case hexadecimal") {
  CHECK(Hex(Digest::kSha256, DigestOf::kNormalised, "abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Hex(Digest::kMd5, DigestOf::kNormalised, "abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(Hex(Digest::kSha256, DigestOf::kNormalised, "ann@example.com") ==
        "71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476");
  CHECK(Hex(Digest::kMd5, DigestOf::kNormalised, "ann@example.com") ==
        "257c57037d384ae37ea27a07e8a01665");
  CHECK(Hex(Digest::kSha256, DigestOf::kNormalised, "张三") ==
        "1d841bc0ee98309cb7916670b7f0fdef5f4c35150711a41405ef3633b56322cf");
}

TEST_CASE("a phone is digested with the plus sign, without it, or without its country code") {
  struct Case {
    const char* phone;
    DigestOf of;
    const char* sha256;
    const char* md5;
  };
  const Case cases[] = {
      {"+8613800000001", DigestOf::kNormalised,
       "75b0b350d13fa7dacb9d1ffac898747465beeccb39f85b382f8a51521fb531ba",
       "759b40c001c3be6f36d639a5c8716eb1"},
      {"+8613800000001", DigestOf::kDigits,
       "5aa40fcbf4d463bb9b0e191ba25b386954c5fe3cd606f0c958392b33a67ee8cc",
       "082e8b47e44626e6369491a35cd63edb"},
      {"+8613800000001", DigestOf::kNationalDigits,
       "b1c4769e3ad14f68ea1a96b73bbe5a83d90792f044828c5daf9d908b0738b177",
       "4d009f30087e9aa9f5b5806d5f350017"},
      {"+12025550123", DigestOf::kNormalised,
       "d5ab8b77e69a81dfc634c3556c620d5d6753df6fc28c73c88c79a9332b705382",
       "f1c1e748152a2df77390d02a3574289c"},
      {"+12025550123", DigestOf::kDigits,
       "980239b79aee5c456445907b92af495ac97767f6d9ac081ad3a564344ae7fb9a",
       "10c412bbb09b67cc8bfe78fb3da585a2"},
      {"+12025550123", DigestOf::kNationalDigits,
       "1358418ac5f757338217c185e37dff7c606a3191792204e5c5c47629865579ce",
       "28c84525d46742c47f4f86a715d79b14"},
      {"+85251234567", DigestOf::kNormalised,
       "c5c8cfef84ec47f92f4c7b4f270ad4e94fa57aa69a350971d0660f1821dbcd6d",
       "29e73cf78a39a3976634bef31c84f174"},
      {"+85251234567", DigestOf::kDigits,
       "faceeb86ec155e19d58106ed53361a8d4413c4f0132c7204a56cc3bd74d9cc32",
       "f042165811244b3c59fe785b87e9d858"},
      {"+85251234567", DigestOf::kNationalDigits,
       "4b2418c625c8237a1af3b851f7b84b0b3a0fe9600d2bb2799ce8d622a8e2e17d",
       "6d378ed28770ac13ed8b0eae664326b0"},
      {"+390612345678", DigestOf::kNormalised,
       "37b702607839d6dc5fc81d95b52e550e336413bf7ae2e04cafeca79f066ea44b",
       "ed17fc08ccb88bc9afe47d31fd08c431"},
      {"+390612345678", DigestOf::kDigits,
       "472e1123cd4e2f66f1df06bd488dc6135dab8f80cbfcc4af144d042c005f0fb2",
       "78071c69e1da99ba2df97323d5c00213"},
      {"+390612345678", DigestOf::kNationalDigits,
       "eb8ee2449ad37fd3d1afc82aa7bf19407837e3b8b77a7841c1ac7ad6b611394b",
       "1820b59376fed03ddab5efcc5353bdc5"},
  };
  for (const Case& c : cases) {
    INFO(c.phone << " form " << static_cast<int>(c.of));
    CHECK(Hex(Digest::kSha256, c.of, c.phone) == c.sha256);
    CHECK(Hex(Digest::kMd5, c.of, c.phone) == c.md5);
  }
}

TEST_CASE("what is no phone has no digits to digest") {
  for (const char* value : {"", "ann@example.com", "13800000001"}) {
    INFO(value);
    CHECK(Hex(Digest::kSha256, DigestOf::kDigits, value).empty());
    CHECK(Hex(Digest::kMd5, DigestOf::kNationalDigits, value).empty());
  }
  for (const char* value : {"+", "+x", "+999"}) {
    INFO(value);
    CHECK(Hex(Digest::kMd5, DigestOf::kNationalDigits, value).empty());
  }
}

}  // namespace polyonym::harness
