#include "polyonym/profile/purchases.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/shared_data.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t At(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days date =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return date.time_since_epoch().count() * kDayMs;
}

PurchaseSummary Summary(const std::vector<Purchase>& purchases, const PurchaseOptions& options) {
  const auto summary = SummarisePurchases(purchases, options);
  REQUIRE(summary.ok());
  return *summary;
}

using Letters = std::array<std::int64_t, 3>;  // x, t_x, T in days

Letters LettersOf(const PurchaseSummary& summary) {
  return {static_cast<std::int64_t>(summary.frequency), summary.recency_days,
          summary.observed_days};
}

std::string MessageOf(const std::vector<Purchase>& purchases, const PurchaseOptions& options) {
  const auto summary = SummarisePurchases(purchases, options);
  REQUIRE(summary.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(summary.status().message());
}

// `2010-12-01 08:26:00`, taken as UTC.
std::int64_t TimeOf(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  char c = 0;
  std::istringstream(text) >> year >> c >> month >> c >> day >> hour >> c >> minute >> c >> second;
  return At(year, month, day) + ((hour * 60 + minute) * 60 + second) * std::int64_t{1000};
}

// RFC 4180 within one line.
std::vector<std::string> FieldsOf(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

TEST_CASE("frequency, recency and T of the worked example") {
  const PurchaseOptions options{.end_ms = At(2015, 2, 7)};
  const auto letters = [&](const std::vector<std::int64_t>& times) {
    std::vector<Purchase> purchases;
    for (const std::int64_t time : times) purchases.push_back({time, 100});
    return LettersOf(Summary(purchases, options));
  };
  CHECK(letters({At(2015, 2, 1), At(2015, 2, 6)}) == Letters{1, 5, 6});
  CHECK(letters({At(2015, 1, 1)}) == Letters{0, 0, 37});
  CHECK(letters({At(2015, 1, 1), At(2015, 1, 2), At(2015, 1, 5)}) == Letters{2, 4, 37});
}

TEST_CASE("two purchases on one day are one day, and their values one value") {
  const std::int64_t day = At(2024, 3, 1);
  const PurchaseSummary summary = Summary({{day, 500},
                                           {day + 3, 100},
                                           {day + 2 * kDayMs, 30},
                                           {day + 3 * kDayMs - 1, 50},
                                           {day + 5 * kDayMs, 10}},
                                          {.end_ms = day + 7 * kDayMs});
  CHECK(summary.count == 5);
  CHECK(LettersOf(summary) == Letters{2, 5, 7});
  CHECK(summary.mean_repeat_minor_units == 45);  // (30 + 50) and 10
  CHECK(summary.total_minor_units == 690);
}

TEST_CASE("the mean value is that of the repeats: 3, 1, 8 is 4.5") {
  const std::int64_t day = At(2024, 3, 1);
  const PurchaseSummary summary =
      Summary({{day, 3}, {day + kDayMs, 1}, {day + 2 * kDayMs, 8}}, {.end_ms = day + 9 * kDayMs});
  CHECK(summary.mean_repeat_minor_units == 4.5);
  CHECK(summary.total_minor_units == 12);
}

TEST_CASE("a return lowers the total, and is no purchase") {
  const std::int64_t day = At(2024, 3, 1);
  const PurchaseSummary summary = Summary(
      {{day, 1000}, {day + 4 * kDayMs, 400}, {day + 4 * kDayMs, -150}, {day + 8 * kDayMs, -250}},
      {.end_ms = day + 10 * kDayMs});
  CHECK(summary.count == 2);
  CHECK(summary.returns == 2);
  CHECK(summary.total_minor_units == 1000);
  CHECK(summary.returned_minor_units == -400);
  CHECK(LettersOf(summary) == Letters{1, 4, 10});
  CHECK(summary.mean_repeat_minor_units == 400);
  CHECK(summary.last_ms == day + 4 * kDayMs);

  const PurchaseSummary only_returned = Summary({{day, -150}}, {.end_ms = day + kDayMs});
  CHECK(only_returned.count == 0);
  CHECK(only_returned.total_minor_units == -150);
  CHECK(LettersOf(only_returned) == Letters{0, 0, 0});
  CHECK_FALSE(only_returned.first_ms.has_value());
  CHECK_FALSE(only_returned.days_since_last.has_value());
}

TEST_CASE("a day is one of the given offset") {
  // 23:30 and 00:30 of UTC are one morning in Shanghai.
  const std::int64_t midnight = At(2024, 3, 2);
  const std::vector<Purchase> purchases = {{midnight - kDayMs / 48, 5},
                                           {midnight + kDayMs / 48, 5}};
  const std::int64_t end = midnight + kDayMs;
  CHECK(LettersOf(Summary(purchases, {.end_ms = end})) == Letters{1, 1, 2});
  CHECK(LettersOf(Summary(purchases, {.end_ms = end, .utc_offset_minutes = 480})) ==
        Letters{0, 0, 1});
  // Before 1970 days are rounded down as well.
  const std::vector<Purchase> old = {{-1, 5}, {0, 5}};
  CHECK(LettersOf(Summary(old, {.end_ms = 1})) == Letters{1, 1, 1});
  CHECK(LettersOf(Summary(old, {.end_ms = 1, .utc_offset_minutes = -60})) == Letters{0, 0, 0});
}

TEST_CASE("what is at the end or later is not seen") {
  const std::int64_t day = At(2024, 3, 1);
  const std::vector<Purchase> purchases = {{day, 5}, {day + kDayMs, 7}, {day + kDayMs, -2}};
  CHECK(Summary(purchases, {.end_ms = day}).count == 0);
  CHECK(Summary(purchases, {.end_ms = day + kDayMs}).total_minor_units == 5);
  CHECK(Summary(purchases, {.end_ms = day + kDayMs + 1}).total_minor_units == 10);
  CHECK(LettersOf(Summary(purchases, {.end_ms = day + kDayMs + 1})) == Letters{1, 1, 1});
}

TEST_CASE("who bought every ten days is due after ten, and twice as late as the gap after twenty") {
  const std::int64_t day = At(2024, 3, 1);
  const std::vector<Purchase> purchases = {
      {day, 5}, {day + 9 * kDayMs, 5}, {day + 20 * kDayMs + 77, 5}};
  const PurchaseSummary summary = Summary(purchases, {.end_ms = day + 40 * kDayMs});
  CHECK(summary.first_ms == day);
  CHECK(summary.last_ms == day + 20 * kDayMs + 77);
  CHECK(summary.days_since_last == 20);
  CHECK(summary.mean_gap_days == 10.0);
  CHECK(summary.due_ms == day + 30 * kDayMs + 77);
  CHECK(summary.overdue_ratio == 2.0);

  const PurchaseSummary once = Summary({{day, 5}}, {.end_ms = day + 40 * kDayMs});
  CHECK(once.days_since_last == 40);
  CHECK_FALSE(once.mean_gap_days.has_value());
  CHECK_FALSE(once.due_ms.has_value());
  CHECK_FALSE(once.overdue_ratio.has_value());
}

TEST_CASE("what is out of range is turned away by its field") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  CHECK_THAT(MessageOf({{0, 1}, {kMost, 1}}, {.end_ms = 1}), HoldsText("purchases[1].time_ms"));
  CHECK_THAT(MessageOf({}, {.end_ms = -kMost}), HoldsText("end_ms"));
  CHECK_THAT(MessageOf({}, {.end_ms = 1, .utc_offset_minutes = 841}),
             HoldsText("utc_offset_minutes"));
  const std::vector<Purchase> much = {{0, kMost}, {0, 1}};
  CHECK(SummarisePurchases(much, {.end_ms = 1}).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(Summary({{0, kMost}, {0, -kMost}}, {.end_ms = 1}).total_minor_units == 0);
}

// The definition, word for word.
PurchaseSummary Slow(const std::vector<Purchase>& purchases, std::int64_t end_ms) {
  PurchaseSummary summary;
  std::map<std::int64_t, double> bought;  // by day
  for (const Purchase& purchase : purchases) {
    if (purchase.time_ms >= end_ms) continue;
    summary.total_minor_units += purchase.minor_units;
    if (purchase.minor_units >= 0)
      bought[purchase.time_ms / kDayMs] += static_cast<double>(purchase.minor_units);
  }
  if (bought.empty()) return summary;
  summary.frequency = bought.size() - 1;
  summary.recency_days = bought.rbegin()->first - bought.begin()->first;
  summary.observed_days = end_ms / kDayMs - bought.begin()->first;
  for (auto at = std::next(bought.begin()); at != bought.end(); ++at) {
    summary.mean_repeat_minor_units += at->second / static_cast<double>(summary.frequency);
  }
  return summary;
}

TEST_CASE("random purchases in any order say what the definition says") {
  const std::uint32_t seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<Purchase> purchases(random() % 12);
    for (Purchase& purchase : purchases) {
      purchase = {static_cast<std::int64_t>(random() % (20 * kDayMs)),
                  static_cast<std::int64_t>(random() % 50) - 10};
    }
    const std::int64_t end_ms = static_cast<std::int64_t>(random() % 25) * kDayMs + 5;
    const PurchaseSummary got = Summary(purchases, {.end_ms = end_ms});
    const PurchaseSummary want = Slow(purchases, end_ms);
    REQUIRE(LettersOf(got) == LettersOf(want));
    REQUIRE(got.total_minor_units == want.total_minor_units);
    REQUIRE(std::abs(got.mean_repeat_minor_units - want.mean_repeat_minor_units) < 1e-9);
  }
}

// CDNOW: the published sample is one customer in ten, numbered anew by the day of the first purchase; within a day it keeps the order
// of the whole file. So the sample's rows of a day have to be a subsequence of the customers of that day.
class Cdnow {
 public:
  // Rows of one T: x and t_x.
  using Rows = std::map<std::int64_t, std::vector<std::pair<std::int64_t, std::int64_t>>>;

  bool Read() {
    return ForEachSharedLine("cdnow/cdnow_master.csv.gz", [&](const std::string& line) {
      const std::vector<std::string> fields = FieldsOf(line);
      const int date = std::stoi(fields[1]);
      const auto month = static_cast<unsigned>(date / 100 % 100);
      purchases_[fields[0]].push_back({At(date / 10000, month, static_cast<unsigned>(date % 100)),
                                       std::llround(std::stod(fields[3]) * 100)});
    });
  }

  std::size_t size() const { return purchases_.size(); }

  Rows Summarised(std::int64_t end_ms) const {
    Rows rows;
    for (const auto& [customer, purchases] : purchases_) {
      const auto [x, t_x, t] = LettersOf(Summary(purchases, {.end_ms = end_ms}));
      rows[t].emplace_back(x, t_x);
    }
    return rows;
  }

  // The published rows, in days; they are printed in weeks to two places, which is finer than a day.
  static Rows Published(std::size_t& count) {
    Rows rows;
    ForEachSharedLine("cdnow/cdnow_customers_summary.csv", [&](const std::string& line) {
      const std::vector<std::string> fields = FieldsOf(line);
      const auto days = [&](int field) { return std::llround(std::stod(fields[field]) * 7); };
      rows[days(3)].emplace_back(std::stoi(fields[1]), days(2));
      ++count;
    });
    return rows;
  }

  // How many published rows have no customer.
  static std::size_t Missing(const Rows& published, Rows ours) {
    std::size_t missing = 0;
    for (const auto& [t, rows] : published) {
      auto at = ours[t].begin();
      for (const auto& row : rows) {
        const auto found = std::find(at, ours[t].end(), row);
        if (found == ours[t].end()) {
          ++missing;
        } else {
          at = std::next(found);
        }
      }
    }
    return missing;
  }

 private:
  std::map<std::string, std::vector<Purchase>> purchases_;
};

TEST_CASE("CDNOW's customers have the frequency, recency and T that were published") {
  Cdnow cdnow;
  if (!cdnow.Read()) return;
  CHECK(cdnow.size() == 23'570);
  std::size_t count = 0;
  const Cdnow::Rows published = Cdnow::Published(count);
  REQUIRE(count == 2'357);
  // 39 weeks, to the evening of 1997-09-30.
  const std::int64_t end_ms = At(1997, 10, 1) - 1;
  CHECK(Cdnow::Missing(published, cdnow.Summarised(end_ms)) == 0);
  // A day less or more is seen.
  CHECK(Cdnow::Missing(published, cdnow.Summarised(At(1997, 9, 30))) > 0);
  CHECK(Cdnow::Missing(published, cdnow.Summarised(At(1997, 10, 1))) > 0);
}

TEST_CASE("totals of a web shop's customers reconcile with its invoices to the penny") {
  std::map<std::string, std::vector<Purchase>> purchases;
  std::int64_t pence = 0;
  std::int64_t tenths = 0;  // prices have three places at most
  std::int64_t returned = 0;
  std::size_t rows = 0;
  std::size_t returns = 0;
  const bool is_there =
      ForEachSharedLine("online_retail/online_retail.csv.gz", [&](const std::string& line) {
        const std::vector<std::string> fields = FieldsOf(line);
        REQUIRE(fields.size() == 8);
        const std::int64_t value =
            std::llround(std::stod(fields[5]) * 1000) * std::stoll(fields[3]);
        const std::int64_t minor_units = std::llround(static_cast<double>(value) / 10);
        purchases[fields[6]].push_back({TimeOf(fields[4]), minor_units});
        ++rows;
        tenths += value;
        pence += minor_units;
        if (minor_units < 0) {
          returned += minor_units;
          ++returns;
        }
      });
  if (!is_there) return;
  CHECK(rows == 541'909);
  CHECK(tenths == 9'747'747'934);  // what the columns of the file add up to, in tenths of a penny

  std::int64_t total = 0;
  std::int64_t returned_total = 0;
  std::uint64_t count = 0;
  std::uint64_t return_count = 0;
  std::int64_t of_customers = 0;
  for (const auto& [customer, lines] : purchases) {
    const PurchaseSummary summary = Summary(lines, {.end_ms = At(2011, 12, 10)});
    total += summary.total_minor_units;
    returned_total += summary.returned_minor_units;
    count += summary.count;
    return_count += summary.returns;
    if (!customer.empty()) of_customers += summary.total_minor_units;
  }
  CHECK(purchases.size() == 4'372 + 1);  // guests have no number
  CHECK(total == pence);
  CHECK(total == 974'774'793);
  CHECK(of_customers == 830'006'581);
  CHECK(returned_total == returned);
  CHECK(returned_total < 0);
  CHECK(return_count == returns);
  CHECK(count + return_count == rows);
}

}  // namespace
}  // namespace polyonym::harness
