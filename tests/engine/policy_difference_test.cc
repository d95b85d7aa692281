// Records of which another policy counts more, less or something else, one kind after the other; under every policy the store must be
// what its records say, whatever policies it had before.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using Edit = std::function<void(Policy&)>;

constexpr std::size_t kCrm = 0, kPhone = 1, kOpenid = 2;

// Puts the shop's policy and each edit of it in force, every one after every other one, and holds the store against its records.
void CheckEveryChange(const std::vector<Record>& records, const std::vector<Edit>& edits,
                      const Edit& base = {}) {
  Policy first = ShopPolicy();
  if (base) base(first);
  std::vector<Policy> policies = {first};
  for (const Edit& edit : edits) edit(policies.emplace_back(first));
  const std::unique_ptr<Engine> engine = OpenInMemory(first, 0);
  Must(engine->Apply(records).status());
  const auto check = [&](std::size_t from, std::size_t to) {
    INFO("policy " << from << " to " << to);
    Must(engine->SetPolicy(policies[to]).status());
    const VerifyReport report = Must(engine->Read().Verify());
    for (const std::string& problem : report.problems) UNSCOPED_INFO(problem);
    CHECK(report.ok());
  };
  for (std::size_t i = 0; i < policies.size(); ++i) {
    for (std::size_t j = 0; j < policies.size(); ++j) {
      check(j, i);
      check(i, j);
    }
  }
}

Edit Block(std::size_t ns, const std::string& pattern) {
  return [=](Policy& policy) { policy.namespaces[ns].blocked_patterns = {pattern}; };
}
Edit Normalise(std::size_t ns, Normaliser normaliser) {
  return [=](Policy& policy) { policy.namespaces[ns].normaliser = normaliser; };
}
Edit Limited(std::size_t ns, std::uint32_t max, std::int64_t window_ms) {
  return [=](Policy& policy) { policy.namespaces[ns].limits = {{max, false, window_ms}}; };
}

}  // namespace

TEST_CASE("a value that alone held a profile together is blocked, and allowed again") {
  CheckEveryChange(
      {Seen("1", 1, {{"crm", "c"}, {"phone", "bad"}}),
       Seen("2", 2, {{"openid", "o"}, {"phone", "bad"}}), Seen("3", 3, {{"phone", "bad"}})},
      {Block(kPhone, "^bad"), Block(kOpenid, "^o"), [](Policy& policy) {
         Block(kPhone, "^bad")(policy);
         policy.undeclared = Undeclared::kHoldIdentifier;
         policy.namespaces.pop_back();
       }});
}

TEST_CASE("what was first or last goes with a record that is held, and the next is found") {
  std::vector<Record> records;
  for (int i = 0; i < 40; ++i) {
    // Of every three one names two phones.
    Record record = Seen(std::to_string(i), 100 - 7 * (i % 13) + i, {{"crm", "c"}, {"phone", "p"}});
    if (i % 3 == 0) record.identifiers.push_back({"phone", "q" + std::to_string(i), Role::kSelf});
    records.push_back(record);
    records.push_back(Seen("o" + std::to_string(i), i * 11 % 17,
                           {{"phone", "p"}, {"openid", "o" + std::to_string(i / 2)}}));
    if (i % 4 == 0) records.back().identifiers.push_back({"phone", "P", Role::kSelf});
  }
  CheckEveryChange(records, {Limited(kPhone, 1, 0), Limited(kOpenid, 3, 6), Limited(kPhone, 2, 20),
                             Normalise(kPhone, Normaliser::kLowerCase), [](Policy& policy) {
                               Limited(kOpenid, 3, 6)(policy);
                               Block(kPhone, "^q")(policy);
                             }});
  const Edit windows = [](Policy& policy) {
    Limited(kOpenid, 3, 6)(policy);
    Limited(kPhone, 30, 25)(policy);
    policy.ranking = Ranking::kOldest;
  };
  CheckEveryChange(records,
                   {Limited(kPhone, 1, 0), Block(kPhone, "^q"), Block(kCrm, "c"),
                    Normalise(kPhone, Normaliser::kLowerCase)},
                   windows);
}

