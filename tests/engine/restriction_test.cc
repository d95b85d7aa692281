// Restricting people: one record, lifted again, merged and split; and what the policy has to say first.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/restriction.h"

namespace polyonym::harness {
namespace {

Policy RestrictingPolicy(ConsentFold fold = ConsentFold::kMostRestrictive) {
  Policy policy = ShopPolicy();
  policy.definitions.purposes = {{"use", fold, 0}, {"ads", fold, 0}};
  policy.definitions.privacy.restriction_purpose = "use";
  return policy;
}

bool IsRestrictedNow(const Engine& engine, const Identifier& who) {
  const View view = engine.Read();
  return IsRestricted(Must(view.ReadProfile(who)), view.policy().definitions.privacy);
}

absl::StatusCode CodeOf(const absl::StatusOr<Restricted>& result) { return result.status().code(); }

const Identifier kCrm{"crm", "c1"}, kPhone{"phone", "p1"};

}  // namespace

TEST_CASE("a restriction names the anchor and is lifted by another word") {
  for (const ConsentFold fold :
       {ConsentFold::kMostRestrictive, ConsentFold::kLatest, ConsentFold::kAny}) {
    const auto engine = OpenInMemory(RestrictingPolicy(fold), 0);
    ApplyOne(*engine, Visit(1));
    ApplyOne(*engine, Visit(2));
    CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
    const Restricted on = Must(Restrict(engine.get(), kPhone, true, 1'000));
    CHECK(on.records == 1);
    CHECK(on.profile == *engine->Read().Resolve(kCrm).profile);
    CHECK(IsRestrictedNow(*engine, kPhone));
    CHECK(IsRestrictedNow(*engine, kCrm));
    CHECK_FALSE(IsRestrictedNow(*engine, {"crm", "c2"}));
    const StoredRecord stored = Must(engine->Read().RecordOf(engine->Read().GetStats().records));
    CHECK(stored.record.source == kRestrictionSource);
    CHECK(stored.record.time_ms == 1'000);
    CHECK(stored.record.identifiers == std::vector<RecordIdentifier>{{"crm", "c1", Role::kSelf}});

    const Restricted again = Must(Restrict(engine.get(), kCrm, true, 2'000));
    CHECK(again.records == 0);
    CHECK(again.sequence == on.sequence);
    const Restricted off = Must(Restrict(engine.get(), kCrm, false, 3'000));
    CHECK(off.records == 1);
    CHECK(off.sequence == on.sequence + 1);
    CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
    CHECK(Must(Restrict(engine.get(), kCrm, false, 4'000)).records == 0);
    CHECK(Must(Restrict(engine.get(), {"crm", "c2"}, false, 4'000)).records == 0);
  }
}

TEST_CASE("of two who become one both are restricted and both are lifted under every fold") {
  for (const ConsentFold fold :
       {ConsentFold::kMostRestrictive, ConsentFold::kLatest, ConsentFold::kAny}) {
    Policy policy = RestrictingPolicy(fold);
    policy.namespaces[0].limits.clear();
    const auto engine = OpenInMemory(policy, 0);
    ApplyOne(*engine, Visit(1));
    ApplyOne(*engine, Visit(2));
    // The second was restricted once, and is not any more.
    Must(Restrict(engine.get(), {"crm", "c2"}, true, 100));
    Must(Restrict(engine.get(), {"crm", "c2"}, false, 200));
    Must(Restrict(engine.get(), kCrm, true, 150));
    ApplyOne(*engine, Said(Act::kMustLink, "same", 300, {kCrm, {"crm", "c2"}}));
    CHECK(IsRestrictedNow(*engine, kPhone) == (fold == ConsentFold::kMostRestrictive));
    Must(Restrict(engine.get(), {"phone", "p2"}, true, 400));
    CHECK(IsRestrictedNow(*engine, kPhone));
    const std::uint64_t lifted = Must(Restrict(engine.get(), kPhone, false, 500)).records;
    CHECK(lifted >= 1);
    CHECK_FALSE(IsRestrictedNow(*engine, {"phone", "p2"}));
    // Each goes with what was said of its own identifier.
    Must(engine->Retract({.source = "shop", .record_id = "same"}));
    CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
    CHECK_FALSE(IsRestrictedNow(*engine, {"phone", "p2"}));
  }
}

TEST_CASE("a restriction that is taken back never was") {
  const auto engine = OpenInMemory(RestrictingPolicy(), 0);
  ApplyOne(*engine, Visit(1));
  Must(Restrict(engine.get(), kPhone, true, 1'000));
  const StoredRecord stored = Must(engine->Read().RecordOf(2));
  Must(engine->Retract({.source = stored.record.source, .record_id = stored.record.id}));
  CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
}

TEST_CASE("other consents restrict nobody") {
  const auto engine = OpenInMemory(RestrictingPolicy(), 0);
  Record visit = Visit(1);
  Facts facts;
  facts.consents = {{"ads", ConsentState::kDenied, {}}};
  visit.facts = WriteFacts(facts);
  ApplyOne(*engine, visit);
  CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
  // Their own app may say it too, and withdrawing restricts as denying does.
  facts.consents = {{"use", ConsentState::kWithdrawn, {}}};
  Record said = Seen("app", 50, {kPhone});
  said.facts = WriteFacts(facts);
  ApplyOne(*engine, said);
  CHECK(IsRestrictedNow(*engine, kPhone));
  CHECK(Must(Restrict(engine.get(), kPhone, false, 60)).records == 1);
  CHECK_FALSE(IsRestrictedNow(*engine, kPhone));
}

TEST_CASE("what cannot be restricted says why") {
  const auto plain = OpenShop();
  ApplyOne(*plain, Visit(1));
  CHECK(CodeOf(Restrict(plain.get(), kPhone, true, 1'000)) ==
        absl::StatusCode::kFailedPrecondition);
  CHECK_FALSE(IsRestrictedNow(*plain, kPhone));

  Policy policy = RestrictingPolicy();
  policy.namespaces[1].guards.push_back({"crm", 1});
  const auto engine = OpenInMemory(policy, 0);
  ApplyOne(*engine, Visit(1));
  CHECK(CodeOf(Restrict(engine.get(), {"crm", "nobody"}, true, 1'000)) ==
        absl::StatusCode::kNotFound);
  CHECK(CodeOf(Restrict(engine.get(), {"undeclared", "x"}, true, 1'000)) ==
        absl::StatusCode::kNotFound);
  Must(Restrict(engine.get(), kPhone, true, 1'000));
  CHECK(CodeOf(Restrict(engine.get(), kPhone, false, 1'000)) == absl::StatusCode::kInvalidArgument);
  CHECK(CodeOf(Restrict(engine.get(), kPhone, false, -1)) == absl::StatusCode::kInvalidArgument);
  CHECK(CodeOf(Restrict(engine.get(), kPhone, true, 2'000, {.graph = "none"})) ==
        absl::StatusCode::kNotFound);
  CHECK(IsRestrictedNow(*engine, kPhone));
  ApplyOne(*engine, Seen("at the till", 2'000, {{"crm", "c2"}, kPhone}));
  CHECK(engine->Read().Resolve(kPhone).shared);
  CHECK(CodeOf(Restrict(engine.get(), kPhone, true, 3'000)) ==
        absl::StatusCode::kFailedPrecondition);
}

}  // namespace polyonym::harness
