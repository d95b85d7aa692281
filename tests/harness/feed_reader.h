// harness/feed_reader.h - the feed of changes, played: what somebody knows who reads it alone.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_HARNESS_FEED_READER_H_
#define POLYONYM_TESTS_HARNESS_FEED_READER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"

namespace polyonym::harness {

// The members of every profile by number, kept up by a feed of changes alone: those that say who is who. Others are passed over.
class FeedReader {
 public:
  // Takes the changes of whole Apply calls, in order.
  void Take(std::span<const Change> changes);
  // Identifier number → profile id.
  const std::map<std::uint64_t, std::uint64_t>& profiles() const { return profile_of_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void TakeOne(std::span<const Change> changes);
  std::map<std::uint64_t, std::uint64_t> profile_of_;
  std::vector<std::string> problems_;
  std::uint64_t sequence_ = 0;
};

// What a FeedReader should hold: number → profile id of every identifier in a profile, as the view has it.
std::map<std::uint64_t, std::uint64_t> NumbersInProfiles(const View& view);

// The whole feed from the start, read in small steps.
std::vector<Change> AllChanges(const View& view);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_FEED_READER_H_
