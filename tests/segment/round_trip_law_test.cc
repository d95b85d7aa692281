// Laws of the text of expressions: on random ones reading undoes writing, and the text is the only one.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "harness/random_expression.h"
#include "harness/random_facts.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// The test at hand fails with the first expression that `check` finds fault with. POLYONYM_SEED: that one alone;
// POLYONYM_HISTORIES: so many in a hundred of them.
void CheckExpressions(std::uint64_t first_seed, std::uint64_t count,
                      const std::function<std::string(const Expression&, Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed);
    const Definitions definitions = RandomDefinitions(random);
    const Expression expression =
        RandomExpression(random, definitions, std::vector<std::string>{"vip", "7 days", "and"});
    const std::string fault = check(expression, random);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
}

std::string ReadBack(const Expression& expression) {
  const std::string text = WriteExpression(expression);
  const auto read = ParseExpression(text);
  if (!read.ok()) return text + "\n" + std::string(read.status().message()) + "\n";
  const std::string again = WriteExpression(*read);
  if (!(*read == expression)) return text + "\nis read as another:\n" + again + "\n";
  return again == text ? "" : text + "\nis written again as:\n" + again + "\n";
}

TEST_CASE("an expression that is written is read back the same") {
  CheckExpressions(1, 10'000,
                   [](const Expression& expression, Random&) { return ReadBack(expression); });
}

TEST_CASE("an expression that is written is read back the same, at length", "[slow]") {
  CheckExpressions(100'001, 200'000,
                   [](const Expression& expression, Random&) { return ReadBack(expression); });
}

// Parts that a hand may break: what is read of it, if anything, reads back too.
TEST_CASE("text that was damaged is refused with a place, or is another expression") {
  CheckExpressions(10'001, 5'000, [](const Expression& expression, Random& random) {
    static const std::string kPieces[] = {"(",     ")",    ",",  "\"", " ", "-",    "not ",
                                          " and ", "1",    "野", ";",  "=", " is ", "in",
                                          ".5",    "\xff", "\n", "/",  "* "};
    std::string text = WriteExpression(expression);
    for (std::int64_t n = random.Between(1, 3); n > 0 && !text.empty(); --n) {
      const auto at = static_cast<std::size_t>(random.Below(text.size()));
      if (random.Chance(50)) {
        text.erase(at, static_cast<std::size_t>(random.Between(1, 6)));
      } else {
        text.insert(at, kPieces[random.Below(std::size(kPieces))]);
      }
    }
    const auto read = ParseExpression(text);
    if (read.ok()) return ReadBack(*read);
    const std::string message(read.status().message());
    const std::size_t colon = message.find(':');
    const bool has_place = colon != std::string::npos && colon > 0 &&
                           message.find_first_not_of("0123456789") == colon &&
                           message.find_first_of("0123456789", colon) == colon + 1;
    return has_place ? "" : text + "\nis refused without a place: " + message + "\n";
  });
}

}  // namespace
}  // namespace polyonym::harness
