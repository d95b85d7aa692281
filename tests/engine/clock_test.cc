// Time: what expires, what lives on, and what a wrong clock is told.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kStart = 1'700'000'000'000;

std::int64_t Day(int n) { return kStart + n * kDay; }

// unionid and external_userid for ever, pending ids for 90 days, cookies' links for 30.
Policy TimePolicy() {
  Policy policy;
  for (const char* name : {"unionid", "external_userid", "pending_id", "cookie"})
    policy.namespaces.emplace_back().name = name;
  policy.namespaces[2].validity_ms = 90 * kDay;
  policy.namespaces[3].link_lifetime_ms = 30 * kDay;
  return policy;
}

std::optional<ProfileId> ProfileOf(const Engine& engine, const Identifier& identifier) {
  return engine.Read().Resolve(identifier).profile;
}

bool AreOne(const Engine& engine, const Identifier& a, const Identifier& b) {
  return ProfileOf(engine, a).has_value() && ProfileOf(engine, a) == ProfileOf(engine, b);
}

}  // namespace

TEST_CASE("what a pending id joined while it was valid stays joined") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u1"}, {"pending_id", "p"}}));
  ApplyOne(*engine, Seen("2", Day(10), {{"external_userid", "e1"}, {"pending_id", "p"}}));
  Must(engine->AdvanceTo(Day(200)).status());
  CHECK(AreOne(*engine, {"unionid", "u1"}, {"external_userid", "e1"}));
  CHECK(engine->Read().Resolve({"pending_id", "p"}).expired);
  CHECK(AreOne(*engine, {"unionid", "u1"},
               {"pending_id", "p"}));  // asked today, it still leads there
}

TEST_CASE("a pending id that is given again is another person's") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u1"}, {"pending_id", "p"}}));
  ApplyOne(*engine, Seen("2", Day(91), {{"unionid", "u2"}, {"pending_id", "p"}}));
  CHECK_FALSE(AreOne(*engine, {"unionid", "u1"}, {"unionid", "u2"}));
  CHECK(AreOne(*engine, {"unionid", "u2"}, {"pending_id", "p"}));  // a question names the last
  const View view = engine->Read();
  const std::vector<Identifier> first = Must(view.Members(*ProfileOf(*engine, {"unionid", "u1"})));
  CHECK(first == std::vector<Identifier>{{"pending_id", "p"}, {"unionid", "u1"}});
  // Taken back, the first life is the only one again.
  RecordSelector selector;
  selector.source = "shop";
  selector.record_id = "2";
  Must(engine->Retract(selector).status());
  CHECK(AreOne(*engine, {"unionid", "u1"}, {"pending_id", "p"}));
  CHECK(engine->Read().Resolve({"unionid", "u2"}).gone);
}

TEST_CASE("a naming that comes late moves the lives that began after it") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  ApplyOne(*engine, Seen("1", Day(50), {{"unionid", "u1"}, {"pending_id", "p"}}));
  ApplyOne(*engine, Seen("2", Day(100), {{"unionid", "u2"}, {"pending_id", "p"}}));
  CHECK(AreOne(*engine, {"unionid", "u1"}, {"unionid", "u2"}));
  // From day 0 the first life ends on day 90: the record of day 100 is of the second.
  ApplyOne(*engine, Seen("3", Day(0), {{"unionid", "u3"}, {"pending_id", "p"}}));
  CHECK(AreOne(*engine, {"unionid", "u1"}, {"unionid", "u3"}));
  CHECK_FALSE(AreOne(*engine, {"unionid", "u1"}, {"unionid", "u2"}));
}