TEST_CASE("two values become one, in a record or in two, and become two again") {
  Record others = Seen("others", 5, {{"crm", "c"}, {"phone", "X"}, {"phone", "x"}});
  others.identifiers[2].role = Role::kOther;
  Record swapped = others;
  swapped.id = "swapped";
  swapped.identifiers[1].role = Role::kOther;
  swapped.identifiers[2].role = Role::kSelf;
  CheckEveryChange(
      {Seen("both", 1, {{"phone", "A"}, {"phone", "a"}, {"openid", "o"}}),
       Seen("one", 2, {{"phone", "A"}, {"crm", "c"}}), Seen("other", 3, {{"phone", "a"}}),
       Seen("digits", 4, {{"phone", "b 1"}, {"crm", "d"}}), others, swapped},
      {Normalise(kPhone, Normaliser::kLowerCase), Normalise(kPhone, Normaliser::kEmail),
       Block(kPhone, "^A"), Limited(kPhone, 1, 0)});
}

TEST_CASE("guards open and close with what is blocked and allowed") {
  std::vector<Record> records;
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    records.push_back(Seen(n, i, {{"phone", "office"}, {"crm", "c" + n}, {"openid", "o" + n}}));
  }
  const Edit guarded = [](Policy& policy) {
    policy.namespaces[kPhone].guards = {{"crm", 3}, {"", 8}};
  };
  CheckEveryChange(records,
                   {Block(kCrm, "^c[12345]"), Block(kOpenid, "^o"),
                    [](Policy& policy) {
                      Block(kCrm, "^c[12]")(policy);
                      policy.namespaces[kPhone].guards = {{"openid", 2}};
                      policy.default_max_neighbours = 4;
                    },
                    [](Policy& policy) { policy.namespaces.erase(policy.namespaces.begin()); }},
                   guarded);
}

TEST_CASE("renames stay exact where they count otherwise, and where they do not") {
  const std::vector<Record> records = {
      Seen("1", 1, {{"openid", "Old"}, {"phone", "P"}}),
      Seen("2", 2, {{"openid", "new"}, {"phone", "p"}}),
      Seen("3", 3, {{"openid", "new"}, {"openid", "Old"}, {"crm", "c"}}),
      Seen("4", 4, {{"openid", "third"}, {"phone", "p"}}),
      Said(Act::kRename, "r", 5, {{"openid", "Old"}, {"openid", "new"}}),
      Said(Act::kRename, "s", 6, {{"openid", "third"}, {"openid", "Fourth"}})};
  CheckEveryChange(records, {Normalise(kPhone, Normaliser::kLowerCase), Block(kPhone, "."),
                             Normalise(kOpenid, Normaliser::kLowerCase), Block(kOpenid, "^[on]"),
                             Block(kOpenid, "^F"), [](Policy& policy) {
                               Normalise(kOpenid, Normaliser::kLowerCase)(policy);
                               Normalise(kPhone, Normaliser::kLowerCase)(policy);
                             }});
}

