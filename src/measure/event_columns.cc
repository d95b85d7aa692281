// EventTable::FromColumns(): rows go into buckets of people that follow each other, and each bucket is sorted for itself.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "measure/codes.h"
#include "measure/event_table_data.h"
#include "measure/in_parts.h"
#include "polyonym/measure/event_table.h"

namespace polyonym {
namespace {

using measure::PlaceOf;

constexpr std::size_t kRowsOfTask = std::size_t{1} << 16;

struct GivenCodes {
  EventDimension dimension;
  const char* name;
  EventColumns::Codes given;
  bool is_given() const { return !given.codes.empty(); }
};

std::array<GivenCodes, 5> AllCodesOf(const EventColumns& columns) {
  return {{{EventDimension::kType, "types", columns.types},
           {EventDimension::kCampaign, "campaigns", columns.campaigns},
           {EventDimension::kChannel, "channels", columns.channels},
           {EventDimension::kItem, "items", columns.items},
           {EventDimension::kCurrency, "currencies", columns.currencies}}};
}

absl::Status CheckTexts(const GivenCodes& codes) {
  absl::flat_hash_set<std::string_view> seen;
  for (std::size_t i = 0; i < codes.given.texts.size(); ++i) {
    const std::string_view text = codes.given.texts[i];
    const std::string field = absl::StrCat(codes.name, ".texts[", i, "]");
    if (const std::string fault = measure::FaultOfText(codes.dimension, text); !fault.empty())
      return absl::InvalidArgumentError(absl::StrCat(field, ": ", fault));
    if (!seen.insert(text).second)
      return absl::InvalidArgumentError(absl::StrCat(field, ": is there twice"));
  }
  if (measure::IsNarrow(codes.dimension) && seen.size() - seen.count("") > kMaxNarrowCodes)
    return absl::ResourceExhaustedError(
        absl::StrCat(codes.name, ": more than ", kMaxNarrowCodes, " different ones"));
  return absl::OkStatus();
}

absl::Status CheckLength(const char* name, std::size_t length, std::size_t rows, bool may_be_left) {
  if (length == rows || (may_be_left && length == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": has ", length, " rows and people ", rows, "; give as many"));
}

absl::Status CheckProfiles(std::span<const ProfileId> profiles) {
  if (profiles.size() > kMaxTablePeople)
    return absl::InvalidArgumentError(absl::StrCat("profiles: more than ", kMaxTablePeople));
  std::vector<ProfileId> ids(profiles.begin(), profiles.end());
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end())
    return absl::InvalidArgumentError("profiles: one is there twice");
  return absl::OkStatus();
}

absl::Status CheckShape(const EventColumns& columns) {
  const std::size_t rows = columns.people.size();
  if (rows > kMaxTableEvents)
    return absl::InvalidArgumentError(absl::StrCat("people: more than ", kMaxTableEvents, " rows"));
  absl::Status status = CheckLength("times_ms", columns.times_ms.size(), rows, false);
  if (status.ok()) status = CheckLength("directions", columns.directions.size(), rows, true);
  if (status.ok())
    status = CheckLength("minor_units", columns.minor_units.size(), columns.currencies.codes.size(),
                         false);
  for (const GivenCodes& codes : AllCodesOf(columns)) {
    if (status.ok())
      status = CheckLength(codes.name, codes.given.codes.size(), rows,
                           codes.dimension != EventDimension::kType);
    if (status.ok()) status = CheckTexts(codes);
  }
  return status.ok() ? CheckProfiles(columns.profiles) : status;
}

// ---- Rows ----

// The first row that is wrong, and what is wrong with it.
struct RowFault {
  std::size_t row = std::numeric_limits<std::size_t>::max();
  std::string what;
};

// What a pass over rows finds.
struct SeenRows {
  RowFault fault;
  std::array<std::vector<std::uint8_t>, kEventDimensions> used;  // by dimension and code
};

// Rows begin..end of a column of codes.
void NoteCodes(const GivenCodes& codes, std::size_t begin, std::size_t end, SeenRows* seen) {
  std::vector<std::uint8_t>& used = seen->used[PlaceOf(codes.dimension)];
  for (std::size_t row = begin; row < end; ++row) {
    const std::uint32_t code = codes.given.codes[row];
    if (code < used.size()) {
      used[code] = 1;
    } else if (row < seen->fault.row) {
      seen->fault = {row, absl::StrCat(codes.name, "[", row, "]: allowed are codes of its texts")};
    }
  }
}

// Empty: nothing is wrong with it.
std::string FaultOf(const EventColumns& columns, std::size_t row) {
  if (columns.people[row] >= columns.profiles.size())
    return absl::StrCat("people[", row, "]: allowed are numbers below that of profiles");
  if (columns.times_ms[row] < 0 || columns.times_ms[row] > kMaxFactTimeMs)
    return absl::StrCat("times_ms[", row, "]: allowed are 1970 to 2099");
  if (!columns.directions.empty() && columns.directions[row] > Direction::kOut)
    return absl::StrCat("directions[", row, "]: allowed are unknown, in and out");
  if (!columns.minor_units.empty() && columns.minor_units[row] != 0) {
    const EventColumns::Codes& currencies = columns.currencies;
    const std::uint32_t code = currencies.codes[row];
    if (code < currencies.texts.size() && currencies.texts[code].empty())
      return absl::StrCat("currencies[", row, "]: an amount must have one");
  }
  return {};
}

void LookAt(const EventColumns& columns, std::size_t begin, std::size_t end, SeenRows* seen) {
  for (const GivenCodes& codes : AllCodesOf(columns)) {
    if (codes.is_given()) NoteCodes(codes, begin, end, seen);
  }
  for (std::size_t row = begin; row < end && row < seen->fault.row; ++row) {
    if (std::string what = FaultOf(columns, row); !what.empty())
      seen->fault = {row, std::move(what)};
  }
}

// Texts that are used; what is wrong with the first row that is wrong.
absl::StatusOr<SeenRows> LookAtRows(const EventColumns& columns, unsigned threads) {
  const std::size_t rows = columns.people.size();
  SeenRows fresh;
  for (const GivenCodes& codes : AllCodesOf(columns))
    fresh.used[PlaceOf(codes.dimension)].assign(codes.given.texts.size(), 0);
  std::vector<SeenRows> parts = measure::RunInParts(
      threads, (rows + kRowsOfTask - 1) / kRowsOfTask, fresh,
      [&](SeenRows* seen, std::size_t task) {
        LookAt(columns, task * kRowsOfTask, std::min(rows, (task + 1) * kRowsOfTask), seen);
      });
  SeenRows all = std::move(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].fault.row < all.fault.row) all.fault = std::move(parts[i].fault);
    for (std::size_t d = 0; d < kEventDimensions; ++d) {
      for (std::size_t code = 0; code < all.used[d].size(); ++code)
        all.used[d][code] |= parts[i].used[d][code];
    }
  }
  if (!all.fault.what.empty()) return absl::InvalidArgumentError(all.fault.what);
  return all;
}