TEST_CASE(
    "a link stops counting once its lifetime is over, and counts again when it is seen again") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u"}, {"cookie", "c"}}));
  CHECK(Must(engine->AdvanceTo(Day(30))).expired_links == 0);
  CHECK(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
  const AdvanceResult result = Must(engine->AdvanceTo(Day(30) + 1));
  CHECK(result.expired_links == 1);
  REQUIRE(result.changes.size() == 1);
  CHECK(result.changes[0].kind == ChangeKind::kSplit);
  CHECK(result.changes[0].cause == Cause::kTime);
  CHECK_FALSE(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
  const auto answer = Must(engine->Read().WhyNot({"unionid", "u"}, {"cookie", "c"}));
  CHECK(answer.obstacle == Obstacle::kExpired);
  const auto links = Must(engine->Read().Links({"cookie", "c"}));
  REQUIRE(links.size() == 1);
  CHECK((links[0].expired && !links[0].kept && !links[0].inert));
  ApplyOne(*engine, Seen("2", Day(31), {{"unionid", "u"}, {"cookie", "c"}}));
  CHECK(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
  CHECK(Must(engine->AdvanceTo(Day(61))).expired_links == 0);
  CHECK(Must(engine->AdvanceTo(Day(62))).expired_links == 1);
}

TEST_CASE("a record that comes when its link's lifetime is over already links nothing") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  Must(engine->AdvanceTo(Day(100)).status());
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u"}, {"cookie", "c"}}));
  CHECK_FALSE(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
}

TEST_CASE("a must-link has no lifetime") {
  const std::unique_ptr<Engine> engine = OpenInMemory(TimePolicy(), 0);
  Record must = Seen("1", Day(0), {{"unionid", "u"}, {"cookie", "c"}});
  must.act = Act::kMustLink;
  ApplyOne(*engine, must);
  CHECK(Must(engine->AdvanceTo(Day(300))).expired_links == 0);
  CHECK(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
}

TEST_CASE("a clock that is wrong is told so, and changes nothing") {
  EngineOptions options = LawOptions(0);
  const std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(TimePolicy()).status());
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u"}, {"cookie", "c"}}));
  Must(engine->AdvanceTo(Day(5)).status());
  const std::uint64_t sequence = engine->Read().sequence();

  const absl::Status ten_years = engine->AdvanceTo(Day(5 + 3'652)).status();
  CHECK(absl::IsInvalidArgument(ten_years));
  CHECK(std::string(ten_years.message()).find("max_clock_leap_ms") != std::string::npos);
  CHECK(std::string(ten_years.message()).find("3652 days") != std::string::npos);
  const absl::Status back = engine->AdvanceTo(Day(4)).status();
  CHECK(absl::IsInvalidArgument(back));
  CHECK(std::string(back.message()).find("never goes back") != std::string::npos);
  CHECK(absl::IsInvalidArgument(engine->AdvanceTo(-1).status()));

  CHECK(engine->Read().sequence() == sequence);
  CHECK(engine->Read().clock_ms() == Day(5));
  CHECK(Must(engine->AdvanceTo(Day(5))).sequence == sequence);  // it stands there
  CHECK(AreOne(*engine, {"unionid", "u"}, {"cookie", "c"}));
}

TEST_CASE("how far the clock may leap is the host's to say") {
  EngineOptions options = LawOptions(0);
  options.max_clock_leap_ms = 0;
  const std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(TimePolicy()).status());
  ApplyOne(*engine, Seen("1", Day(0), {{"unionid", "u"}, {"cookie", "c"}}));
  CHECK(Must(engine->AdvanceTo(Day(36'520))).expired_links == 1);
  options.max_clock_leap_ms = -1;
  CHECK(absl::IsInvalidArgument(Engine::OpenInMemory(options).status()));
}

TEST_CASE("a phone and its digest meet, and the digest joins nobody else") {
  Policy policy;
  for (const char* name : {"phone", "phone_sha256", "cookie", "openid"})
    policy.namespaces.emplace_back().name = name;
  policy.namespaces[0].normaliser = Normaliser::kPhone;
  policy.namespaces[0].region = "CN";
  policy.namespaces[0].derived = {{"phone_sha256", Digest::kSha256, DigestOf::kNationalDigits}};
  const std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  ApplyOne(*engine, Seen("1", 1, {{"phone", "138 1113 0001"}, {"openid", "o"}}));
  // SHA-256 of "13811130001".
  const Identifier digest{"phone_sha256",
                          "27241dbeb1096096727d33f8bf9c93db3491f25361fc4ae096c6abc67276c679"};
  CHECK(AreOne(*engine, digest, {"phone", "13811130001"}));
  ApplyOne(*engine, Seen("2", 2, {digest, {"cookie", "c"}}));  // a partner knows the digest alone
  CHECK(AreOne(*engine, {"openid", "o"}, {"cookie", "c"}));
  // Unbound from the phone, the openid is alone: the digest held it to nobody.
  Record unbind = Seen("3", 3, {{"phone", "13811130001"}, {"openid", "o"}});
  unbind.act = Act::kUnbind;
  ApplyOne(*engine, unbind);
  CHECK_FALSE(AreOne(*engine, {"openid", "o"}, {"cookie", "c"}));
  CHECK(AreOne(*engine, {"phone", "13811130001"}, {"cookie", "c"}));
}

}  // namespace polyonym::harness
