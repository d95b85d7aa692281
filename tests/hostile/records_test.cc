// Records that nobody should send: each is rejected with its reason and the path of the field, loses nothing else of its
// batch, and leaks no value.
#include <functional>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

constexpr char kSecret[] = "13800001234secret";

Policy PlainPolicy() {
  Policy policy;
  for (const char* name : {"crm", "phone", "openid"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.normaliser = Normaliser::kTrim;
  }
  return policy;
}

Record Seen(const std::string& id, std::int64_t t, const std::vector<Identifier>& identifiers) {
  Record record;
  record.source = "shop";
  record.id = id;
  record.time_ms = t;
  for (const Identifier& identifier : identifiers)
    record.identifiers.push_back({identifier.ns, identifier.value, Role::kSelf});
  return record;
}

Record Good(int i) {
  const std::string n = std::to_string(i);
  return Seen("good" + n, 100 + i, {{"crm", "c" + n}, {"phone", "p" + n}});
}

Record Hostile() {
  return Seen("bad", 100, {{"crm", kSecret}, {"phone", std::string("p") + kSecret}});
}

Record HostileAct(Act act) {
  Record record = Hostile();
  record.act = act;
  return record;
}

// Sends the record between two good ones; checks that these are taken and that nothing of it is.
RecordResult Send(const Record& bad, const EngineOptions& options = LawOptions(0)) {
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(PlainPolicy()).status());
  const std::vector<Record> batch = {Good(1), bad, Good(2)};
  const ApplyResult result = Must(engine->Apply(batch));
  REQUIRE(result.records.size() == 3);
  CHECK(result.records[0].outcome == Outcome::kApplied);
  CHECK(result.records[2].outcome == Outcome::kApplied);
  const View view = engine->Read();
  CHECK(view.GetStats().records == 2);
  CHECK(view.GetStats().profiles == 2);
  CHECK(view.Why({"crm", "c2"}, {"phone", "p2"})->connected);
  CHECK_FALSE(view.Resolve(Identifier{"crm", kSecret}).known);
  CHECK(Must(view.Verify()).ok());
  const RecordResult& r = result.records[1];
  CHECK(r.field.find("secret") == std::string::npos);
  CHECK(std::string(Explain(r.reason)).find("secret") == std::string::npos);
  CHECK_FALSE(std::string(Explain(r.reason)).empty());
  CHECK_FALSE(r.profile.has_value());
  return r;
}

void CheckRejected(const Record& bad, Reason reason, const std::string& field,
                   const EngineOptions& options = LawOptions(0)) {
  const RecordResult r = Send(bad, options);
  INFO("wanted " << ToString(reason) << " at " << field << ", got " << ToString(r.reason) << " at "
                 << r.field);
  CHECK(r.outcome == Outcome::kRejected);
  CHECK(r.reason == reason);
  CHECK(r.field == field);
}

}  // namespace