// ---- Order ----

// Rows by bucket, in each bucket in their order. A bucket holds people who follow each other, so few that all of it stays in a cache. Columns are
// laid by bucket one after the other: read from front to end, and written at one place a bucket.
class Buckets {
 public:
  Buckets(std::span<const std::uint32_t> people, std::size_t profiles, unsigned threads)
      : people_(people), threads_(threads) {
    constexpr std::size_t kMost = 1024, kRowsOfBucket = 4096;
    const std::size_t wanted = std::clamp<std::size_t>(people.size() / kRowsOfBucket, 1, kMost);
    while ((profiles >> shift_) >= wanted && shift_ < 32) ++shift_;
    const std::size_t buckets = (profiles >> shift_) + 1;
    places_.assign(std::min<std::size_t>(people.size() / kRowsOfTask + 1, 64),
                   std::vector<std::uint32_t>(buckets));
    ForEachRow([](std::uint32_t* place, std::size_t) { ++*place; });
    std::uint32_t sum = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      begins_.push_back(sum);
      for (auto& of_task : places_) sum += std::exchange(of_task[bucket], sum);
    }
    begins_.push_back(sum);
  }

  std::size_t size() const { return begins_.size() - 1; }
  // Where its rows lie, begin and end.
  std::uint32_t BeginOf(std::size_t bucket) const { return begins_[bucket]; }
  std::uint32_t EndOf(std::size_t bucket) const { return begins_[bucket + 1]; }
  std::size_t FirstPersonOf(std::size_t bucket) const { return bucket << shift_; }

  // What of_row() gives for each row.
  template <class T, class OfRow>
  std::vector<T> Lay(const OfRow& of_row) const {
    std::vector<T> laid(people_.size());
    Buckets next = *this;
    next.ForEachRow([&](std::uint32_t* place, std::size_t row) { laid[(*place)++] = of_row(row); });
    return laid;
  }

 private:
  // Calls use(place, row) with the place of the row's task and bucket.
  template <class Use>
  void ForEachRow(const Use& use) {
    const std::size_t tasks = places_.size(), rows = people_.size();
    measure::RunTasks(threads_, tasks, [&](std::size_t task) {
      std::uint32_t* const places = places_[task].data();
      for (std::size_t row = rows * task / tasks; row < rows * (task + 1) / tasks; ++row)
        use(&places[std::size_t{people_[row]} >> shift_], row);
    });
  }

  std::span<const std::uint32_t> people_;
  unsigned threads_;
  unsigned shift_ = 0;
  std::vector<std::uint32_t> begins_;
  // By task and bucket: where its next row goes; at first, how many it has.
  std::vector<std::vector<std::uint32_t>> places_;
};

