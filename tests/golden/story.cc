#include "golden/story.h"

#include <stdexcept>

#include "harness/engine_state.h"
#include "polyonym/codec/json.h"

namespace polyonym::harness {
namespace {

const char* const kFirstPolicy = R"({
  "name": "first", "ranking": "RANKING_PRIORITY_RECENCY", "undeclared": "UNDECLARED_HOLD_RECORD",
  "max_identifiers_per_profile": 8, "default_max_neighbours": 100,
  "namespaces": [
    {"name": "crm", "priority": 1, "limits": [{"max": 1}], "normaliser": "NORMALISER_EXACT"},
    {"name": "phone", "priority": 2, "limits": [{"max": 2}], "normaliser": "NORMALISER_PHONE", "region": "CN",
     "blocked_values": ["+8613900000001"], "sensitivity": "SENSITIVITY_PERSONAL"},
    {"name": "email", "priority": 3, "normaliser": "NORMALISER_EMAIL", "blocked_patterns": ["@test[.]example$"]},
    {"name": "wechat.unionid", "priority": 3, "normaliser": "NORMALISER_EXACT"},
    {"name": "wechat.openid", "priority": 4, "limits": [{"max": 1, "per_scope": true}, {"max": 2}],
     "normaliser": "NORMALISER_EXACT", "parent": "wechat.unionid"},
    {"name": "name", "priority": 5, "normaliser": "NORMALISER_TEXT"},
    {"name": "device", "priority": 6, "guards": [{"of": "crm", "max_neighbours": 2}], "normaliser": "NORMALISER_LOWER_CASE"},
    {"name": "cookie", "priority": 9, "limits": [{"max": 2, "window_ms": "1000"}], "valid_pattern": "^c-"},
    {"name": "locker", "priority": 7, "validity_ms": "300"},
    {"name": "session", "priority": 8, "link_lifetime_ms": "400"},
    {"name": "passport", "priority": 2, "derived": [{"namespace": "passport.sha256", "digest": "DIGEST_SHA256"}]},
    {"name": "passport.sha256", "priority": 7}
  ]
})";

// The tablet is no longer shared, a phone is; faxes are declared; evidence counts more than time.
const char* const kSecondPolicy = R"({
  "name": "second", "ranking": "RANKING_STRONGEST", "undeclared": "UNDECLARED_HOLD_IDENTIFIER",
  "max_identifiers_per_profile": 0, "default_max_neighbours": 0,
  "namespaces": [
    {"name": "crm", "priority": 1, "limits": [{"max": 1}], "normaliser": "NORMALISER_EXACT"},
    {"name": "phone", "priority": 2, "limits": [{"max": 3}], "normaliser": "NORMALISER_PHONE", "region": "CN",
     "guards": [{"of": "crm", "max_neighbours": 1}]},
    {"name": "email", "priority": 3, "normaliser": "NORMALISER_EMAIL"},
    {"name": "wechat.unionid", "priority": 3, "normaliser": "NORMALISER_EXACT"},
    {"name": "wechat.openid", "priority": 4, "limits": [{"max": 1, "per_scope": true}], "normaliser": "NORMALISER_EXACT",
     "parent": "wechat.unionid"},
    {"name": "name", "priority": 5, "normaliser": "NORMALISER_TEXT"},
    {"name": "fax", "priority": 7},
    {"name": "device", "priority": 6, "guards": [{"of": "crm", "max_neighbours": 5}], "normaliser": "NORMALISER_LOWER_CASE"},
    {"name": "cookie", "priority": 9, "limits": [{"max": 1, "window_ms": "100"}]},
    {"name": "locker", "priority": 7, "validity_ms": "150"},
    {"name": "session", "priority": 8, "link_lifetime_ms": "1000"},
    {"name": "passport", "priority": 2,
     "derived": [{"namespace": "passport.sha256", "digest": "DIGEST_MD5"}, {"namespace": "passport.sha256"}]},
    {"name": "passport.sha256", "priority": 7}
  ]
})";