TEST_CASE("each field left out in turn is named") {
  struct Case {
    Act act;
    Reason reason;
    std::string field;
    std::function<void(Record*)> spoil;
  };
  const std::vector<Case> cases = {
      {Act::kObserve, Reason::kMissingSource, "source", [](Record* r) { r->source.clear(); }},
      {Act::kObserve, Reason::kMissingTime, "time_ms", [](Record* r) { r->time_ms.reset(); }},
      {Act::kObserve, Reason::kMissingIdentifiers, "identifiers",
       [](Record* r) { r->identifiers.clear(); }},
      {Act::kObserve, Reason::kBadNamespace, "identifiers[1].namespace",
       [](Record* r) { r->identifiers[1].ns.clear(); }},
      {Act::kObserve, Reason::kEmptyValue, "identifiers[1].value",
       [](Record* r) { r->identifiers[1].value.clear(); }},
      {Act::kBind, Reason::kMissingTime, "time_ms", [](Record* r) { r->time_ms.reset(); }},
      {Act::kBind, Reason::kWrongIdentifierCount, "identifiers",
       [](Record* r) { r->identifiers.pop_back(); }},
      {Act::kUnbind, Reason::kWrongIdentifierCount, "identifiers",
       [](Record* r) { r->identifiers.pop_back(); }},
      {Act::kMustLink, Reason::kWrongIdentifierCount, "identifiers",
       [](Record* r) { r->identifiers.pop_back(); }},
      {Act::kCannotLink, Reason::kWrongIdentifierCount, "identifiers",
       [](Record* r) { r->identifiers.pop_back(); }},
      {Act::kRename, Reason::kWrongIdentifierCount, "identifiers",
       [](Record* r) { r->identifiers.pop_back(); }},
      {Act::kDeleteIdentifier, Reason::kWrongIdentifierCount, "identifiers", [](Record*) {}},
      {Act::kDeleteSource, Reason::kMissingTargetSource, "target_source",
       [](Record* r) { r->identifiers.clear(); }},
      {Act::kRetract, Reason::kMissingRecordId, "id",
       [](Record* r) {
         r->identifiers.clear();
         r->id.clear();
       }},
      {Act::kRetract, Reason::kMissingVersion, "version",
       [](Record* r) {
         r->identifiers.clear();
         r->time_ms.reset();
       }},
  };
  for (const Case& one : cases) {
    Record bad = HostileAct(one.act);
    one.spoil(&bad);
    INFO(ToString(one.act));
    CheckRejected(bad, one.reason, one.field);
  }
}

TEST_CASE("a record without an id is taken, and named by its content") {
  std::unique_ptr<Engine> engine = OpenInMemory(PlainPolicy(), 0);
  Record record = Good(1);
  record.id.clear();
  const std::vector<Record> twice = {record, record};
  const ApplyResult result = Must(engine->Apply(twice));
  CHECK(result.records[0].outcome == Outcome::kApplied);
  CHECK(result.records[1].outcome == Outcome::kUnchanged);
  CHECK(Must(engine->Read().RecordOf(1)).record.id == ToString(HashContent(record)));
}

TEST_CASE("ten thousand identifiers in a record are too many, and none is stored") {
  Record bad = Hostile();
  for (int i = 0; i < 10'000; ++i)
    bad.identifiers.push_back({"phone", std::to_string(i), Role::kSelf});
  CheckRejected(bad, Reason::kTooManyIdentifiers, "identifiers");
}

TEST_CASE("where the host allows it, some hundred identifiers in a record are all linked") {
  EngineOptions options = LawOptions(0);
  options.record_limits.max_identifiers = 400;
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(PlainPolicy()).status());
  Record record = Good(1);
  while (record.identifiers.size() < 400)
    record.identifiers.push_back(
        {"phone", "x" + std::to_string(record.identifiers.size()), Role::kSelf});
  CHECK(Must(engine->Apply(std::span(&record, 1))).records[0].outcome == Outcome::kApplied);
  const Stats stats = engine->Read().GetStats();
  CHECK(stats.profiles == 1);
  CHECK(stats.largest_profile == 400);
  CHECK(stats.links == 400 * 399 / 2);
}

TEST_CASE("a value, facts, a source and an id of 64 MB are turned away") {
  const std::string huge(std::size_t{64} << 20, 'x');
  Record bad = Hostile();
  bad.identifiers[1].value = huge;
  CheckRejected(bad, Reason::kValueTooLong, "identifiers[1].value");
  bad = Hostile();
  bad.facts = huge;
  CheckRejected(bad, Reason::kFactsTooLong, "facts");
  bad = Hostile();
  bad.source = huge;
  CheckRejected(bad, Reason::kSourceTooLong, "source");
  bad = Hostile();
  bad.id = huge;
  CheckRejected(bad, Reason::kRecordIdTooLong, "id");
  bad = Hostile();
  bad.identifiers[0].ns = huge;
  CheckRejected(bad, Reason::kBadNamespace, "identifiers[0].namespace");
}