struct Key {
  std::int64_t time_ms = 0;
  std::uint32_t person = 0;
  std::uint32_t place = 0;  // as it was laid
};

// The keys of a bucket by person, and their first events as offsets.
std::vector<Key> ByPerson(std::span<const Key> laid, std::size_t at, std::size_t first_person,
                          std::span<std::uint32_t> offsets) {
  std::vector<std::uint32_t> next(offsets.size() + 1);
  for (const Key& key : laid) ++next[key.person - first_person + 1];
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    next[i + 1] += next[i];
    offsets[i] = static_cast<std::uint32_t>(at + next[i]);
  }
  std::vector<Key> keys(laid.size());
  for (std::size_t i = 0; i < laid.size(); ++i) {
    keys[next[laid[i].person - first_person]++] = {laid[i].time_ms, laid[i].person,
                                                   static_cast<std::uint32_t>(at + i)};
  }
  return keys;
}

// Most people's events come by time: then there is nothing to do.
void SortByTime(std::vector<Key>* keys) {
  for (auto begin = keys->begin(); begin != keys->end();) {
    auto end = begin;
    bool is_sorted = true;
    for (; end != keys->end() && end->person == begin->person; ++end)
      is_sorted &= end == begin || (end - 1)->time_ms <= end->time_ms;
    if (!is_sorted) {
      std::sort(begin, end, [](const Key& a, const Key& b) {
        return std::tie(a.time_ms, a.place) < std::tie(b.time_ms, b.place);
      });
    }
    begin = end;
  }
}

// Sets offsets and times; returns by event the place that it was laid at.
std::vector<std::uint32_t> SortRows(const EventColumns& columns, const Buckets& buckets,
                                    unsigned threads, EventTable::Data* data) {
  const std::vector<Key> laid = buckets.Lay<Key>([&](std::size_t row) {
    return Key{columns.times_ms[row], columns.people[row], 0};
  });
  std::vector<std::uint32_t> places(laid.size());
  const std::size_t people = columns.profiles.size();
  measure::RunTasks(threads, buckets.size(), [&](std::size_t bucket) {
    const std::size_t at = buckets.BeginOf(bucket);
    const std::size_t first = buckets.FirstPersonOf(bucket);
    const std::size_t end = std::min(people, buckets.FirstPersonOf(bucket + 1));
    std::vector<Key> keys = ByPerson(std::span(laid).subspan(at, buckets.EndOf(bucket) - at), at,
                                     first, std::span(data->offsets).subspan(first, end - first));
    SortByTime(&keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      data->times_ms[at + i] = keys[i].time_ms;
      places[at + i] = keys[i].place;
    }
  });
  return places;
}

