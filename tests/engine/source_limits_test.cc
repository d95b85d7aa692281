// A source that runs wild is kept out, by itself, until the host lets it in; nothing of it is stored meanwhile.
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

struct World {
  std::uint64_t now_ns = 1;
  std::unique_ptr<Engine> engine;

  explicit World(const SourceLimits& limits) {
    EngineOptions options;
    options.source_limits = limits;
    options.ticks_ns = [this] { return now_ns; };
    engine = Must(Engine::OpenInMemory(options));
    Policy policy;
    policy.namespaces.resize(2);
    policy.namespaces[0].name = "crm";
    policy.namespaces[1].name = "device";
    Must(engine->SetPolicy(policy).status());
  }
  RecordResult Send(const std::string& source, const std::string& id, const std::string& crm) {
    Record record;
    record.source = source;
    record.id = id;
    record.time_ms = 1000;
    if (!crm.empty()) record.identifiers = {{"crm", crm}, {"device", "d" + crm}};
    return Must(engine->Apply(std::span(&record, 1))).records[0];
  }
};

}  // namespace

TEST_CASE("a source that sends too many records is kept out until it is released") {
  World w({.records = 3});
  for (int i = 0; i < 3; ++i)
    CHECK(w.Send("web", std::to_string(i), "c1").outcome == Outcome::kApplied);
  const std::uint64_t sequence = w.engine->Read().sequence();
  for (int i = 3; i < 8; ++i) {
    const RecordResult result = w.Send("web", std::to_string(i), "c2");
    CHECK(result.outcome == Outcome::kRejected);
    CHECK(result.reason == Reason::kQuarantined);
    CHECK(result.field == "source");
  }
  CHECK(w.engine->Read().sequence() == sequence);
  CHECK_FALSE(w.engine->Read().Resolve({"crm", "c2"}).known);
  // Others are not concerned.
  CHECK(w.Send("pos", "1", "c3").outcome == Outcome::kApplied);
  const std::vector<QuarantinedSource> kept_out = w.engine->QuarantinedSources();
  REQUIRE(kept_out.size() == 1);
  CHECK(kept_out[0].source == "web");
  CHECK(kept_out[0].limit == "records");
  CHECK(kept_out[0].rejected_records == 5);
  // Time alone does not let it in: the host looks first.
  w.now_ns += std::uint64_t{120} * 1'000'000'000;
  CHECK(w.Send("web", "9", "c2").reason == Reason::kQuarantined);
  Must(w.engine->ReleaseSource("web"));
  CHECK(absl::IsNotFound(w.engine->ReleaseSource("web")));
  CHECK(w.Send("web", "9", "c2").outcome == Outcome::kApplied);
}

TEST_CASE("windows follow each other: as many as the limit in each are taken") {
  World w({.records = 3, .window_ms = 1000});
  for (int window = 0; window < 5; ++window) {
    for (int i = 0; i < 3; ++i) {
      CHECK(w.Send("web", std::to_string(window * 10 + i), "c").outcome == Outcome::kApplied);
    }
    w.now_ns += std::uint64_t{1} * 1'000'000'000;
  }
  CHECK(w.engine->QuarantinedSources().empty());
}

TEST_CASE("malformed records count by themselves") {
  World w({.rejected_records = 2});
  for (int i = 0; i < 3; ++i) {
    CHECK(w.Send("web", std::to_string(i), "").reason == Reason::kMissingIdentifiers);
  }
  CHECK(w.Send("web", "9", "c1").reason == Reason::kQuarantined);
  CHECK(w.engine->QuarantinedSources()[0].limit == "rejected_records");
}

TEST_CASE("identifiers that the store has not seen count by themselves") {
  World w({.new_identifiers = 4});
  for (int i = 0; i < 10; ++i)
    CHECK(w.Send("web", "known" + std::to_string(i), "c1").outcome == Outcome::kApplied);
  CHECK(w.Send("web", "a", "c2").outcome == Outcome::kApplied);
  CHECK(w.Send("web", "b", "c3").outcome == Outcome::kApplied);  // now six
  CHECK(w.Send("web", "c", "c1").reason == Reason::kQuarantined);
  CHECK(w.engine->QuarantinedSources()[0].limit == "new_identifiers");
}

TEST_CASE("65,536 sources are kept out at a time and one more until its window ends") {
  World w({.rejected_records = 1, .window_ms = 1000});
  const auto pass_limit = [&](const std::string& source) {
    w.Send(source, "1", "");
    w.Send(source, "2", "");
    return w.Send(source, "3", "c1").reason;
  };
  for (int i = 0; i < 65'536; ++i) {
    if (i == 40'000) w.now_ns += std::uint64_t{1} * 1'000'000'000;
    REQUIRE(pass_limit("s" + std::to_string(i)) == Reason::kQuarantined);
  }
  CHECK(w.engine->QuarantinedSources().size() == 65'536);
  CHECK(pass_limit("one more") == Reason::kQuarantined);
  CHECK(w.engine->QuarantinedSources().size() == 65'536);
  w.now_ns += std::uint64_t{1} * 1'000'000'000;
  CHECK(w.Send("one more", "3", "c1").outcome == Outcome::kApplied);
  CHECK(w.Send("s0", "3", "c1").reason == Reason::kQuarantined);
  Must(w.engine->ReleaseSource("s0"));
  CHECK(pass_limit("one more") == Reason::kQuarantined);
  CHECK(w.engine->QuarantinedSources().size() == 65'536);
}

TEST_CASE("a window that is out of range is refused") {
  EngineOptions options;
  options.source_limits.window_ms = 0;
  const auto engine = Engine::OpenInMemory(options);
  REQUIRE(absl::IsInvalidArgument(engine.status()));
  CHECK(engine.status().message().find("window_ms") != std::string::npos);
}

}  // namespace polyonym::harness
