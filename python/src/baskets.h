// baskets.h - what people bought together, counted of a view or of a table of events.
#ifndef POLYONYM_PYTHON_BASKETS_H_
#define POLYONYM_PYTHON_BASKETS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/measure/also_bought.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::python {

struct BasketsAsked {
  std::vector<std::string> types;  // of events that have items
  std::string item;                // their property that names the item, or a list of several
  // A basket is all that a person ever had; else a record's events, or those of a person that have one value of the property `basket`.
  bool per_record = false;
  std::string basket;
  std::string segment;                 // only its members' baskets; empty: everybody's
  std::optional<std::int64_t> now_ms;  // DEFAULT: View::now_ms()
  BasketOptions options;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// THREADS: safe, as it never changes.
struct Baskets {
  AlsoBought also;
  std::uint64_t pairs = 0;
  std::uint64_t left_out = 0;         // baskets larger than BasketOptions::max_basket_items
  std::uint64_t events_left_out = 0;  // without an item, or without `basket`
};

// ERRORS: NotFound (no such segment), InvalidArgument (definitions, options), ResourceExhausted (BasketOptions), as View::ForEachPerson().
absl::StatusOr<Baskets> ReadBaskets(const View& view, const BasketsAsked& asked);

// A basket is what the events of a person say that match.
// ERRORS: InvalidArgument for a column that the table does not keep, or `options`; ResourceExhausted; Cancelled (interrupted).
absl::StatusOr<Baskets> CountBaskets(const EventTable& table, const EventFilter& filter,
                                     const BasketOptions& options,
                                     const std::function<bool()>& interrupted);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_BASKETS_H_
