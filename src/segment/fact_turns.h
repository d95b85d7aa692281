// segment/fact_turns.h - when facts of a person next begin or cease to count, as time alone goes by.
//
// A fact of a later time begins to count then. One that counts ceases to where it ends, or leaves the window that its definition gives it.
// What is found may be early: the fact may make no difference. It is never late.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_FACT_TURNS_H_
#define POLYONYM_SRC_SEGMENT_FACT_TURNS_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "segment/subject.h"

namespace polyonym::segment {

inline constexpr std::int64_t kNeverMs = std::numeric_limits<std::int64_t>::max();

// Held at kNeverMs. REQUIRES: span_ms >= 0.
inline std::int64_t Later(std::int64_t time_ms, std::int64_t span_ms) {
  return time_ms > kNeverMs - span_ms ? kNeverMs : time_ms + span_ms;
}

// The earliest of the times after now.
class NextTurn {
 public:
  explicit NextTurn(std::int64_t now_ms) : now_ms_(now_ms) {}
  void Add(std::int64_t time_ms) {
    if (time_ms > now_ms_) ms_ = std::min(ms_, time_ms);
  }
  std::int64_t ms() const { return ms_; }

 private:
  std::int64_t now_ms_;
  std::int64_t ms_ = kNeverMs;
};

// Times are after the person's now; kNeverMs: none comes. What is found for one expression is kept for the next.
// COST: each a pass over the person's facts of its kind.
class FactTurns {
 public:
  explicit FactTurns(SegmentSubject::Impl* person);

  // Whether any fact is of a time after now.  COST: the first time a pass over all facts.
  bool HasLater();
  // The person's profile with one part folded, and what that is made of.
  const Profile& Explained(bool ProfileOptions::*part);
  // Events of times after now, in order of time.
  const SegmentSubject::Impl::Events& later_events();

  std::int64_t OfTrait(std::string_view name);
  std::int64_t OfCompleteness();
  // Of the tags that `is_asked` takes, and of those below them.
  using IsAsked = absl::FunctionRef<bool(std::string_view name, const TagDefinition* definition)>;
  std::int64_t OfTags(IsAsked is_asked);
  std::int64_t OfConsent(std::string_view purpose);
  std::int64_t OfLadder(std::string_view name);
  std::int64_t OfPurchases(const PurchaseScore& score);
  std::int64_t OfChannels(const ChannelScore& score);
  // `other`: `namespace:value`; empty: anybody.
  std::int64_t OfRelations(std::string_view type, std::string_view other);

 private:
  const TagDefinition* Find(std::string_view tag);
  void AddTrait(const TraitDefinition& trait, NextTurn* turn);
  void AddComputed(const EventTrait& computed, NextTurn* turn);
  struct GivenTag {
    std::string_view name;
    std::int64_t time_ms;
    std::optional<std::int64_t> until_ms;
  };
  void AddTag(const GivenTag& given, IsAsked is_asked, NextTurn* turn);
  void AddBehaviour(const BehaviourTag& behaviour, IsAsked is_asked, NextTurn* turn);
  // Of what counts from its time on, as long as the window sees it.
  void AddWindowed(std::int64_t time_ms, std::int64_t window_ms, NextTurn* turn) const;
  std::int64_t WindowEnd(std::int64_t time_ms, std::int64_t window_ms) const;
  // Calls visit(event), of those up to now and later.
  template <class Visit>
  void ForEachEvent(const EventMatch& match, const Visit& visit);

  SegmentSubject::Impl& person_;
  const Definitions& definitions_;
  const std::int64_t now_ms_;
  std::optional<bool> has_later_;
  std::optional<Profile> explained_tags_, explained_traits_;
  std::optional<SegmentSubject::Impl::Events> later_events_;
  absl::flat_hash_map<std::string_view, const TagDefinition*> tags_;  // once one is asked for
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_FACT_TURNS_H_
