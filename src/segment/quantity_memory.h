// segment/quantity_memory.h - what is known of a person's quantities (quantities.h), so that each is evaluated once.
//
// It may serve one person after the other: what is found of moments stays, and so does the memory that was allocated.
#ifndef POLYONYM_SRC_SEGMENT_QUANTITY_MEMORY_H_
#define POLYONYM_SRC_SEGMENT_QUANTITY_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "polyonym/model/facts.h"
#include "profile/ordered_facts.h"
#include "segment/calendar.h"
#include "segment/datum.h"

namespace polyonym::segment {

// An event that matches one of some queries at least.
struct MatchedEvent {
  const profile::Placed<Event>* event = nullptr;
  std::uint32_t queries = 0;  // bit i: the i-th
};

// THREADS: thread-compatible.
class QuantityMemory {
 public:
  void GetReady(std::size_t families, std::size_t queries, std::size_t windows) {
    if (first_value_.size() == families && matches_.size() == queries && spans_.size() == windows)
      return;
    first_value_.assign(families, 0);
    matches_.assign(queries, {});
    spans_.assign(windows, {});
  }
  void ForgetPerson() {
    for (const Value& value : values_) first_value_[value.family] = 0;
    for (const std::uint32_t queries : known_) matches_[queries] = {};
    values_.clear();
    known_.clear();
    matched_.clear();
  }

  // What a family's quantity comes to over some of its matches; null: it is not known. Good until the next PutValue().
  const Datum* FindValue(std::uint32_t family, std::uint32_t from, std::uint32_t to) const {
    for (std::uint32_t at = first_value_[family]; at != 0; at = values_[at - 1].next) {
      const Value& value = values_[at - 1];
      if (value.from == from && value.to == to) return &value.is;
    }
    return nullptr;
  }
  const Datum& PutValue(std::uint32_t family, std::uint32_t from, std::uint32_t to, Datum is) {
    values_.push_back({family, from, to, first_value_[family], std::move(is)});
    first_value_[family] = static_cast<std::uint32_t>(values_.size());
    return values_.back().is;
  }

  // The events that match some queries; find(vector) adds them to it the first time. Good until it is asked again.
  template <class Find>
  std::span<const MatchedEvent> MatchesOf(std::uint32_t queries, const Find& find) {
    Matches& matches = matches_[queries];
    if (!matches.are_known) {
      matches = {true, matched_.size(), 0};
      find(&matched_);
      matches.to = matched_.size();
      known_.push_back(queries);
    }
    return std::span<const MatchedEvent>(matched_).subspan(matches.from, matches.to - matches.from);
  }

  // A window as of a moment; find() is asked the first time.
  template <class Find>
  TimeSpan SpanOf(std::uint32_t window, std::int64_t now_ms, const Find& find) {
    if (now_ms_ != now_ms) spans_.assign(spans_.size(), {});
    now_ms_ = now_ms;
    std::optional<TimeSpan>& span = spans_[window];
    if (!span) span = find();
    return *span;
  }

 private:
  struct Matches {
    bool are_known = false;
    std::size_t from = 0, to = 0;  // of matched_
  };
  struct Value {
    std::uint32_t family;
    std::uint32_t from, to;  // of its matches
    std::uint32_t next;      // of the family's values, its place + 1; 0: none
    Datum is;
  };
  std::vector<std::uint32_t> first_value_;  // by family, its place + 1; 0: none
  std::vector<Value> values_;
  std::vector<Matches> matches_;      // by queries
  std::vector<std::uint32_t> known_;  // queries
  std::vector<MatchedEvent> matched_;
  std::int64_t now_ms_ = 0;
  std::vector<std::optional<TimeSpan>> spans_;  // by window, as of now_ms_
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_QUANTITY_MEMORY_H_
