// measure/event_table.h - the events of many people as columns, to be counted over.
//
// Use it for questions about everybody at once: funnels (measure/funnel.h), retention (measure/retention.h). It is made once, from
// profiles or from columns that are there already, and asked any number of times. It is no store: it knows nothing of later events. For
// one person, and for who is in a segment, see segment/expression.h.
//
//   EventTable::Builder builder({.campaigns = true});
//   for (const Profile& profile : everybody) {
//     absl::Status begun = builder.BeginPerson(profile.id);
//     for (each event) absl::Status added = builder.Add({.time_ms = at, .type = "order", .campaign = "spring"});
//   }
//   absl::StatusOr<EventTable> table = std::move(builder).Finish();
//
// People are numbered from 0 in the order in which they were begun. A person's events lie together, by time, and those of one time in the
// order in which they were added. Texts are codes: numbers into a list of the texts of that column.
//
// Memory: a person 12 bytes. An event 10 (time and type), and where the column is kept: value and currency 10, campaign 4, channel 2,
// item 4, direction 1; so 10 to 31 bytes. Each text once, about 40 bytes and its length where that is over 15. While a builder grows, up
// to twice that.
//
// Invariants: (I1) times of a person never fall. (I2) Code 0 is the empty text, none; the other texts of a column are distinct, and
// ordered by their bytes as their codes are. (I3) Tables of the same people in the same order, each with the same events in the same
// order, are equal in every number, whichever way they were made.
#ifndef POLYONYM_MEASURE_EVENT_TABLE_H_
#define POLYONYM_MEASURE_EVENT_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

// What events are told apart by: the columns that hold codes.
enum class EventDimension : std::uint8_t {
  kType = 0,
  kCampaign = 1,
  kChannel = 2,  // namespace of the identifier that the event belongs to
  kItem = 3,     // a property that the host chose, as text
  kDirection = 4,
  kCurrency = 5,  // of the value; none where there is no value
};
inline constexpr std::size_t kEventDimensions = 6;
std::string_view ToString(EventDimension dimension);  // `type`, `campaign`, ...

// Bounds of a table.
inline constexpr std::uint64_t kMaxTableEvents = 0xffff'fffe;
inline constexpr std::uint64_t kMaxTablePeople = 0xffff'fffe;
// Different types, channels and currencies, each; campaigns and items may be as many as there are events.
inline constexpr std::size_t kMaxNarrowCodes = 65'535;

// Columns beside time and type: those that are not kept cost nothing, and are neither read nor checked. Every number is allowed.
struct EventTableOptions {
  bool values = false;  // minor units and currency
  bool campaigns = false;
  bool channels = false;
  bool items = false;
  bool directions = false;
  std::uint64_t max_events = kMaxTableEvents;  // beyond kMaxTableEvents: that
  // Of all different texts together, each with 40 bytes more.
  std::uint64_t max_text_bytes = std::uint64_t{1} << 30;
};

// An event on the way into a table. The texts are copied where they are new.
struct EventRow {
  std::int64_t time_ms = 0;   // range 0..kMaxFactTimeMs
  std::string_view type;      // 1..kMaxFactNameBytes
  std::string_view campaign;  // these: empty: none; up to kMaxFactTextBytes
  std::string_view channel;
  std::string_view item;
  Direction direction = Direction::kUnknown;
  std::int64_t minor_units = 0;
  std::string_view currency;  // three capitals; empty: the event has no value
};

// Columns that lie in memory already: rows of anybody, in any order. All that are given have one length; none is needed but the first
// three.
struct EventColumns {
  // Codes of rows, and what they say: texts[code]. Texts are distinct; the empty one says none.
  struct Codes {
    std::span<const std::uint32_t> codes;
    std::span<const std::string> texts;
  };
  std::span<const std::uint32_t> people;  // numbers from 0
  std::span<const std::int64_t> times_ms;
  Codes types;
  Codes campaigns, channels, items, currencies;
  std::span<const Direction> directions;
  std::span<const std::int64_t> minor_units;  // given just where currencies are
  // By person, distinct. Their number is that of people, with events or without.
  std::span<const ProfileId> profiles;
};

