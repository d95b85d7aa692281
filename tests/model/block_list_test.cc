#include <string>
#include <vector>

#include "harness/catch.h"
#include "model/one_namespace.h"

namespace polyonym::harness {
namespace {

const std::vector<std::string>& Placeholders() {
  static const std::vector<std::string> kValues = {"null",
                                                   "NULL",
                                                   " Null ",
                                                   "(null)",
                                                   "undefined",
                                                   "None",
                                                   "nil",
                                                   "NaN",
                                                   "N/A",
                                                   "#N/A",
                                                   "unknown",
                                                   "anonymous",
                                                   "Anonymous",
                                                   "-1",
                                                   "[object Object]",
                                                   "false",
                                                   "true",
                                                   "unset",
                                                   "\\N",
                                                   "未知",
                                                   "无",
                                                   "空",
                                                   "0",
                                                   "00000000000",
                                                   "0000-0000",
                                                   "00000000-0000-0000-0000-000000000000",
                                                   "00:00:00:00:00:00",
                                                   "0.0",
                                                   "138****1234",
                                                   "138****",
                                                   "a***@example.com",
                                                   "**",
                                                   "1.38E+10",
                                                   "1e+10",
                                                   "8.61E+12",
                                                   " ",
                                                   "\t\n"};
  return kValues;
}

const std::vector<std::string>& NearMisses() {
  static const std::vector<std::string> kValues = {"nullable",
                                                   "Null Island",
                                                   "anonymous_owl",
                                                   "annulled",
                                                   "-10",
                                                   "-1a",
                                                   "1",
                                                   "10",
                                                   "000a",
                                                   "0x0",
                                                   "false1",
                                                   "truett",
                                                   "无名",
                                                   "张空",
                                                   "a*b",
                                                   "138*1234",
                                                   "1.38E10",
                                                   "E+10",
                                                   "1E+",
                                                   "x1E+10",
                                                   "1E+x",
                                                   "none@example.com",
                                                   "N/A/B",
                                                   "00000000-0000-0000-0000-000000000001"};
  return kValues;
}

const std::vector<std::string>& TestPhones() {
  static const std::vector<std::string> kValues = {
      "13800138000", "138-0013-8000", "+86 13800138000", "12345678901",
      "13812345678", "1234567890",    "11111111111",     "13900000000"};
  return kValues;
}

}  // namespace

TEST_CASE("what programs write where a value is missing is blocked, under every normaliser") {
  for (const Normaliser normaliser : {Normaliser::kExact, Normaliser::kTrim, Normaliser::kLowerCase,
                                      Normaliser::kText, Normaliser::kPhone, Normaliser::kEmail}) {
    const OneNamespace ns(normaliser);
    for (const std::string& raw : Placeholders()) {
      INFO(raw << ", normaliser " << static_cast<int>(normaliser));
      CHECK(ns.Blocks(raw));
    }
  }
}

TEST_CASE("what only looks like a placeholder is not blocked") {
  const OneNamespace ns(Normaliser::kTrim);
  for (const std::string& raw : NearMisses()) {
    INFO(raw);
    CHECK(ns.ReasonOf(raw) == Reason::kNone);
  }
}

TEST_CASE(
    "numbers of tests and forms are blocked as phones, and are ids like any other elsewhere") {
  const OneNamespace phone(Normaliser::kPhone), id(Normaliser::kTrim);
  for (const std::string& raw : TestPhones()) {
    INFO(raw);
    CHECK(phone.Blocks(raw));
    CHECK_FALSE(id.Blocks(raw));
  }
  for (const char* raw : {"13800138001", "13812345679", "+86 13900000001", "010-6552 9988",
                          "13888888888", "+86 18611111111"}) {
    INFO(raw);
    CHECK(phone.ReasonOf(raw) == Reason::kNone);
  }
}

TEST_CASE("a placeholder is blocked in every spelling of its normal form") {
  const OneNamespace trim(Normaliser::kTrim), text(Normaliser::kText), phone(Normaliser::kPhone);
  for (const char* raw : {"\u3000null", "-1\u00A0", "\uFEFF0000"}) {
    INFO(raw);
    CHECK(trim.Blocks(raw));
  }
  for (const char* raw : {"ｎｕｌｌ", "００００", "１３８＊＊＊＊１２３４", "－１"}) {
    INFO(raw);
    CHECK(text.Blocks(raw));
  }
  for (const char* raw : {"１３８００１３８０００", "＋８６１３８００１３８０００"}) {
    INFO(raw);
    CHECK(phone.Blocks(raw));
  }
}

TEST_CASE("a host that knows better switches the list off") {
  const OneNamespace off(Normaliser::kTrim, false), phone_off(Normaliser::kPhone, false);
  for (const char* raw : {"null", "0", "138****1234", "1.38E+10", "-1"}) {
    INFO(raw);
    CHECK(off.ValueOf(raw) == raw);
  }
  CHECK(phone_off.ValueOf("13800138000") == "+8613800138000");
}

TEST_CASE("a blocked value is compared as it came and as it is normalised, whole") {
  NamespacePolicy ns = Declared("phone", Normaliser::kPhone);
  ns.blocked_values = {"+8613912345678", "4008 000", "switchboard"};
  const OneNamespace phone(ns);
  CHECK(phone.Blocks("139 1234 5678"));
  CHECK(phone.Judge("13912345678").value ==
        "+8613912345678");             // how it is spelt is known all the same
  CHECK(phone.Blocks("switchboard"));  // has no normal form: blocked by how it came
  CHECK(phone.ValueOf("13912345679") == "+8613912345679");
  CHECK(phone.ReasonOf("switchboards") == Reason::kNotNormalisable);

  NamespacePolicy text = Declared("name", Normaliser::kText);
  text.blocked_values = {"张三"};
  const OneNamespace name(text);
  CHECK(name.Blocks("\u3000张三 "));
  CHECK(name.ReasonOf("张三丰") == Reason::kNone);
}

TEST_CASE("a pattern blocks what it is found in, and an anchored one the whole alone") {
  NamespacePolicy ns = Declared("device");
  ns.normaliser = Normaliser::kLowerCase;
  ns.blocked_patterns = {"emulator", "^test-[0-9]+$"};
  const OneNamespace device(ns);
  CHECK(device.Blocks("x86-EMULATOR-1"));  // the normalised value is searched
  CHECK(device.Blocks("Test-42"));
  CHECK(device.ValueOf("my-test-42") == "my-test-42");
  CHECK(device.ValueOf("test-42a") == "test-42a");
}

TEST_CASE("a value that the valid pattern is not found in is held as not normalisable") {
  NamespacePolicy ns = Declared("openid", Normaliser::kExact);
  ns.valid_pattern = "^o[A-Za-z0-9_-]{5}$";
  ns.blocked_patterns = {"^oTEST"};
  const OneNamespace openid(ns);
  CHECK(openid.ValueOf("oA1-_b") == "oA1-_b");
  CHECK(openid.ReasonOf("xA1-_b") == Reason::kNotNormalisable);
  CHECK(openid.ReasonOf("oA1-_bc") == Reason::kNotNormalisable);
  CHECK(openid.ReasonOf("oTEST1") == Reason::kBlockedValue);  // what is blocked is said first
  CHECK(openid.ReasonOf("oTEST1234") == Reason::kBlockedValue);
}

}  // namespace polyonym::harness