// Who lives together: phones join any number of people.
const char* const kHouseholds = R"({
  "name": "households", "undeclared": "UNDECLARED_HOLD_IDENTIFIER", "max_identifiers_per_profile": 12,
  "namespaces": [
    {"name": "crm", "priority": 1},
    {"name": "phone", "priority": 2, "normaliser": "NORMALISER_PHONE", "region": "CN"},
    {"name": "email", "priority": 3, "limits": [{"max": 2}], "normaliser": "NORMALISER_EMAIL"},
    {"name": "session", "priority": 4, "link_lifetime_ms": "600"}
  ]
})";

// The eldest links first, and lockers tell too who belongs together.
const char* const kOtherHouseholds = R"({
  "name": "other households", "ranking": "RANKING_OLDEST", "undeclared": "UNDECLARED_HOLD_IDENTIFIER",
  "namespaces": [
    {"name": "crm", "priority": 1},
    {"name": "phone", "priority": 2, "normaliser": "NORMALISER_PHONE", "region": "CN"},
    {"name": "email", "priority": 3, "limits": [{"max": 3}], "normaliser": "NORMALISER_EMAIL"},
    {"name": "locker", "priority": 5, "validity_ms": "1000"},
    {"name": "session", "priority": 4, "link_lifetime_ms": "100"}
  ]
})";

Call Households(const char* policy) {
  Call call{policy, {}};
  call.graph = "household";
  return call;
}

Call Clock(std::int64_t clock_ms) {
  Call call;
  call.clock_ms = clock_ms;
  return call;
}

Call Horizon(const std::string& source, std::int64_t before_ms) {
  Call call = Clock(before_ms);
  call.source = source;
  return call;
}

}  // namespace

