#include "polyonym/model/identifier.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"

namespace polyonym::harness {
namespace {

using std::string_literals::operator""s;

const std::string kInFamily = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$-";

std::string RandomOf(Random& random, const std::string& letters, std::size_t length) {
  std::string text;
  while (text.size() < length) text.push_back(letters[random.Below(letters.size())]);
  return text;
}

}  // namespace

TEST_CASE("a family has letters, digits and four marks, a scope one mark more") {
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char>(byte);
    INFO("byte " << byte);
    const bool in_family = kInFamily.find(c) != std::string::npos;
    CHECK(IsValidNamespace(std::string(1, c)) == in_family);
    CHECK(IsValidNamespace("a"s + c + "b") == (in_family || c == '/'));
    CHECK(IsValidNamespace("a/"s + c) == (in_family || c == '@'));
    CHECK(IsValidNamespace("a/b"s + c) == (in_family || c == '@'));
  }
}

TEST_CASE("a namespace is a family, or a family and one scope, and at most 128 bytes") {
  for (const char* good :
       {"phone", "wechat.openid/wx1234", "a", "a/b", "$_.-", "crm/user@host.example"}) {
    INFO(good);
    CHECK(IsValidNamespace(good));
  }
  for (const char* bad :
       {"", "/", "/b", "a/", "a/b/c", "a//b", "user@host", "a b", "p~1", "手机"}) {
    INFO(bad);
    CHECK_FALSE(IsValidNamespace(bad));
  }
  CHECK(IsValidNamespace(std::string(128, 'a')));
  CHECK_FALSE(IsValidNamespace(std::string(129, 'a')));
  CHECK(IsValidNamespace("a/" + std::string(126, 'b')));
  CHECK_FALSE(IsValidNamespace("a/" + std::string(127, 'b')));
}

TEST_CASE("family and scope are what stands before and behind the slash") {
  CHECK(FamilyOf("wechat.openid/wx1") == "wechat.openid");
  CHECK(ScopeOf("wechat.openid/wx1") == "wx1");
  CHECK(FamilyOf("phone") == "phone");
  CHECK(ScopeOf("phone").empty());
  CHECK(FamilyOf("").empty());
  CHECK(ScopeOf("/x") == "x");
}

TEST_CASE("an identifier is split at its first colon") {
  const auto parsed = ParseIdentifier("crm:a:b/c:");
  REQUIRE(parsed.ok());
  CHECK(*parsed == Identifier{"crm", "a:b/c:"});
  CHECK(ParseIdentifier("wechat.openid/wx1:o\0x"s).value() ==
        Identifier{"wechat.openid/wx1", "o\0x"s});
  CHECK(ParseIdentifier("crm: ").value().value == " ");
  CHECK(ParseIdentifier("crm:\xff").value().value == "\xff");
}

TEST_CASE("what is no identifier is an error that does not repeat it") {
  std::string too_long(129, 'a');
  too_long += ":13800001234";
  const std::vector<std::string> texts = {""s,
                                          ":"s,
                                          "phone"s,
                                          "phone:"s,
                                          ":13800001234"s,
                                          " phone:13800001234"s,
                                          "ph one:13800001234"s,
                                          "手机:13800001234"s,
                                          "p~1:13800001234"s,
                                          "phone\0:13800001234"s,
                                          too_long,
                                          std::string(1 << 20, 'x')};
  for (const std::string& text : texts) {
    const auto parsed = ParseIdentifier(text);
    INFO(text.substr(0, 40));
    REQUIRE_FALSE(parsed.ok());
    CHECK(absl::IsInvalidArgument(parsed.status()));
    CHECK(parsed.status().message().find("1380000") == std::string::npos);
  }
}

TEST_CASE("any identifier written is read as it was") {
  ForEachSeed(1, 500, [](std::uint64_t seed) {
    Random random(seed);
    Identifier identifier{RandomOf(random, kInFamily, 1 + random.Below(20)), ""};
    if (random.Chance(50))
      identifier.ns += "/" + RandomOf(random, kInFamily + "@", 1 + random.Below(9));
    for (std::uint64_t i = 1 + random.Below(12); i > 0; --i) {
      identifier.value.push_back(static_cast<char>(random.Below(256)));
    }
    const auto parsed = ParseIdentifier(ToString(identifier));
    INFO("seed " << seed);
    REQUIRE(parsed.ok());
    REQUIRE(*parsed == identifier);
  });
}

TEST_CASE("identifiers are ordered by namespace, then value, as bytes") {
  const std::vector<Identifier> sorted = {{"a", "\xff"}, {"a", "\xff\x01"}, {"a.b", ""},
                                          {"a/b", "0"},  {"aa", "1"},       {"aa", "10"},
                                          {"aa", "2"}};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      CHECK((sorted[i] < sorted[j]) == (i < j));
      CHECK((sorted[i] == sorted[j]) == (i == j));
    }
  }
}

TEST_CASE("profile ids are written in base 32 behind p~") {
  CHECK(ToString(ProfileId{0}) == "p~0");
  CHECK(ToString(ProfileId{9}) == "p~9");
  CHECK(ToString(ProfileId{10}) == "p~a");
  CHECK(ToString(ProfileId{31}) == "p~z");
  CHECK(ToString(ProfileId{32}) == "p~10");
  CHECK(ToString(ProfileId{1'000'000}) == "p~ygj0");
  CHECK(ToString(ProfileId{~std::uint64_t{0}}) == "p~fzzzzzzzzzzzz");
}

TEST_CASE("any profile id written is read as it was") {
  Random random(3);
  for (int i = 0; i < 2'000; ++i) {
    const ProfileId id{(~std::uint64_t{0} >> random.Below(64)) - random.Below(3)};
    INFO(id.value);
    REQUIRE(ParseProfileId(ToString(id)).value() == id);
  }
}

TEST_CASE("what is no profile id, or not as it was given out, is an error") {
  const std::string too_long = "p~" + std::string(1 << 16, '1');
  const std::vector<std::string> texts = {""s,
                                          "p"s,
                                          "p~"s,
                                          "1"s,
                                          "~1"s,
                                          "P~1"s,
                                          "p~A"s,
                                          "p~i"s,
                                          "p~l"s,
                                          "p~o"s,
                                          "p~u"s,
                                          "p~01"s,
                                          "p~00"s,
                                          "p~-1"s,
                                          "p~+1"s,
                                          " p~1"s,
                                          "p~1 "s,
                                          "p~1\n"s,
                                          "p~\0"s,
                                          "p~1\0"s,
                                          "p~~1"s,
                                          "pp~1"s,
                                          "p~1/2"s,
                                          "p~gzzzzzzzzzzzz"s,  // one more than fits
                                          "p~g000000000000"s,
                                          "p~zzzzzzzzzzzzz"s,
                                          "p~10000000000000"s,
                                          "p~ffzzzzzzzzzzzz"s,
                                          "phone:1"s,
                                          "p~\xef\xbc\x91"s,
                                          too_long};
  for (const std::string& text : texts) {
    INFO(text.substr(0, 40));
    const auto parsed = ParseProfileId(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(absl::IsInvalidArgument(parsed.status()));
  }
  CHECK_FALSE(ParseIdentifier("p~1:x").ok());  // so a profile id is never taken for a namespace
}

}  // namespace polyonym::harness