// Columns in their lengths, texts, and the new codes of each dimension by old one.
struct Layout {
  EventTable::Data data;
  std::array<std::vector<std::uint32_t>, kEventDimensions> new_codes;
};

Layout LayOut(const EventColumns& columns, const SeenRows& seen) {
  Layout layout;
  EventTable::Data& data = layout.data;
  const std::size_t rows = columns.people.size();
  data.profiles.assign(columns.profiles.begin(), columns.profiles.end());
  data.offsets.assign(columns.profiles.size() + 1, static_cast<std::uint32_t>(rows));
  data.times_ms.resize(rows);
  data.minor_units.resize(columns.minor_units.size());
  if (!columns.directions.empty()) {
    data.directions.resize(rows);
    data.texts[PlaceOf(EventDimension::kDirection)] = measure::DirectionTexts();
  }
  for (const GivenCodes& codes : AllCodesOf(columns)) {
    if (!codes.is_given() && codes.dimension != EventDimension::kType) continue;
    const std::size_t place = PlaceOf(codes.dimension);
    const std::vector<std::string_view> texts(codes.given.texts.begin(), codes.given.texts.end());
    measure::OrderedCodes ordered = measure::OrderCodes(texts, seen.used[place]);
    data.texts[place] = std::move(ordered.texts);
    layout.new_codes[place] = std::move(ordered.code_of);
    EventTable::Data::WithCodes(data, codes.dimension, [&](auto& column) { column.resize(rows); });
  }
  return layout;
}

class Filler {
 public:
  Filler(const Buckets& buckets, const std::vector<std::uint32_t>& places, unsigned threads)
      : buckets_(buckets), places_(places), threads_(threads) {}

  // The column of what of_row() gives for each row.
  template <class From, class To, class OfRow>
  void Fill(const OfRow& of_row, std::vector<To>* to) const {
    const std::vector<From> laid = buckets_.Lay<From>(of_row);
    measure::RunTasks(threads_, buckets_.size(), [&](std::size_t bucket) {
      const std::size_t end = buckets_.EndOf(bucket);
      for (std::size_t i = buckets_.BeginOf(bucket); i < end; ++i)
        (*to)[i] = static_cast<To>(laid[places_[i]]);
    });
  }

 private:
  const Buckets& buckets_;
  const std::vector<std::uint32_t>& places_;
  unsigned threads_;
};

void FillColumns(const EventColumns& columns, const Filler& filler, Layout* layout) {
  EventTable::Data& data = layout->data;
  if (!columns.directions.empty())
    filler.Fill<Direction>([&](std::size_t row) { return columns.directions[row]; },
                           &data.directions);
  if (!columns.minor_units.empty())
    filler.Fill<std::int64_t>([&](std::size_t row) { return columns.minor_units[row]; },
                              &data.minor_units);
  for (const GivenCodes& codes : AllCodesOf(columns)) {
    if (!codes.is_given()) continue;
    const std::vector<std::uint32_t>& new_codes = layout->new_codes[PlaceOf(codes.dimension)];
    EventTable::Data::WithCodes(data, codes.dimension, [&]<class T>(std::vector<T>& column) {
      filler.Fill<T>(
          [&](std::size_t row) { return static_cast<T>(new_codes[codes.given.codes[row]]); },
          &column);
    });
  }
}

}  // namespace

absl::StatusOr<EventTable> EventTable::FromColumns(const EventColumns& columns, unsigned threads) {
  if (absl::Status status = CheckShape(columns); !status.ok()) return status;
  const absl::StatusOr<SeenRows> seen = LookAtRows(columns, threads);
  if (!seen.ok()) return seen.status();
  Layout layout = LayOut(columns, *seen);
  const Buckets buckets(columns.people, columns.profiles.size(), threads);
  const std::vector<std::uint32_t> places = SortRows(columns, buckets, threads, &layout.data);
  FillColumns(columns, Filler(buckets, places, threads), &layout);
  return EventTable(std::make_shared<const Data>(std::move(layout.data)));
}

}  // namespace polyonym