TEST_CASE("acts void what comes in and spare what goes out") {
  Record deletion;
  deletion.source = "shop";
  deletion.id = "source";
  deletion.act = polyonym::Act::kDeleteSource;
  deletion.time_ms = 20;
  deletion.target_source = "gone";
  std::vector<Record> records = {Seen("1", 1, {{"crm", "c"}, {"phone", "P"}, {"openid", "o"}}),
                                 Seen("2", 9, {{"crm", "c"}, {"phone", "p"}, {"openid", "o"}}),
                                 Seen("3", 3, {{"crm", "d"}, {"phone", "P"}, {"openid", "q"}}),
                                 Seen("gone", 4, {{"crm", "e"}, {"phone", "P"}, {"openid", "q"}}),
                                 Said(Act::kUnbind, "u", 5, {{"crm", "c"}, {"phone", "p"}}),
                                 Said(Act::kUnbind, "v", 5, {{"crm", "d"}, {"phone", "P"}}),
                                 Said(Act::kMustLink, "m", 6, {{"crm", "d"}, {"phone", "p"}}),
                                 Said(Act::kCannotLink, "n", 6, {{"openid", "q"}, {"phone", "p"}}),
                                 Said(Act::kDeleteIdentifier, "x", 4, {{"phone", "P"}}),
                                 deletion};
  records[3].source = "gone";
  const std::vector<Edit> edits = {
      Normalise(kPhone, Normaliser::kLowerCase),
      Block(kPhone, "P"),
      Block(kCrm, "c"),
      [](Policy& policy) { policy.namespaces[kOpenid].parent = "phone"; },
      [](Policy& policy) {
        policy.namespaces[kOpenid].parent = "phone";
        Normalise(kPhone, Normaliser::kLowerCase)(policy);
      },
      [](Policy& policy) {
        policy.namespaces[kPhone].validity_ms = 3;
        Normalise(kPhone, Normaliser::kLowerCase)(policy);
      }};
  CheckEveryChange(records, edits);
}

TEST_CASE("what is derived comes and goes with what it is derived from") {
  const auto derive = [](Policy& policy) {
    policy.namespaces.emplace_back().name = "hash";
    policy.namespaces[kPhone].derived = {{"hash", Digest::kMd5, {}}};
  };
  Record other = Seen("4", 4, {{"crm", "c"}, {"phone", "B"}});
  other.identifiers[1].role = Role::kOther;
  CheckEveryChange(
      {Seen("1", 1, {{"crm", "c"}, {"phone", "A"}, {"phone", "a"}}),
       Seen("2", 2, {{"crm", "d"}, {"phone", "a"}}),
       Seen("3", 3, {{"hash", "0cc175b9c0f1b6a831c399e269772661"}, {"phone", "a"}}), other},
      {Normalise(kPhone, Normaliser::kLowerCase), Block(kPhone, "A"),
       [](Policy& policy) { policy.namespaces[kPhone].derived.clear(); }, Block(3, "^0cc1"),
       Limited(3, 1, 0)},
      derive);
}

TEST_CASE(
    "what is derived into a namespace whose values expire has lives from its first naming on") {
  CheckEveryChange(
      {Seen("1", 1, {{"crm", "c"}, {"phone", "a"}}), Seen("2", 20, {{"crm", "d"}, {"phone", "a"}})},
      {[](Policy& policy) {
        policy.namespaces[kPhone].derived = {{"hash", Digest::kMd5, {}}};
      }},
      [](Policy& policy) {
        NamespacePolicy& hash = policy.namespaces.emplace_back();
        hash.name = "hash";
        hash.validity_ms = 9;
      });
}

TEST_CASE(
    "refused links and a namespace that is dropped stay exact while records count otherwise") {
  // Links with a lifetime, refused links and a namespace that is dropped and declared again.
  std::vector<Record> records;
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    records.push_back(Seen("v" + n, i, {{"crm", "c" + n}, {"phone", "p" + n}, {"openid", "O"}}));
    records.push_back(Seen("w" + n, 9 - i, {{"crm", "c" + n}, {"openid", "o"}}));
  }
  CheckEveryChange(records, {Normalise(kOpenid, Normaliser::kLowerCase), Block(kOpenid, "o"),
                             Block(kCrm, "c[12]"),
                             [](Policy& policy) {
                               policy.undeclared = Undeclared::kHoldIdentifier;
                               policy.namespaces.pop_back();
                             },
                             [](Policy& policy) {
                               Block(kCrm, "c[34]")(policy);
                               policy.ranking = Ranking::kStrongest;
                               policy.namespaces[kOpenid].priority = 7;
                               policy.namespaces[kPhone].link_lifetime_ms = 2;
                             }});
}

}  // namespace polyonym::harness
