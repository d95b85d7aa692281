#include "polyonym/model/outcome.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// As stored and as written to rejects files.
const std::vector<std::pair<int, std::string>>& Reasons() {
  static const std::vector<std::pair<int, std::string>> kReasons = {
      {0, "none"},
      {1, "duplicate"},
      {2, "superseded"},
      {3, "retracted"},
      {4, "nothing_to_retract"},
      {20, "undeclared_namespace"},
      {21, "two_values_of_limited_namespace"},
      {22, "blocked_value"},
      {23, "not_normalisable"},
      {24, "too_few_identifiers"},
      {25, "rename_of_expiring"},
      {40, "missing_source"},
      {41, "source_too_long"},
      {42, "record_id_too_long"},
      {43, "missing_time"},
      {44, "time_before_epoch"},
      {45, "time_ahead"},
      {46, "missing_identifiers"},
      {47, "too_many_identifiers"},
      {48, "bad_namespace"},
      {49, "empty_value"},
      {50, "value_too_long"},
      {51, "not_utf8"},
      {52, "facts_too_long"},
      {53, "wrong_identifier_count"},
      {54, "missing_target_source"},
      {55, "missing_record_id"},
      {56, "missing_version"},
      {57, "rename_across_families"},
      {58, "negative_version"},
      {59, "behind_horizon"},
      {60, "folded"},
      {61, "erased"},
      {62, "quarantined"},
  };
  return kReasons;
}

}  // namespace

TEST_CASE("reasons keep their numbers and names") {
  std::size_t known = 0;
  for (int number = 0; number < 256; ++number)
    known += ToString(static_cast<Reason>(number)) != "unknown";
  CHECK(known == Reasons().size());  // a new reason is pinned here too
  for (const auto& [number, name] : Reasons()) {
    INFO(number);
    CHECK(ToString(static_cast<Reason>(number)) == name);
  }
  CHECK(static_cast<int>(Reason::kRenameOfExpiring) == 25);
  CHECK(static_cast<int>(Reason::kBehindHorizon) == 59);
  CHECK(static_cast<int>(Reason::kFolded) == 60);
  CHECK(static_cast<int>(Reason::kErased) == 61);
  CHECK(static_cast<int>(Reason::kQuarantined) == 62);
}

TEST_CASE("every reason is explained in a sentence of its own") {
  std::set<std::string> sentences;
  for (const auto& [number, name] : Reasons()) {
    const std::string sentence(Explain(static_cast<Reason>(number)));
    INFO(name << ": " << sentence);
    REQUIRE_FALSE(sentence.empty());
    CHECK(sentence.back() == '.');
    CHECK(sentences.insert(sentence).second);
  }
  CHECK_FALSE(Explain(static_cast<Reason>(255)).empty());
  CHECK_FALSE(sentences.contains(std::string(Explain(static_cast<Reason>(255)))));
}

TEST_CASE("outcomes keep their numbers and names") {
  CHECK(ToString(static_cast<Outcome>(0)) == "applied");
  CHECK(ToString(static_cast<Outcome>(1)) == "unchanged");
  CHECK(ToString(static_cast<Outcome>(2)) == "held");
  CHECK(ToString(static_cast<Outcome>(3)) == "rejected");
  CHECK(ToString(static_cast<Outcome>(4)) == "unknown");
  CHECK(static_cast<int>(Outcome::kRejected) == 3);
}

}  // namespace polyonym::harness