TEST_CASE("bytes that are not UTF-8 are turned away wherever they stand") {
  for (const std::string& bytes :
       {std::string("\xff\xfe"), std::string("a\xc0\xaf"), std::string("\xed\xa0\x80"),
        std::string("\xf4\x90\x80\x80"), std::string("caf\xe9")}) {
    Record bad = Hostile();
    bad.identifiers[1].value = bytes;
    CheckRejected(bad, Reason::kNotUtf8, "identifiers[1].value");
    bad = Hostile();
    bad.source = bytes;
    CheckRejected(bad, Reason::kNotUtf8, "source");
    bad = Hostile();
    bad.id = bytes;
    CheckRejected(bad, Reason::kNotUtf8, "id");
  }
}

TEST_CASE("times before the epoch, far ahead and at the ends of the range are told apart") {
  EngineOptions options = LawOptions(0);
  options.now_ms = [] { return std::int64_t{1'000'000}; };
  Record bad = Hostile();
  bad.time_ms = -1;
  CheckRejected(bad, Reason::kTimeBeforeEpoch, "time_ms", options);
  bad.time_ms = INT64_MIN;
  CheckRejected(bad, Reason::kTimeBeforeEpoch, "time_ms", options);
  bad.time_ms = INT64_MAX;
  CheckRejected(bad, Reason::kTimeAhead, "time_ms", options);
  bad.time_ms = 1'000'000 + options.record_limits.max_ahead_ms + 1;
  CheckRejected(bad, Reason::kTimeAhead, "time_ms", options);
  bad = Hostile();
  bad.version = -1;
  CheckRejected(bad, Reason::kNegativeVersion, "version", options);

  // Where no clock is given, the ends of the range are times like any other.
  Policy policy = PlainPolicy();
  policy.namespaces[1].limits.push_back(
      {1, false, std::int64_t{100} * 366 * 86'400'000});  // the longest
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  const std::vector<Record> batch = {Seen("a", 0, {{"crm", "c"}, {"phone", "1"}}),
                                     Seen("b", INT64_MAX, {{"crm", "c"}, {"phone", "2"}})};
  for (const RecordResult& r : Must(engine->Apply(batch)).records)
    CHECK(r.outcome == Outcome::kApplied);
  const NaiveWorld world(Compile(policy), batch);
  CHECK(CompareWithNaive(engine->Read(), world) == "");
}

TEST_CASE("acts that contradict themselves are turned away") {
  Record bad = HostileAct(Act::kMustLink);
  bad.identifiers[1] = bad.identifiers[0];
  const RecordResult same = Send(bad);
  CHECK(same.outcome == Outcome::kRejected);
  CHECK(same.reason == Reason::kWrongIdentifierCount);

  bad = HostileAct(Act::kRename);
  const RecordResult across = Send(bad);
  CHECK(across.outcome == Outcome::kRejected);
  CHECK(across.reason == Reason::kRenameAcrossFamilies);
  CHECK_FALSE(across.field.empty());

  bad = HostileAct(Act::kRetract);
  bad.version = 5;
  const RecordResult with_identifiers = Send(bad);
  CHECK(with_identifiers.outcome == Outcome::kRejected);
  CHECK(with_identifiers.reason == Reason::kWrongIdentifierCount);
}

TEST_CASE("namespaces that break the grammar are turned away") {
  for (const char* ns : {"phone:x", "pho ne", "/wx1", "openid/", "openid/a/b", "p~1",
                         "\xe6\x89\x8b\xe6\x9c\xba", ""}) {
    Record bad = Hostile();
    bad.identifiers[0].ns = ns;
    INFO(ns);
    CheckRejected(bad, Reason::kBadNamespace, "identifiers[0].namespace");
  }
}

