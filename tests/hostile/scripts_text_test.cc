// Hostile scripts that aim at whoever reads text: values, patterns, JSON, definitions, policies, hashes. harness/ordeal.h says what is measured.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/index.h"
#include "harness/catch.h"
#include "harness/ordeal.h"
#include "hostile/colliding_names.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"
#include "polyonym/codec/segment.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // by which src/engine/index.cc tells kinds

std::string Numbered(const std::string& prefix, std::size_t i) {
  return prefix + std::to_string(i);
}

std::string Times(std::size_t count, std::string_view part) {
  std::string text;
  text.reserve(count * part.size());
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

// ---- values ----

void RunLongValues(Ordeal& ordeal) {
  const std::string full(1'024 - 8, 'v');
  // Values that are new stay in memory, as they must: 2 KiB a record here, of which the bound leaves room for so many.
  ordeal.SendEach(ordeal.Of(2'000, 10'000), 50, [&](std::size_t i) {
    const std::string n = std::to_string(10'000'000 + i);
    return Told(n, kOrdealNowMs, {{"device", full + n}, {"login", full + n}});
  });
  const std::string longer(4'096, 'v');
  std::size_t rejected = 0;
  for (std::size_t at = 0; at < 20; ++at) {
    std::vector<Record> records;
    for (std::size_t i = 0; i < 50; ++i)
      records.push_back(Told(Numbered("l", 50 * at + i), kOrdealNowMs,
                             {{"device", Numbered(longer, i)}, {"login", longer}}));
    for (const RecordResult& r : ordeal.Send(records).records)
      rejected += r.reason == Reason::kValueTooLong;
  }
  ordeal.Expect(rejected == 1'000, "values of 4 KiB are rejected");
}

void FourKiB(Policy*, EngineOptions* options) { options->record_limits.max_value_bytes = 4'096; }

void RunFourKiBValues(Ordeal& ordeal) {
  const std::string full(4'096 - 8, 'v');
  ordeal.SendEach(ordeal.Of(1'000, 4'000), 50, [&](std::size_t i) {
    const std::string n = std::to_string(10'000'000 + i);
    return Told(n, kOrdealNowMs, {{"device", full + n}, {"nick", full + n}});
  });
}

// Text that is not what it seems, through every normaliser.
void RunOddText(Ordeal& ordeal) {
  using std::string_literals::operator""s;
  const std::vector<std::string> odd = {
      "a\0b"s,
      "\0"s,
      "\xff\xfe"s,
      "\xc0\xaf"s,
      "\xed\xa0\x80"s,
      "\xf4\x90\x80\x80"s,
      "\xe2\x80"s,
      "a\xe2\x80\x8b"s,        // a blank of no width
      "\xe2\x80\xaegpj.exe"s,  // written from right to left
      "\xe2\x81\xa6"
      "a\xe2\x81\xa9"s,  // an isolate
      "\xef\xbb\xbf"
      "a"s,                          // a byte order mark
      "a" + Times(300, "\xcc\x81"),  // three hundred accents on one letter
      Times(200, "\xef\xb7\xba"),    // one character that NFKC makes eighteen of
      Times(100, "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"),  // parts of Hangul
      Times(250, "\xf0\x9f\x91\xa8"),                      // men
      "\xc4\xb0\xc4\xb1I\xc3\x9f\xef\xac\x81"s,
      "+86" + Times(500, "1"),
      Times(1'000, "+"),
      "+" + Times(400, "\xd9\xa1"),
      Times(500, "@"),
      "a@" + Times(500, "b.") + "c",
      Times(64, "1e308"),
      "NULL"s,
      "undefined"s,
      "00000000"s,
      "-1"s};
  const std::vector<std::string> kinds = {"crm",    "phone", "email", "openid",
                                          "device", "nick",  "login", "locker"};
  std::size_t not_utf8 = 0;
  for (std::size_t at = 0; at < ordeal.Of(100, 1'000); ++at) {
    std::vector<Record> records;
    for (std::size_t k = 0; k < 26; ++k) {
      const std::size_t i = 26 * at + k;
      records.push_back(Told(Numbered("", i), kOrdealNowMs,
                             {{kinds[(i / 26) % 8], odd[i % 26]}, {"device", Numbered("d", i)}}));
    }
    for (const RecordResult& r : ordeal.Send(records).records)
      not_utf8 += r.reason == Reason::kNotUtf8;
  }
  ordeal.Expect(not_utf8 == 5 * ordeal.Of(100, 1'000),
                "what is not UTF-8 is rejected, and no more");
  const View view = ordeal.Read();
  ordeal.Expect(view.Resolve(Identifier{"openid", "a\xe2\x80\x8b"}).profile !=
                    view.Resolve(Identifier{"openid", "a"}).profile,
                "an exact value is its bytes");
}

// ---- patterns ----

// Patterns at which an engine that goes back and forth never ends, and such whose automata are as large as they may be.
void CruelPatterns(Policy* policy, EngineOptions*) {
  for (NamespacePolicy& ns : policy->namespaces) {
    if (ns.name != "openid") continue;
    ns.blocked_patterns = {"(a+)+$",   "(a|aa)+$",    "^(([a-z])+.)+[A-Z]([a-z])+$",
                           "(x+x+)+y", "(.*)*(.*)*=", "(a?){20}a{20}b"};
    ns.valid_pattern = "^(\\w|\\W|a)*.{0,200}$";
  }
  for (std::size_t i = 0; i < 10; ++i) {
    policy->namespaces[4].blocked_patterns.push_back("[ab]*a[ab]{" + std::to_string(10 + i) + "}z");
  }
}

void RunCruelValues(Ordeal& ordeal) {
  ordeal.SendEach(ordeal.Of(500, 5'000), 50, [&](std::size_t i) {
    std::string ab = Numbered("", i);
    for (std::size_t k = 0; k < 900; ++k) ab += ordeal.random().Chance(50) ? 'a' : 'b';
    return Told(Numbered("", i), kOrdealNowMs,
                {{"openid", Numbered(Times(250, "aax"), i) + "!"}, {"device", ab}});
  });
}

void RunCruelDefinitions(Ordeal& ordeal) {
  const auto is_segment = [](std::string_view) { return false; };
  Definitions definitions = OrdealPolicy().definitions;
  for (const char* pattern :
       {"(a+)+$", "((((a{1,30}){1,30}){1,30}){1,30}){1,30}", "a{1000}{1000}", "(?:a{1000}){1000}",
        "(((((((((((a*)*)*)*)*)*)*)*)*)*)*)", "[\\\\x{0}-\\\\x{10ffff}]{1000}", "\\\\pL{900}"}) {
    for (std::size_t i = 0; i < ordeal.Of(20, 200); ++i) {
      const auto expression = ParseExpression("top of score x matches \"" + std::string(pattern) +
                                              "\" or has " + Numbered("n", i));
      if (!expression.ok()) {
        ordeal.Expect(absl::IsInvalidArgument(expression.status()), "a pattern is refused well");
      } else {
        CheckExpression(*expression, definitions, is_segment).status().IgnoreError();
      }
    }
    definitions.segments = {
        {"s", "first(campaign of order) matches \"" + std::string(pattern) + "\"", ""}};
    Policy policy = OrdealPolicy();
    policy.definitions = definitions;
    ordeal.Read().Simulate(policy).status().IgnoreError();
    ordeal.LetOthersCome();
  }
  ordeal.Expect(!ParseExpression("identifiers crm matches \"" + Times(20'000, "(a") + "\"").ok() ||
                    !CheckExpression(Must(ParseExpression("identifiers crm matches \"" +
                                                          Times(20'000, "(a") + "\"")),
                                     definitions, is_segment)
                         .ok(),
                "20,000 open groups are refused");
}

// ---- JSON and protobuf ----

void RunDeepJson(Ordeal& ordeal) {
  JsonRecordReader reader;
  Record record;
  std::vector<std::string> texts = {
      Times(10'000, "[") + Times(10'000, "]"),
      Times(10'000, "{\"a\":"),
      "{\"source\":\"s\",\"facts\":" + Times(10'000, "{\"traits\":[") + "1",
      "{\"source\":\"s\",\"facts\":{\"traits\":[{\"name\":\"a\",\"value\":" +
          Times(10'000, "{\"list\":{\"values\":[") + "1",
      "{\"source\":" + std::string(1 << 20, '"'),
      "{\"t\":" + std::string(1 << 20, '9') + "}",
      "{\"t\":1e308}",
      "{\"t\":-1e999}",
      "{\"t\":NaN}",
      "{\"source\":\"" + Times(100'000, "\\u0000") + "\"}",
      "{\"source\":\"" + Times(100'000, "\\ud800") + "\"}",
      "{" + Times(100'000, "\"source\":\"s\",") + "\"id\":\"1\"}",
      "{\"ids\":{" + Times(100'000, "\"phone\":\"1\",") + "\"crm\":\"1\"}}",
      "{\"ids\":{\"phone\":[" + Times(200'000, "\"1\",") + "\"2\"]}}",
      std::string(std::size_t{17} << 20, ' '),
      "{\"source\":\"" + std::string(std::size_t{4} << 20, 'x') + "\"}"};
  ordeal.HoldsInput(33 << 20);
  for (std::size_t i = 0; i < ordeal.Of(1, 3); ++i) {
    for (const std::string& text : texts) {
      const absl::Status read = reader.Read(text, &record);
      ordeal.Expect(read.ok() || absl::IsInvalidArgument(read), "a record is refused well");
      ordeal.Expect(read.message().size() < 4'096, "an error quotes no whole record");
      if (read.ok()) ordeal.Send(record);
      for (const absl::Status& status :
           {ReadPolicyJson(text).status(), ReadDefinitionsJson(text).status(),
            ReadExpressionJson(text).status(), ReadRecordProto(text).status(),
            ReadPolicyProto(text).status(), ReadExpressionProto(text).status()}) {
        ordeal.Expect(status.ok() || absl::IsInvalidArgument(status), "a text is refused well");
        ordeal.Expect(status.message().size() < 4'096, "an error quotes no whole text");
      }
      ordeal.LetOthersCome();
    }
  }
}

// As much as a text may be of what takes two or three bytes there, and some hundred in memory.
std::string Full(std::string_view head, std::string_view part, std::string_view tail) {
  std::string text(head);
  text.reserve(std::size_t{16} << 20);
  while (text.size() + part.size() + tail.size() <= std::size_t{16} << 20) text += part;
  return text += tail;
}

void RunEmptyElements(Ordeal& ordeal) {
  ordeal.HoldsInput(16 << 20);
  const auto refused = [&](const absl::Status& status, const std::string& what) {
    ordeal.Expect(absl::IsInvalidArgument(status), what + " are refused");
    ordeal.LetOthersCome();
  };
  Record record;
  for (const auto& [head, tail] : std::vector<std::pair<std::string, std::string>>{
           {"{\"identifiers\":[", "{}]}"}, {"{\"facts\":{\"tags\":[", "{}]}}"}}) {
    refused(JsonRecordReader().Read(Full(head, "{},", tail), &record), "empty parts of records");
  }
  refused(JsonRecordReader().Read(Full("{\"ids\":{\"phone\":[", "\"\",", "\"\"]}}"), &record),
          "empty values");
  refused(ReadPolicyJson(Full("{\"namespaces\":[", "{},", "{}]}")).status(), "empty namespaces");
  refused(ReadDefinitionsJson(Full("{\"traits\":[", "{},", "{}]}")).status(), "empty traits");
  refused(ReadExpressionJson(Full("{\"args\":[", "{},", "{}]}")).status(), "empty arguments");
  refused(ReadPolicyJson(Full("{\"name\":[", "0,", "0]}")).status(), "numbers");
  refused(ReadRecordProto(Full("", std::string_view("\x32\x00", 2), "")).status(),
          "empty identifiers in bytes");
  refused(ReadRecordProto(Full("", std::string_view("\x7a\x00", 2), "")).status(),
          "unknown fields in bytes");
  refused(ReadPolicyProto(Full("", std::string_view("\x32\x00", 2), "")).status(),
          "empty namespaces in bytes");
  refused(ReadPolicyProto(Full("", std::string_view("\x7a\x00", 2), "")).status(),
          "unknown fields of policies in bytes");
  refused(ReadExpressionProto(Full("", std::string_view("\x2a\x00", 2), "")).status(),
          "empty arguments in bytes");
}

// An expression inside an expression, as deep as asked, in protobuf's bytes: field 5 is `args`.
std::string DeepProto(std::size_t depth) {
  std::vector<std::string> heads;
  std::size_t size = 0;
  for (std::size_t i = 0; i < depth; ++i) {
    std::string head = "\x08\x0a\x2a";  // op: NOT; args
    for (std::size_t left = size;; left >>= 7) {
      head += static_cast<char>(left > 127 ? (left & 127) | 128 : left);
      if (left <= 127) break;
    }
    size += head.size();
    heads.push_back(head);
  }
  std::string bytes;
  for (std::size_t i = heads.size(); i > 0; --i) bytes += heads[i - 1];
  return bytes;
}

// A hundred thousand clauses, and ten thousand levels, in each of the forms that a definition has.
void RunLargeDefinitions(Ordeal& ordeal) {
  const std::size_t clauses = 100'000, levels = 10'000;
  const auto is_segment = [](std::string_view) { return true; };
  std::vector<std::string> texts = {
      Times(clauses, "has phone or ") + "has phone", Times(clauses, "not "),
      Times(levels, "(") + "has phone" + Times(levels, ")"), Times(levels, "not ") + "has phone",
      Times(levels, "-") + "1 > 0", Times(levels, "did(order where "),
      Times(levels, "1 + (") + "1" + Times(levels, ")") + " > 1", Times(levels, "has phone and ("),
      "trait city in (" + Times(clauses, "\"a\", ") + "\"b\")",
      // Within the bounds, and as costly as they allow.
      Times(1'000, "has phone and ") + "has phone", Times(62, "not ") + "has phone",
      "trait orders in (" + Times(1'000, "1, ") + "2)"};
  ordeal.HoldsInput(8 << 20);
  for (const std::string& text : texts) {
    const auto read = ParseExpression(text);
    if (read.ok()) {
      const Definitions definitions = OrdealPolicy().definitions;
      const auto type = CheckExpression(*read, definitions, is_segment);
      if (type.ok()) LintExpression(*read, definitions);
    } else {
      ordeal.Expect(absl::IsInvalidArgument(read.status()), "a definition is refused well");
      ordeal.Expect(read.status().message().size() < 1'024, "an error quotes no whole definition");
    }
    Definitions definitions;
    definitions.segments = {{"s", text, ""}};
    Policy policy;
    policy.definitions = definitions;
    const absl::Status valid = Validate(policy);
    ordeal.Expect(valid.ok() || absl::IsInvalidArgument(valid), "it is refused well in a policy");
    ordeal.LetOthersCome();
  }
  ordeal.Expect(!ParseExpression(texts[0]).ok(), "100,000 clauses are too many as text");
  std::string wide = "\x08\x0c";  // op: OR
  wide += Times(clauses, std::string_view("\x2a\x02\x08\x3c", 4));
  const std::string json =
      "{\"op\":\"OP_OR\",\"args\":[" + Times(clauses, "{\"op\":\"OP_HAS\"},") + "{}]}";
  const std::string deep_json = Times(levels, "{\"op\":\"OP_NOT\",\"args\":[");
  for (const absl::Status& status :
       {ReadExpressionProto(wide).status(), ReadExpressionProto(DeepProto(levels)).status(),
        ReadExpressionProto(DeepProto(200'000)).status(), ReadExpressionJson(json).status(),
        ReadExpressionJson(deep_json).status()}) {
    ordeal.Expect(absl::IsInvalidArgument(status), "it is refused well as a tree");
    ordeal.Expect(status.message().size() < 1'024, "an error quotes no whole tree");
    ordeal.LetOthersCome();
  }
  ordeal.Expect(ReadExpressionProto(DeepProto(60)).ok(), "60 levels are allowed");
}

// A definition document of a hundred thousand segments, tags and namespaces.
void RunLargePolicies(Ordeal& ordeal) {
  const std::size_t count = 100'000;
  std::string segments = "{\"definitions\":{\"segments\":[", names = "{\"namespaces\":[",
              tags = "{\"tags\":[", values = "{\"namespaces\":[{\"name\":\"a\",\"blockedValues\":[";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string n = std::to_string(i), comma = i == 0 ? "" : ",";
    segments += comma + "{\"name\":\"s" + n + "\",\"expression\":\"has phone\"}";
    names += comma + "{\"name\":\"n" + n + "\"}";
    tags += comma + "{\"name\":\"t" + n + "\",\"parent\":\"t" + std::to_string(i + 1) + "\"}";
    values += comma + "\"v" + n + "\"";
  }
  segments += "]}}";
  names += "]}";
  tags += "]}";
  values += "]}]}";
  ordeal.HoldsInput(11 << 20);
  for (const std::string& text : {segments, names, values}) {
    const auto policy = ReadPolicyJson(text);
    const absl::Status valid = policy.ok() ? Validate(*policy) : policy.status();
    ordeal.Expect(absl::IsInvalidArgument(valid), "a policy of 100,000 is refused well");
    ordeal.LetOthersCome();
  }
  const auto definitions = ReadDefinitionsJson(tags);
  ordeal.Expect(
      absl::IsInvalidArgument(definitions.ok() ? Validate(*definitions) : definitions.status()),
      "100,000 tags are refused well");
}

// As many namespaces, segments and tags as a policy may have, simulated and put in force beside the people.
Policy FullPolicy(std::size_t count) {
  Policy policy = OrdealPolicy();
  for (std::size_t i = policy.namespaces.size(); i < count; ++i)
    policy.namespaces.emplace_back().name = Numbered("ns", i);
  for (std::size_t i = 0; i < count; ++i) {
    TagDefinition& tag = policy.definitions.tags.emplace_back();
    tag.name = Numbered("t", i);
    if (i > 0 && i < 60) tag.parent = Numbered("t", i - 1);
  }
  policy.definitions.tags.resize(std::min<std::size_t>(policy.definitions.tags.size(), 4'096));
  for (std::size_t i = policy.definitions.segments.size(); i < count; ++i) {
    policy.definitions.segments.push_back(
        {Numbered("g", i), "tag " + Numbered("t", i % 1'000) + " or has " + Numbered("ns", i), ""});
  }
  return policy;
}

void RunFullPolicies(Ordeal& ordeal) {
  const Policy full = FullPolicy(ordeal.Of(1'000, 4'096));
  for (std::size_t i = 0; i < ordeal.Of(3, 5); ++i) {
    const auto simulated = ordeal.Read().Simulate(full);
    ordeal.Expect(simulated.ok(), "a full policy is simulated: " + simulated.status().ToString());
    ordeal.LetOthersCome();
  }
  Policy before = ordeal.Read().policy();
  ordeal.Expect(ordeal.engine().SetPolicy(full).ok(), "a full policy comes into force");
  ordeal.LetOthersCome();
  Must(ordeal.engine().SetPolicy(before).status());
  for (std::size_t i = 0; i < ordeal.Of(20, 100); ++i) {  // and to and fro
    before.definitions.tags[0].half_life_ms += 60'000;
    Must(ordeal.engine().SetPolicy(before).status());
    ordeal.LetOthersCome();
  }
}

// ---- hashes ----

// Names that have one slot and tag where the hash has no seed: published ones, and such for the kinds of identifiers.
void RunCollisions(Ordeal& ordeal) {
  const std::size_t count = ordeal.Of(4'000, 20'000);
  for (const std::uint64_t seed :
       {std::uint64_t{0}, kGolden * 5}) {  // of the fifth family: devices
    const std::vector<std::string> names = CollidingNames(seed, count);
    ordeal.Expect(names.size() == count, "there are so many");
    ordeal.SendEach(count, 100, [&](std::size_t i) {
      Record record = Told(names[i], kOrdealNowMs, {{"device", names[i]}, {"openid", names[i]}});
      record.source = Numbered("published", seed % 7);
      return record;
    });
  }
}

const std::vector<Script>& TextScripts() {
  static const std::vector<Script> scripts = {
      {"long values", RunLongValues},
      {"values of 4 KiB", RunFourKiBValues, FourKiB},
      {"odd text", RunOddText},
      {"cruel values for patterns", RunCruelValues, CruelPatterns},
      {"cruel patterns", RunCruelDefinitions},
      {"deep and broken JSON", RunDeepJson},
      {"empty elements", RunEmptyElements},
      {"100000 clauses", RunLargeDefinitions},
      {"100000 definitions", RunLargePolicies},
      {"full policies", RunFullPolicies},
      {"colliding names", RunCollisions},
  };
  return scripts;
}

}  // namespace

TEST_CASE(
    "whatever texts and patterns and policies are they end soon and memory keeps to its bound") {
  EndureSmall(TextScripts());
}
TEST_CASE("whatever texts and patterns and policies are others wait no longer", "[slow]") {
  EndureLarge(TextScripts());
}

TEST_CASE("names that collide without a seed do not collide in a store whose seed nobody knows") {
  constexpr std::size_t kCount = 2'000;
  // How many names a look-up of each compares, most and in all.
  const auto compared = [&](std::uint64_t seed, std::uint64_t collide_for) {
    engine::Index index;
    index.seed = seed;
    const std::vector<std::string> names = CollidingNames(collide_for, kCount);
    for (std::size_t i = 0; i < names.size(); ++i)
      index.dictionary.Insert(index.HashValue(0, names[i]), static_cast<std::uint32_t>(i));
    std::size_t most = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t looked_at = 0;
      const std::uint32_t found =
          index.dictionary.Find(index.HashValue(0, names[i]), [&](std::uint32_t n) {
            ++looked_at;
            return names[n] == names[i];
          });
      REQUIRE(found == i);
      most = std::max(most, looked_at);
    }
    return most;
  };
  CHECK(compared(0, kGolden) == kCount);  // so they do collide where the seed is known
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{0x5eed}, ~std::uint64_t{0}}) {
    CHECK(compared(seed, kGolden) <= 2);
    CHECK(compared(seed, 0) <= 2);
  }
}

}  // namespace polyonym::harness