// Immutable; a copy shares what it holds.
//
// THREADS: thread-safe.
class EventTable {
 public:
  class Builder;
  struct Data;  // of the implementation

  // Sorts rows by person and time; those of one person and time stay in their order. `threads`: 0: as many as the machine has. The table
  // does not depend on it.
  // ERRORS: InvalidArgument naming the column and row (`times_ms[7]`) or text (`types.texts[3]`): columns of different lengths, a number
  //         out of range, a type that is empty, an amount without a currency, texts or profiles that are there twice, a text that is too
  //         long, a currency that is not three capitals, more than kMaxTableEvents or kMaxTablePeople. ResourceExhausted for more than
  //         kMaxNarrowCodes texts where that is the bound.
  // COST: a few passes over each column, and a sort of the events of whoever has them in another order than by time.
  // Memory: for a moment 20 bytes an event more.
  static absl::StatusOr<EventTable> FromColumns(const EventColumns& columns, unsigned threads = 0);

  std::uint32_t people() const;
  std::uint32_t events() const;
  // By person.
  std::span<const ProfileId> profiles() const;
  // The events of person p are those from offsets()[p] up to, and without, offsets()[p + 1]. people() + 1 of them.
  std::span<const std::uint32_t> offsets() const;

  // By event; empty where the column is not kept.
  std::span<const std::int64_t> times_ms() const;
  std::span<const std::uint16_t> types() const;
  std::span<const std::uint32_t> campaigns() const;
  std::span<const std::uint16_t> channels() const;
  std::span<const std::uint32_t> items() const;
  std::span<const std::uint8_t> directions() const;   // as the numbers of Direction
  std::span<const std::int64_t> minor_units() const;  // 0 where there is no value
  std::span<const std::uint16_t> currencies() const;

  bool Has(EventDimension dimension) const;
  // By code; one at least, the empty text. Of a column that is not kept: none.
  std::span<const std::string> Texts(EventDimension dimension) const;
  // None: no event has the text, or the column is not kept.  COST: a binary search.
  std::optional<std::uint32_t> CodeOf(EventDimension dimension, std::string_view text) const;
  // REQUIRES: Has(dimension).
  std::uint32_t CodeAt(EventDimension dimension, std::uint32_t event) const;

  // Of memory: columns and texts.
  std::uint64_t bytes() const;

  explicit EventTable(std::shared_ptr<const Data> data);
  EventTable(const EventTable&) = default;  // moves copy too, so that none is ever empty
  EventTable& operator=(const EventTable&) = default;

 private:
  std::shared_ptr<const Data> data_;
};

// Takes events person by person. After an error the call has changed nothing, and the builder may go on.
//
// THREADS: thread-compatible.
class EventTable::Builder {
 public:
  explicit Builder(const EventTableOptions& options = {});
  ~Builder();
  Builder(Builder&&) noexcept;
  Builder& operator=(Builder&&) noexcept;

  // From now on events are those of this person; each is begun once. Somebody without events is one of the people too.
  // ERRORS: ResourceExhausted for more than kMaxTablePeople.
  absl::Status BeginPerson(ProfileId id);

  // An event of the person who was begun last; in any order.
  // ERRORS: InvalidArgument naming the field that is out of range, or where no person was begun; ResourceExhausted for more than
  //         max_events, max_text_bytes or kMaxNarrowCodes.
  // COST: a look-up in a hash table for each text.
  absl::Status Add(const EventRow& event);

  // Nothing may be added after it.
  // ERRORS: InvalidArgument for a person who was begun twice.
  // COST: a pass over columns of codes, and a sort of people and texts.
  absl::StatusOr<EventTable> Finish() &&;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_EVENT_TABLE_H_