TEST_CASE("a NUL byte is a byte like any other") {
  std::unique_ptr<Engine> engine = OpenInMemory(PlainPolicy(), 0);
  using std::string_literals::operator""s;
  const std::vector<Record> batch = {Seen("r1"s, 1, {{"crm", "a\0b"s}, {"phone", "\0"s}}),
                                     Seen("r2"s, 1, {{"crm", "a"}, {"phone", "\0\0"s}}),
                                     Seen("r\0"s, 1, {{"crm", "a\0c"s}, {"phone", "x\0"s}}),
                                     Seen("r"s, 1, {{"crm", "a\0"s}, {"phone", "x"}})};
  for (const RecordResult& r : Must(engine->Apply(batch)).records)
    CHECK(r.outcome == Outcome::kApplied);
  const View view = engine->Read();
  CHECK(view.GetStats().profiles == 4);
  CHECK(view.GetStats().identifiers == 8);
  CHECK(view.Why({"crm", "a\0b"s}, {"phone", "\0"s})->connected);
  CHECK_FALSE(view.Why({"crm", "a"}, {"phone", "\0"s})->connected);
  CHECK(CompareWithNaive(view, NaiveWorld(Compile(PlainPolicy()), batch)) == "");
}

TEST_CASE("a batch of nothing but bad records changes nothing") {
  std::unique_ptr<Engine> engine = OpenInMemory(PlainPolicy(), 0);
  Record bad = Hostile();
  bad.source.clear();
  const std::uint64_t sequence = engine->Read().sequence();
  const ApplyResult result = Must(engine->Apply(std::vector<Record>{bad, bad}));
  CHECK(result.sequence == sequence);
  CHECK(result.changes.empty());
  CHECK(engine->Read().sequence() == sequence);
  CHECK(Must(engine->Apply({})).records.empty());
}

TEST_CASE("questions about what cannot be are answered, without a value in the message") {
  std::unique_ptr<Engine> engine = OpenInMemory(PlainPolicy(), 0);
  Must(engine->Apply(std::vector<Record>{Good(1)}).status());
  const View view = engine->Read();
  for (const Identifier& odd :
       {Identifier{"", ""}, Identifier{"crm", ""}, Identifier{"nowhere", kSecret},
        Identifier{"crm", "\xff"}, Identifier{"a b", kSecret},
        Identifier{"crm", std::string(std::size_t{1} << 20, 'x')}}) {
    CHECK_FALSE(view.Resolve(odd).known);
    const auto why = view.Why(odd, {"crm", "c1"});
    if (!why.ok()) CHECK(why.status().ToString().find("secret") == std::string::npos);
    const auto not_why = view.WhyNot({"crm", "c1"}, odd);
    if (not_why.ok())
      CHECK((not_why->obstacle == Obstacle::kUnknown || not_why->obstacle == Obstacle::kHeld));
    const auto links = view.Links(odd);
    if (!links.ok()) CHECK(links.status().ToString().find("secret") == std::string::npos);
  }
  for (const std::uint64_t id : {std::uint64_t{2}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    CHECK(absl::IsNotFound(view.Follow(ProfileId{id}).status()));
    CHECK(absl::IsNotFound(view.Members(ProfileId{id}).status()));
    CHECK(absl::IsNotFound(view.How(ProfileId{id}).status()));
    CHECK(absl::IsNotFound(view.IdentifierOf(IdentifierNumber{id}).status()));
  }
  CHECK_FALSE(view.RecordOf(0).ok());
  CHECK_FALSE(view.RecordOf(~std::uint64_t{0}).ok());
  CHECK(view.Changes(~std::uint64_t{0}, 1)->empty());
  RecordSelector nothing;
  CHECK(absl::IsInvalidArgument(engine->Retract(nothing).status()));
  nothing.source = "shop";
  CHECK(absl::IsInvalidArgument(engine->Retract(nothing).status()));
}

}  // namespace polyonym::harness