std::vector<Call> StoryUpToCheckpoint() {
  return {
      {kFirstPolicy, {}},
      {"",
       {R"({"source":"pos","id":"1","t":1000,"ids":{"crm":"c1","phone":"139 1234 5678"},"facts":{"traits":[{"name":"city","value":{"text":"上海"}}],"tags":[{"name":"vip","weight":0.5}]}})",
        R"({"source":"wx","id":"1","t":1100,"ids":{"wechat.openid/wx1":"oA","wechat.unionid":"uA"}})",
        R"({"source":"wx","id":"2","t":1200,"ids":{"wechat.unionid":"uA","phone":"+8613912345678"}})",
        R"({"source":"web","id":"1","t":1300,"ids":{"cookie":"c-1","email":"Ann@Example.com "}})"}},
      {"",
       {R"({"source":"web","id":"2","t":1400,"ids":{"email":"ann@example.com","crm":"c1"}})",
        R"({"source":"pos","id":"2","t":1500,"ids":{"crm":"c2","phone":"13812345670"},"other":{"phone":"13712345671"}})",
        R"({"source":"pos","t":1510,"ids":{"crm":"c2","name":"王　小明"}})",
        R"({"source":"pos","id":"1","t":1000,"ids":{"crm":"c1","phone":"139 1234 5678"},"facts":{"traits":[{"name":"city","value":{"text":"上海"}}],"tags":[{"name":"vip","weight":0.5}]}})"}},
      // The phone goes to whom it was last seen with; a limit holds the other off.
      {"", {R"({"source":"pos","id":"3","t":1600,"ids":{"crm":"c2","phone":"13912345678"}})"}},
      // A tablet that three people use.
      {"",
       {R"({"source":"app","id":"1","t":1700,"ids":{"device":"D1","crm":"c1"}})",
        R"({"source":"app","id":"2","t":1710,"ids":{"device":"d1 ","crm":"c2"}})"}},
      {"", {R"({"source":"app","id":"3","t":1720,"ids":{"device":"d1","crm":"c3"}})"}},
      {"",
       {R"({"source":"desk","id":"b","t":1800,"op":"bind","pair":["crm:c3","email:bob@example.com"]})",
        R"({"source":"desk","id":"m","t":1810,"op":"must_link","pair":["phone:13612345672","email:bob@example.com"]})",
        R"({"source":"desk","id":"n","t":1820,"op":"cannot_link","pair":["email:ann@example.com","wechat.unionid:uA"]})",
        R"({"source":"desk","id":"u","t":1750,"op":"unbind","pair":["wechat.unionid:uA","phone:13912345678"]})"}},
      // Held: an undeclared namespace, two values of a limited one, nothing left; a blocked and an unspeakable value beside good ones.
      {"",
       {R"({"source":"post","id":"1","t":1900,"ids":{"fax":"021-5555","crm":"c3"}})",
        R"({"source":"post","id":"2","t":1910,"ids":{"crm":["c1","c4"]}})",
        R"({"source":"post","id":"3","t":1920,"op":"bind","pair":["email:x@test.example","crm:c4"]})",
        R"({"source":"post","id":"4","t":1930,"ids":{"phone":["13900000001"],"email":"eve@example.com","crm":"c5"}})",
        R"({"source":"post","id":"5","t":1940,"ids":{"cookie":["zzz","c-5"],"crm":"c5"}})"}},
      {"",
       {R"({"source":"wx","id":"mv","t":2000,"op":"rename","pair":["wechat.openid/wx1:oA","wechat.openid/wx2:oB"]})",
        R"({"source":"wx","id":"3","t":2010,"ids":{"wechat.openid/wx2":"oB","wechat.openid/wx3":"oC"}})",
        R"({"source":"wx","id":"4","t":2020,"ids":{"wechat.openid/wx2":"oD","wechat.unionid":"uA"}})"}},
      // Taken back: one that stands, and one that has not come yet.
      {"",
       {R"({"source":"web","id":"2","version":1400,"op":"retract"})",
        R"({"source":"web","id":"9","version":5000,"op":"retract"})",
        R"({"source":"web","id":"9","t":2100,"ids":{"cookie":"c-9","crm":"c5"}})"}},
      // A locker that was somebody's, and then somebody else's; what a partner knows by its digest alone.
      {"",
       {R"({"source":"gym","id":"1","t":2110,"ids":{"locker":"L17","crm":"c1"}})",
        R"({"source":"gym","id":"2","t":2200,"ids":{"locker":"L17","email":"ann@example.com"}})",
        R"({"source":"gym","id":"3","t":2450,"ids":{"locker":"L17","crm":"c3"}})",
        R"({"source":"desk","id":"p","t":2460,"ids":{"passport":"E1234567","crm":"c5"}})",
        R"({"source":"partner","id":"1","t":2470,"ids":{"passport.sha256":"225e0f1aa8aebd8d7bd0b93fc30464e6f15d75f51a00cdeb9b8b58d97e5f51ed","email":"eve2@example.com"}})"}},
      Households(kHouseholds),
      {"",
       {R"({"source":"shop","id":"1","t":2120,"ids":{"session":"s-1","crm":"c1"}})",
        R"({"source":"shop","id":"2","t":2500,"ids":{"session":"s-2","crm":"c2"}})",
        R"({"source":"gym","id":"4","t":2800,"ids":{"locker":"L17","crm":"c5"}})"}},
      // A life that no record calls for any more.
      {"", {R"({"source":"gym","id":"4","version":2800,"op":"retract"})"}},
      // A till that says the same again and again, until it is folded; what a later unbind voids is not folded with the rest.
      {"",
       {R"({"source":"till","id":"1","t":1010,"ids":{"phone":"13912345678","wechat.unionid":"uA"}})",
        R"({"source":"till","id":"2","t":1020,"ids":{"wechat.unionid":"uA","phone":"13912345678"}})",
        R"({"source":"till","id":"3","t":1060,"ids":{"phone":"13912345678","wechat.unionid":"uA"}})",
        R"({"source":"till","id":"4","t":1150,"ids":{"phone":"13912345678","wechat.unionid":"uA"}})",
        R"({"source":"till","id":"5","t":1160,"ids":{"crm":["c1","c4"]}})",
        R"({"source":"till","id":"6","t":1170,"ids":{"crm":["c4","c1"]}})",
        R"({"source":"till","id":"6","t":1180,"ids":{"crm":["c4","c1"]}})",
        R"({"source":"desk","id":"u2","t":1050,"op":"unbind","pair":["wechat.unionid:uA","phone:13912345678"]})",
        R"({"source":"till","id":"7","t":2550,"ids":{"crm":"c5","phone":"13112345675"}})"}},
      Horizon("till", 1155),
      Clock(2600),
      Horizon("till", 1300),
      Households(kOtherHouseholds),
  };
}

