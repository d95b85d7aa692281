#include "polyonym/batch/columns.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::batch {
namespace {

using harness::HoldsText;
using harness::Must;
using Texts = std::vector<std::string_view>;

NamespacePolicy Named(std::string name, Normaliser normaliser = Normaliser::kTrim) {
  NamespacePolicy ns;
  ns.name = std::move(name);
  ns.normaliser = normaliser;
  return ns;
}

Policy Shop() {
  Policy policy;
  policy.namespaces = {Named("crm"), Named("email", Normaliser::kEmail), Named("device")};
  policy.namespaces[0].priority = 1;
  return policy;
}

// `texts` outlives the result.
ColumnGroups Resolve(const Policy& policy, const std::vector<Texts>& texts,
                     std::vector<std::int64_t> times = {}) {
  Columns columns;
  columns.source = "shop";
  for (const Texts& column : texts) columns.identifiers.push_back({.texts = column});
  columns.times_ms = times;
  return Must(ResolveColumns(policy, columns));
}

std::string ErrorOf(const Columns& columns, const ColumnsOptions& options = {}) {
  const absl::Status status = ResolveColumns(Shop(), columns, options).status();
  CHECK(absl::IsInvalidArgument(status));
  return std::string(status.message());
}

// One column `crm` of so many rows.
struct OneColumn {
  Texts texts = {"a", "b", "c"};
  Columns columns;
  OneColumn() {
    columns.source = "shop";
    columns.identifiers = {{.ns = "crm", .texts = texts}};
  }
};

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("rows that name one identifier are one group, numbered as they appear") {
  const std::vector<Texts> texts = {{"crm:1", "crm:2", "device:d"},
                                    {"email:A@x.com", "device:d", "email:a@X.com "}};
  const ColumnGroups people = Resolve(Shop(), texts);
  CHECK(people.groups == 1);
  CHECK(people.row_group == Numbers{0, 0, 0});
  CHECK(people.identifier_group == Numbers{0, 0, 0, 0});
  CHECK(people.IdentifierOf(0, 1) == people.IdentifierOf(2, 1));
  CHECK(people.NamespaceOf(1) == "email");
  CHECK(people.ValueOf(1) == "a@x.com");
}

TEST_CASE("a column with a namespace names the same as cells that bring theirs") {
  const Texts plain = {"7", ""}, own = {"", "crm:7"};
  Columns columns;
  columns.source = "shop";
  columns.identifiers = {{.ns = "crm", .texts = plain}, {.texts = own}};
  const ColumnGroups people = Must(ResolveColumns(Shop(), columns));
  CHECK(people.identifiers() == 1);
  CHECK(people.row_group == Numbers{0, 0});
  CHECK(people.IdentifierOf(0, 1) == kNoNumber);
}

TEST_CASE("offsets into bytes say the same as views") {
  const std::string bytes = "xx7890";
  const std::vector<std::int32_t> offsets = {2, 4, 4, 6};
  const std::vector<std::int64_t> large(offsets.begin(), offsets.end());
  for (const bool is_large : {false, true}) {
    Columns columns;
    columns.source = "shop";
    Column column{.ns = "crm", .bytes = bytes};
    (is_large ? void(column.large_offsets = large) : void(column.offsets = offsets));
    columns.identifiers = {column};
    const ColumnGroups people = Must(ResolveColumns(Shop(), columns));
    CHECK(people.row_group == Numbers{0, kNoNumber, 1});
    CHECK(people.row_reason[1] == Reason::kMissingIdentifiers);
    CHECK(people.ValueOf(1) == "90");
  }
}

TEST_CASE("a column in chunks says the same as one in one piece") {
  constexpr std::size_t kRows = 5'000;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kRows; ++i)
    names.push_back(i % 11 == 0 ? "" : "device:n" + std::to_string(i * i % 3'001));
  const Texts left(names.begin(), names.end()), right(names.rbegin(), names.rend());
  Columns columns;
  columns.source = "shop";
  columns.identifiers = {{.texts = left}, {.texts = right}};
  const ColumnGroups whole = Must(ResolveColumns(Shop(), columns));
  REQUIRE(whole.groups > 1);

  // Of the left column every piece of a length of its own, every other one as offsets.
  Column& chunked = columns.identifiers[0];
  chunked.texts = {};
  std::vector<std::string> bytes(100);
  std::vector<std::vector<std::int64_t>> offsets(100);
  for (std::size_t from = 0, length = 1; from < kRows; from += length, ++length) {
    const auto texts = std::span(left).subspan(from, std::min(length, kRows - from));
    Column& chunk = chunked.chunks.emplace_back();
    if (length % 2 == 0) {
      chunk.texts = texts;
      continue;
    }
    offsets[length - 1] = {0};
    for (const std::string_view text : texts) {
      bytes[length - 1] += text;
      offsets[length - 1].push_back(static_cast<std::int64_t>(bytes[length - 1].size()));
    }
    chunk.large_offsets = offsets[length - 1];
    chunk.bytes = bytes[length - 1];
  }
  const ColumnGroups people = Must(ResolveColumns(Shop(), columns));
  CHECK(people.row_group == whole.row_group);
  CHECK(people.row_reason == whole.row_reason);
  CHECK(people.identifier_group == whole.identifier_group);
  for (std::uint32_t i = 0; i < whole.identifiers(); ++i)
    CHECK(people.ValueOf(i) == whole.ValueOf(i));
}

TEST_CASE("each row that does not count says why") {
  Policy policy = Shop();
  policy.namespaces[0].limits = {{1, false, 0}};
  const std::vector<Texts> texts = {
      {"crm:1", "nosuch:1", "crm:1", "crm:", "x", "crm:null", "crm:\xff"},
      {"crm:2", "crm:1", "device:d", "crm:3", "crm:4", "", ""}};
  const ColumnGroups people = Resolve(policy, texts);
  CHECK(people.row_reason == std::vector{Reason::kTwoValuesOfLimitedNamespace,
                                         Reason::kUndeclaredNamespace, Reason::kNone,
                                         Reason::kEmptyValue, Reason::kBadNamespace,
                                         Reason::kTooFewIdentifiers, Reason::kNotUtf8});
  CHECK(people.groups == 1);
  CHECK(people.row_group[2] == 0);
  CHECK(people.ToPartition().groups ==
        std::vector<std::vector<Identifier>>{{{"crm", "1"}, {"device", "d"}}});
}

TEST_CASE("of rows with one id the latest stands, and what only the others name is in no group") {
  const Texts ids = {"r1", "r1", "", "r1"}, crm = {"1", "2", "3", "2"};
  const std::vector<std::int64_t> times = {5, 9, 5, 9};
  const Column id_column{.texts = ids};
  Columns columns;
  columns.source = "shop";
  columns.identifiers = {{.ns = "crm", .texts = crm}};
  columns.record_ids = &id_column;
  columns.times_ms = times;
  const ColumnGroups people = Must(ResolveColumns(Shop(), columns));
  CHECK(people.row_reason ==
        std::vector{Reason::kSuperseded, Reason::kNone, Reason::kNone, Reason::kDuplicate});
  CHECK(people.identifier_group == Numbers{kNoNumber, 0, 1});
}

TEST_CASE("a limit keeps apart what rows would join, and a row goes with its primary") {
  Policy policy = Shop();
  policy.namespaces[0].limits = {{1, false, 0}};
  const std::vector<Texts> texts = {{"crm:1", "crm:2"}, {"device:d", "device:d"}};
  const ColumnGroups people = Resolve(policy, texts, {10, 20});
  CHECK(people.groups == 2);
  CHECK(people.identifier_group == Numbers{0, 1, 1});  // the later sighting of d wins
  CHECK(people.row_group == Numbers{0, 1});
}

TEST_CASE("a value that names one identifier after another is in both their groups") {
  Policy policy = Shop();
  policy.namespaces[2].validity_ms = 10;
  const std::vector<Texts> texts = {{"crm:1", "crm:2"}, {"device:d", "device:d"}};
  const ColumnGroups people = Resolve(policy, texts, {10, 30});
  CHECK(people.identifier_group == Numbers{0, 0, 1, 1});
  CHECK(people.ValueOf(3) == "d");
  CHECK(people.row_group == Numbers{0, 1});
}

TEST_CASE("no rows are no people") {
  Columns columns;
  columns.source = "shop";
  columns.identifiers = {{.ns = "crm"}};
  CHECK(Must(ResolveColumns(Shop(), columns)).groups == 0);
}

TEST_CASE("columns that cannot be read are refused by name, without a value") {
  OneColumn one;
  Columns& columns = one.columns;
  CHECK_NOTHROW(Must(ResolveColumns(Shop(), columns)));

  SECTION("offsets that go back") {
    const std::vector<std::int32_t> offsets = {0, 2, 1, 3};
    columns.identifiers.push_back({.ns = "email", .offsets = offsets, .bytes = "secret"});
    const std::string error = ErrorOf(columns);
    CHECK_THAT(error, HoldsText("identifiers[1], row 1"));
    CHECK_THAT(error, !HoldsText("secret"));
  }
  SECTION("offsets beyond the bytes") {
    const std::vector<std::int64_t> offsets = {0, 1, 2, std::numeric_limits<std::int64_t>::max()};
    columns.identifiers = {{.ns = "crm", .large_offsets = offsets, .bytes = "abc"}};
    CHECK_THAT(ErrorOf(columns), HoldsText("identifiers[0], row 2"));
    const std::vector<std::int64_t> near = {0, 1, 2, 4};
    columns.identifiers = {{.ns = "crm", .large_offsets = near, .bytes = "abc"}};
    CHECK_THAT(ErrorOf(columns), HoldsText("beyond its bytes"));
  }
  SECTION("a negative offset") {
    const std::vector<std::int32_t> offsets = {-1, 1, 2, 3};
    columns.identifiers = {{.ns = "crm", .offsets = offsets, .bytes = "abc"}};
    CHECK_THAT(ErrorOf(columns), HoldsText("negative"));
  }
  SECTION("two kinds of strings") {
    const std::vector<std::int32_t> offsets = {0, 1, 2, 3};
    columns.identifiers[0].offsets = offsets;
    CHECK_THAT(ErrorOf(columns), HoldsText("two kinds"));
  }
  SECTION("a chunk that cannot be read") {
    const std::vector<std::int32_t> offsets = {0, 2, 1};
    Column column{.ns = "crm",
                  .chunks = {{.texts = one.texts}, {.offsets = offsets, .bytes = "ab"}}};
    columns.identifiers = {column};
    CHECK_THAT(ErrorOf(columns), HoldsText("identifiers[0], row 4"));
    columns.identifiers[0].chunks[1] = column;
    CHECK_THAT(ErrorOf(columns), HoldsText("a chunk has no chunks"));
  }
  SECTION("another number of rows") {
    const Texts two = {"a", "b"};
    columns.identifiers.push_back({.ns = "email", .texts = two});
    CHECK_THAT(ErrorOf(columns), HoldsText("identifiers[1]"));
    columns.identifiers.pop_back();
    const std::vector<std::int64_t> times = {1};
    columns.times_ms = times;
    CHECK_THAT(ErrorOf(columns), HoldsText("times_ms"));
  }
  SECTION("no source, no column, no such namespace") {
    columns.source = "";
    CHECK_THAT(ErrorOf(columns), HoldsText("source"));
    columns.source = "shop";
    columns.identifiers[0].ns = "c r m";
    CHECK_THAT(ErrorOf(columns), HoldsText("identifiers[0]"));
    columns.identifiers.clear();
    CHECK_THAT(ErrorOf(columns), HoldsText("1 to 10,000"));
  }
}

TEST_CASE("columns are let go of at the step at which the host asks") {
  OneColumn one;
  for (int steps = 0; steps < 3; ++steps) {
    int asked = 0;
    ColumnsOptions options;
    options.interrupted = [&] { return asked++ == steps; };
    CHECK(absl::IsCancelled(ResolveColumns(Shop(), one.columns, options).status()));
    CHECK(asked == steps + 1);
  }
}

TEST_CASE("more cells than there are numbers are refused before anything is read") {
  const std::vector<std::int32_t> offsets((std::size_t{1} << 20) + 1);
  OneColumn one;
  one.columns.identifiers.assign(10'000, {.ns = "crm", .offsets = offsets});
  CHECK_THAT(ErrorOf(one.columns), HoldsText("4,294,967,294"));
}

TEST_CASE("a chain over all rows is one group, however many threads look at it") {
  constexpr std::size_t kRows = 300'000;
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kRows; ++i)
    names.push_back("device:n" + std::to_string(i * 7919 % (kRows + 1)));
  Texts left(names.begin(), names.end() - 1), right(names.begin() + 1, names.end());
  Policy policy = Shop();
  policy.max_identifiers_per_profile = 0;
  policy.default_max_neighbours = 0;
  Columns columns;
  columns.source = "shop";
  columns.identifiers = {{.texts = left}, {.texts = right}};
  for (const unsigned threads : {1U, 2U, 5U}) {
    ColumnsOptions options;
    options.threads = threads;
    options.hash_seed = threads;
    const ColumnGroups people = Must(ResolveColumns(policy, columns, options));
    CHECK(people.groups == 1);
    CHECK(people.identifiers() == kRows + 1);
    for (std::uint32_t row = 0; row < kRows; row += 997) {
      CHECK(people.IdentifierOf(row, 0) == row);
      CHECK(people.IdentifierOf(row, 1) == row + 1);
    }
  }
}

}  // namespace polyonym::batch
