#include "polyonym/model/judge.h"

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "model/one_namespace.h"

namespace polyonym::harness {
namespace {

// Names of at most one value: a phone number of any scope, an openid in each account.
Policy ShopPolicy() {
  Policy policy;
  policy.namespaces = {Declared("crm"), Declared("phone", Normaliser::kPhone),
                       Declared("openid", Normaliser::kExact),
                       Declared("email", Normaliser::kEmail)};
  policy.namespaces[1].limits = {{1, false, 0}};
  policy.namespaces[2].limits = {{1, true, 0}};
  policy.namespaces[3].limits = {{1, false, 1'000}, {2, false, 0}};
  return policy;
}

Record Report(Act act, const std::vector<RecordIdentifier>& identifiers) {
  Record record;
  record.source = "shop";
  record.id = "1";
  record.time_ms = 1;
  record.act = act;
  record.identifiers = identifiers;
  return record;
}

using Counts = std::vector<std::tuple<std::uint32_t, std::string, Role>>;  // index, value, role
using HeldOnes = std::vector<std::pair<std::uint32_t, Reason>>;

Counts CountedOf(const RecordVerdict& verdict) {
  Counts out;
  for (const auto& c : verdict.counted) out.emplace_back(c.index, c.value, c.role);
  return out;
}
HeldOnes HeldOf(const RecordVerdict& verdict) {
  HeldOnes out;
  for (const auto& h : verdict.held) out.emplace_back(h.index, h.reason);
  return out;
}

// A phone is passed on as the SHA-256 of its E.164 form, and in China as the MD5 of its national digits.
Policy PartnerPolicy() {
  Policy policy = ShopPolicy();
  policy.namespaces[1].derived = {{"phone_hash", Digest::kSha256, DigestOf::kNormalised},
                                  {"phone_hash/cn", Digest::kMd5, DigestOf::kNationalDigits}};
  policy.namespaces.push_back(Declared("phone_hash", Normaliser::kLowerCase));
  return policy;
}
constexpr const char* kPhone = "+8613912345679";
constexpr const char* kSha = "6bd36d3a7b15653841fa031361cb605c1e23e1bd7c949fb529be65232aee27d8";
constexpr const char* kMd5 = "006667fe01be9eb36f9d79a25e88701e";

using Derivations = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // from, of
Derivations DerivationsOf(const RecordVerdict& verdict) {
  Derivations out;
  for (const auto& d : verdict.derivations) out.emplace_back(d.from, d.of);
  return out;
}

RecordVerdict Judge(const Record& record, const Policy& policy = ShopPolicy()) {
  return JudgeRecord(*Compile(policy), record);
}

}  // namespace

TEST_CASE("a namespace is found by its family, whatever its scope") {
  const auto policy = Compile(ShopPolicy());
  CHECK(policy->FindFamily("crm") == 0);
  CHECK(policy->FindFamily("openid/wx1") == 2);
  CHECK(policy->FindFamily("openid") == 2);
  CHECK(policy->FindFamily("openi") == CompiledPolicy::kUndeclared);
  CHECK(policy->FindFamily("") == CompiledPolicy::kUndeclared);
  CHECK_FALSE(policy->HasParents());
  CHECK(policy->ParentOf(CompiledPolicy::kUndeclared) == CompiledPolicy::kUndeclared);
  CHECK(policy->policy() == ShopPolicy());
}

TEST_CASE("a namespace passes all values only where nothing normalises or blocks any") {
  Policy policy;
  for (const char* name : {"plain", "trimmed", "placeholders", "values", "patterns", "valid"}) {
    policy.namespaces.push_back(Declared(name, Normaliser::kExact));
    policy.namespaces.back().builtin_blocks = false;
  }
  policy.namespaces[1].normaliser = Normaliser::kTrim;
  policy.namespaces[2].builtin_blocks = true;
  policy.namespaces[3].blocked_values = {"x"};
  policy.namespaces[4].blocked_patterns = {"^x$"};
  policy.namespaces[5].valid_pattern = "^[a-z]+$";
  const auto compiled = CompiledPolicy::Compile(policy).value();
  for (std::uint32_t family = 0; family < policy.namespaces.size(); ++family) {
    INFO(policy.namespaces[family].name);
    CHECK(compiled->PassesAll(family) == (family == 0));
  }
  for (const char* value : {" ", "null", "0000", "x", " a b ", "138****1234"}) {
    INFO(value);
    const Verdict verdict = compiled->Judge(0, value);
    CHECK(verdict.reason == Reason::kNone);
    CHECK(verdict.value == value);
  }
}

TEST_CASE("parents are known by their families") {
  Policy policy = ShopPolicy();
  policy.namespaces[0].parent = "email";
  const auto compiled = Compile(policy);
  CHECK(compiled->HasParents());
  CHECK(compiled->ParentOf(0) == 3);
  CHECK(compiled->ParentOf(3) == CompiledPolicy::kUndeclared);
}

TEST_CASE("what counts is normalised, with its family and its role") {
  const RecordVerdict verdict = Judge(
      Report(Act::kObserve,
             {{"phone", "139 1234 5679"}, {"crm", " 7 ", Role::kOther}, {"openid/wx1", " o"}}));
  CHECK(verdict.reason == Reason::kNone);
  CHECK(verdict.held.empty());
  CHECK(CountedOf(verdict) ==
        Counts{{0, "+8613912345679", Role::kSelf}, {1, "7", Role::kOther}, {2, " o", Role::kSelf}});
  CHECK(verdict.counted[0].family == 1);
  CHECK(verdict.counted[2].family == 2);
}

TEST_CASE("identifiers are held one by one, each with its reason, and the rest counts") {
  const RecordVerdict verdict = Judge(
      Report(Act::kObserve, {{"phone", "abc"}, {"crm", "null"}, {"crm", "7"}, {"email", "a@b@c"}}));
  CHECK(verdict.reason == Reason::kNone);
  CHECK(HeldOf(verdict) == HeldOnes{{0, Reason::kNotNormalisable},
                                    {1, Reason::kBlockedValue},
                                    {3, Reason::kNotNormalisable}});
  CHECK(CountedOf(verdict) == Counts{{2, "7", Role::kSelf}});
}

TEST_CASE("an undeclared namespace holds the record, or itself alone, as the policy says") {
  const Record record =
      Report(Act::kObserve, {{"crm", "7"}, {"device", "d"}, {"phone", "13912345679"}});
  Policy policy = ShopPolicy();
  CHECK(Judge(record, policy).reason == Reason::kUndeclaredNamespace);
  CHECK(HeldOf(Judge(record, policy)) == HeldOnes{{1, Reason::kUndeclaredNamespace}});
  policy.undeclared = Undeclared::kHoldIdentifier;
  const RecordVerdict verdict = Judge(record, policy);
  CHECK(verdict.reason == Reason::kNone);
  CHECK(HeldOf(verdict) == HeldOnes{{1, Reason::kUndeclaredNamespace}});
  CHECK(CountedOf(verdict) == Counts{{0, "7", Role::kSelf}, {2, "+8613912345679", Role::kSelf}});
  CHECK(Judge(Report(Act::kObserve, {{"device", "d"}}), policy).reason ==
        Reason::kTooFewIdentifiers);
  CHECK(Judge(Report(Act::kBind, {{"crm", "7"}, {"device", "d"}}), policy).reason ==
        Reason::kTooFewIdentifiers);
}

TEST_CASE("two values of a namespace that a person has one of hold the record") {
  const std::vector<RecordIdentifier> two = {{"phone", "13912345679"}, {"phone", "13912345670"}};
  CHECK(Judge(Report(Act::kObserve, two)).reason == Reason::kTwoValuesOfLimitedNamespace);
  CHECK(Judge(Report(Act::kBind, two)).reason == Reason::kTwoValuesOfLimitedNamespace);
  for (const Act act : {Act::kUnbind, Act::kMustLink, Act::kCannotLink, Act::kRename}) {
    INFO(ToString(act));
    CHECK(Judge(Report(act, two)).reason == Reason::kNone);
  }
  // Two spellings of one number are one value.
  CHECK(Judge(Report(Act::kObserve, {{"phone", "13912345679"}, {"phone", "+86 139-1234-5679"}}))
            .reason == Reason::kNone);
  // Somebody else's number, and a number that is held, are none of theirs.
  CHECK(Judge(Report(Act::kObserve,
                     {{"phone", "13912345679"}, {"phone", "13912345670", Role::kOther}}))
            .reason == Reason::kNone);
  CHECK(Judge(Report(Act::kObserve, {{"phone", "13912345679"}, {"phone", "13800138000"}})).reason ==
        Reason::kNone);
  // Scopes of a family that is limited as a whole are counted together.
  CHECK(Judge(Report(Act::kObserve, {{"phone/a", "13912345679"}, {"phone/b", "13912345670"}}))
            .reason == Reason::kTwoValuesOfLimitedNamespace);
  CHECK(Judge(Report(Act::kObserve, {{"crm", "7"}, {"crm", "8"}})).reason == Reason::kNone);
}

TEST_CASE("a limit per scope allows one value in each") {
  CHECK(Judge(Report(Act::kObserve, {{"openid/a", "1"}, {"openid/b", "2"}})).reason ==
        Reason::kNone);
  CHECK(Judge(Report(Act::kObserve, {{"openid/a", "1"}, {"openid/b", "2"}, {"openid/a", "3"}}))
            .reason == Reason::kTwoValuesOfLimitedNamespace);
}

TEST_CASE("a limit with a window, or of more than one, holds no record") {
  CHECK(
      Judge(Report(Act::kObserve, {{"email", "a@x"}, {"email", "b@x"}, {"email", "c@x"}})).reason ==
      Reason::kNone);
}

TEST_CASE("the same identifier twice counts once, as self where either is") {
  const RecordVerdict verdict =
      Judge(Report(Act::kObserve, {{"crm", "7", Role::kOther},
                                   {"crm", " 7", Role::kSelf},
                                   {"phone", "13912345679"},
                                   {"phone", "+8613912345679", Role::kOther},
                                   {"openid/a", "7"},
                                   {"openid/b", "7"}}));
  CHECK(verdict.held.empty());
  CHECK(CountedOf(verdict) == Counts{{0, "7", Role::kSelf},
                                     {2, "+8613912345679", Role::kSelf},
                                     {4, "7", Role::kSelf},
                                     {5, "7", Role::kSelf}});
}

TEST_CASE("an act that lost one of its identifiers is held") {
  for (const Act act : {Act::kBind, Act::kUnbind, Act::kMustLink, Act::kCannotLink, Act::kRename}) {
    INFO(ToString(act));
    CHECK(Judge(Report(act, {{"crm", "7"}, {"crm", "8"}})).reason == Reason::kNone);
    CHECK(Judge(Report(act, {{"crm", "7"}, {"crm", "null"}})).reason == Reason::kTooFewIdentifiers);
    CHECK(Judge(Report(act, {{"crm", "7"}, {"crm", " 7 "}})).reason == Reason::kTooFewIdentifiers);
  }
  CHECK(Judge(Report(Act::kDeleteIdentifier, {{"crm", "7"}})).reason == Reason::kNone);
  CHECK(Judge(Report(Act::kDeleteIdentifier, {{"crm", "-1"}})).reason ==
        Reason::kTooFewIdentifiers);
  CHECK(Judge(Report(Act::kObserve, {{"crm", "7"}})).reason == Reason::kNone);
  CHECK(Judge(Report(Act::kObserve, {{"crm", "-1"}, {"phone", "?"}})).reason ==
        Reason::kTooFewIdentifiers);
  CHECK(Judge(Report(Act::kDeleteSource, {})).reason == Reason::kNone);
}

TEST_CASE("a rename's identifiers stay old before new") {
  const RecordVerdict verdict = Judge(Report(Act::kRename, {{"crm", "9"}, {"crm", "1"}}));
  CHECK(CountedOf(verdict) == Counts{{0, "9", Role::kSelf}, {1, "1", Role::kSelf}});
}

TEST_CASE("an undeclared namespace is said before two values, and two values before too few") {
  CHECK(Judge(Report(Act::kObserve,
                     {{"phone", "13912345679"}, {"phone", "13912345670"}, {"device", "d"}}))
            .reason == Reason::kUndeclaredNamespace);
}

TEST_CASE("what is derived from an identifier counts with it, last, and says from which") {
  for (const Act act : {Act::kObserve, Act::kBind}) {
    const RecordVerdict verdict =
        Judge(Report(act, {{"phone", "139 1234 5679"}, {"crm", "7"}}), PartnerPolicy());
    CHECK(verdict.reason == Reason::kNone);
    CHECK(CountedOf(verdict) == Counts{{0, kPhone, Role::kSelf},
                                       {1, "7", Role::kSelf},
                                       {0, kSha, Role::kSelf},
                                       {0, kMd5, Role::kSelf}});
    CHECK(DerivationsOf(verdict) == Derivations{{0, 2}, {0, 3}});
    CHECK_FALSE(verdict.counted[1].derived);
    CHECK(verdict.counted[2].derived);
    CHECK(verdict.counted[2].ns == "phone_hash");
    CHECK(verdict.counted[3].ns == "phone_hash/cn");
    CHECK(verdict.counted[3].family == 4);
  }
}

TEST_CASE("acts about identifiers derive none") {
  for (const Act act : {Act::kUnbind, Act::kMustLink, Act::kCannotLink, Act::kRename}) {
    INFO(ToString(act));
    const RecordVerdict verdict =
        Judge(Report(act, {{"phone", "13912345679"}, {"phone", "13912345670"}}), PartnerPolicy());
    CHECK(verdict.counted.size() == 2);
    CHECK(verdict.derivations.empty());
  }
  CHECK(Judge(Report(Act::kDeleteIdentifier, {{"phone", "13912345679"}}), PartnerPolicy())
            .counted.size() == 1);
}

TEST_CASE(
    "what is derived has the role of what it is derived from, self where any of them has it") {
  const RecordVerdict other =
      Judge(Report(Act::kObserve, {{"phone", "13912345679", Role::kOther}}), PartnerPolicy());
  CHECK(CountedOf(other) ==
        Counts{{0, kPhone, Role::kOther}, {0, kSha, Role::kOther}, {0, kMd5, Role::kOther}});
  const RecordVerdict both = Judge(
      Report(Act::kObserve, {{"phone/a", "13912345679", Role::kOther}, {"phone/b", "13912345679"}}),
      PartnerPolicy());
  CHECK(CountedOf(both) == Counts{{0, kPhone, Role::kOther},
                                  {1, kPhone, Role::kSelf},
                                  {0, kSha, Role::kSelf},
                                  {0, kMd5, Role::kSelf}});
  CHECK(DerivationsOf(both) == Derivations{{0, 2}, {0, 3}, {1, 2}, {1, 3}});
}

TEST_CASE("a digest that the record names itself is not derived, and keeps its role") {
  std::string upper = kSha;
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  const RecordVerdict verdict =
      Judge(Report(Act::kObserve, {{"phone", "13912345679"}, {"phone_hash", upper, Role::kOther}}),
            PartnerPolicy());
  CHECK(CountedOf(verdict) ==
        Counts{{0, kPhone, Role::kSelf}, {1, kSha, Role::kOther}, {0, kMd5, Role::kSelf}});
  CHECK_FALSE(verdict.counted[1].derived);
  CHECK(DerivationsOf(verdict) == Derivations{{0, 2}});
}

TEST_CASE(
    "what is derived holds no record: blocked it is left out, and it passes no limit of one") {
  Policy policy = PartnerPolicy();
  policy.namespaces[4].blocked_values = {kSha};
  RecordVerdict verdict = Judge(Report(Act::kObserve, {{"phone", "13912345679"}}), policy);
  CHECK(CountedOf(verdict) == Counts{{0, kPhone, Role::kSelf}, {0, kMd5, Role::kSelf}});
  CHECK(verdict.held.empty());
  policy = PartnerPolicy();
  policy.namespaces[4].limits = {{1, false, 0}};
  verdict = Judge(Report(Act::kObserve, {{"phone", "13912345679"}, {"phone_hash", "0a"}}), policy);
  CHECK(verdict.reason == Reason::kNone);
  CHECK(verdict.counted.size() == 4);
}

TEST_CASE("what is derived does not make up for identifiers that an act lost") {
  CHECK(Judge(Report(Act::kBind, {{"phone", "13912345679"}, {"crm", "null"}}), PartnerPolicy())
            .reason == Reason::kTooFewIdentifiers);
  const RecordVerdict held = Judge(Report(Act::kObserve, {{"phone", "abc"}}), PartnerPolicy());
  CHECK(held.reason == Reason::kTooFewIdentifiers);
  CHECK(held.counted.empty());
}

TEST_CASE("a rename where values expire is held") {
  Policy policy = ShopPolicy();
  policy.namespaces[2].validity_ms = 1;
  const std::vector<RecordIdentifier> openids = {{"openid/a", "1"}, {"openid/a", "2"}};
  CHECK(Judge(Report(Act::kRename, openids), policy).reason == Reason::kRenameOfExpiring);
  CHECK(Judge(Report(Act::kMustLink, openids), policy).reason == Reason::kNone);
  CHECK(Judge(Report(Act::kRename, {{"crm", "1"}, {"crm", "2"}}), policy).reason == Reason::kNone);
  CHECK(Judge(Report(Act::kRename, {{"openid/a", "1"}, {"openid/a", "1"}}), policy).reason ==
        Reason::kTooFewIdentifiers);
}

TEST_CASE("a compiled policy knows whether it has lifetimes and whether it derives anything") {
  Policy policy = ShopPolicy();
  CHECK_FALSE(Compile(policy)->HasLifetimes());
  CHECK_FALSE(Compile(policy)->HasDerived());
  CHECK(Compile(PartnerPolicy())->HasDerived());
  policy.namespaces[3].link_lifetime_ms = 1;
  CHECK(Compile(policy)->HasLifetimes());
}

TEST_CASE("a verdict that is used again holds nothing of the record before") {
  const auto policy = Compile(PartnerPolicy());
  const std::vector<Record> records = {
      Report(Act::kObserve, {{"crm", "8"}, {"phone", "13912345679"}}),
      Report(Act::kObserve, {{"crm", "1"}, {"crm", "2"}, {"crm", "null"}, {"device", "d"}}),
      Report(Act::kObserve, {{"crm", "3"}}),
      Report(Act::kObserve, {{"phone", "13912345679"}, {"phone", "13912345670"}}),
      Report(Act::kDeleteSource, {}),
      Report(Act::kObserve, {{"crm", "4"}, {"openid/a", "5"}}),
  };
  RecordVerdict reused;
  for (int round = 0; round < 2; ++round) {
    for (const Record& record : records) {
      JudgeRecord(*policy, record, &reused);
      const RecordVerdict fresh = JudgeRecord(*policy, record);
      CHECK(reused.reason == fresh.reason);
      CHECK(CountedOf(reused) == CountedOf(fresh));
      CHECK(HeldOf(reused) == HeldOf(fresh));
      CHECK(DerivationsOf(reused) == DerivationsOf(fresh));
      for (std::size_t i = 0; i < fresh.counted.size(); ++i)
        CHECK(reused.counted[i].derived == fresh.counted[i].derived);
    }
  }
}

}  // namespace polyonym::harness