std::vector<Call> StoryBehindCheckpoint() {
  return {
      {"",
       {R"({"source":"pos","id":"2","t":1500,"version":2200,"ids":{"crm":"c2","phone":"13512345673"}})",
        R"({"source":"pos","id":"late","t":500,"ids":{"crm":"c1","phone":"13912345678"}})"}},
      {"",
       {R"({"source":"web","id":"3","t":2300,"ids":{"cookie":"c-2","crm":"c6"}})",
        R"({"source":"web","id":"4","t":2400,"ids":{"cookie":"c-3","crm":"c6"}})",
        R"({"source":"web","id":"5","t":2500,"ids":{"cookie":"c-4","crm":"c6"}})"}},
      {"",
       {R"({"source":"desk","id":"di","t":1350,"op":"delete_identifier","pair":["email:ann@example.com"]})",
        R"({"source":"desk","id":"ds","t":2350,"op":"delete_source","target":"web"})"}},
      // The locker's first life begins earlier than it did.
      {"",
       {R"({"source":"gym","id":"5","t":2050,"ids":{"locker":"L17","crm":"c7"}})",
        R"({"source":"shop","id":"3","t":2650,"ids":{"session":"s-1","crm":"c1"}})"}},
      Clock(2960),
      {kSecondPolicy, {}},
      {"",
       {R"({"source":"desk","id":"n","version":1820,"op":"retract"})",
        R"({"source":"pos","t":2600,"ids":{"crm":"c2","phone":"13512345673"}})",
        R"({"source":"pos","id":"7","t":2700,"version":1,"ids":{"crm":"c7","phone":"13412345674","name":"张三"}})"}},
      {"",
       {R"({"source":"desk","id":"n2","t":2750,"op":"cannot_link","pair":["cookie:c-4","email:zhang@example.com"]})",
        R"({"source":"pos","id":"8","t":2800,"ids":{"crm":"c7","email":"zhang@example.com","cookie":"c-4"}})"}},
      Clock(3200),
      Households(kHouseholds),
  };
}

void Tell(const std::vector<Call>& story, Engine* engine) {
  JsonRecordReader reader;
  for (const Call& call : story) {
    if (!call.policy.empty()) {
      PolicyOptions options;
      options.graph = call.graph;
      Must(engine->SetPolicy(Must(ReadPolicyJson(call.policy)), options).status());
      continue;
    }
    if (!call.source.empty()) {
      Must(engine->MoveHorizon(call.source, call.clock_ms).status());
      continue;
    }
    if (call.clock_ms != 0) {
      Must(engine->AdvanceTo(call.clock_ms).status());
      continue;
    }
    std::vector<Record> records(call.records.size());
    for (std::size_t i = 0; i < records.size(); ++i)
      Must(reader.Read(call.records[i], &records[i]));
    for (const RecordResult& result : Must(engine->Apply(records)).records) {
      if (result.outcome == Outcome::kRejected)
        throw std::runtime_error("rejected: " + result.field);
    }
  }
}

}  // namespace polyonym::harness
