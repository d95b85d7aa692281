#include "polyonym/model/change.h"

#include <cstddef>
#include <string>
#include <vector>

#include "harness/catch.h"

namespace polyonym::harness {

// Both are stored in the feed, and read by other programs for ever.
TEST_CASE("causes keep their numbers and names, those that are reserved too") {
  const std::vector<std::string> names = {"unknown", "record",     "retraction", "act",
                                          "time",    "definition", "sharing",    "merge",
                                          "split",   "consent",    "erase"};
  for (std::size_t i = 0; i < names.size(); ++i) CHECK(ToString(static_cast<Cause>(i)) == names[i]);
  CHECK(ToString(static_cast<Cause>(names.size())) == "unknown");
  CHECK(static_cast<int>(Cause::kRecord) == 1);
  CHECK(static_cast<int>(Cause::kRetraction) == 2);
  CHECK(static_cast<int>(Cause::kAct) == 3);
  CHECK(static_cast<int>(Cause::kTime) == 4);
  CHECK(static_cast<int>(Cause::kDefinition) == 5);
  CHECK(static_cast<int>(Cause::kSharing) == 6);
  CHECK(static_cast<int>(Cause::kErase) == 10);
}

TEST_CASE("kinds of change keep their numbers and names") {
  const std::vector<std::string> names = {"created", "merged",  "split", "moved", "joined",
                                          "gone",    "entered", "left",  "trait", "tag"};
  CHECK(names.size() == kChangeKinds);
  for (std::size_t i = 0; i < names.size(); ++i)
    CHECK(ToString(static_cast<ChangeKind>(i)) == names[i]);
  CHECK(ToString(static_cast<ChangeKind>(names.size())) == "unknown");
  CHECK(static_cast<int>(ChangeKind::kCreated) == 0);
  CHECK(static_cast<int>(ChangeKind::kMerged) == 1);
  CHECK(static_cast<int>(ChangeKind::kSplit) == 2);
  CHECK(static_cast<int>(ChangeKind::kMoved) == 3);
  CHECK(static_cast<int>(ChangeKind::kJoined) == 4);
  CHECK(static_cast<int>(ChangeKind::kGone) == 5);
  CHECK(static_cast<int>(ChangeKind::kEntered) == 6);
  CHECK(static_cast<int>(ChangeKind::kLeft) == 7);
  CHECK(static_cast<int>(ChangeKind::kTrait) == 8);
  CHECK(static_cast<int>(ChangeKind::kTag) == 9);
}

TEST_CASE("the first six kinds of change say who is who and the others do not") {
  for (std::size_t i = 0; i < kChangeKinds; ++i)
    CHECK(IsWhoIsWho(static_cast<ChangeKind>(i)) == (i <= 5));
}

}  // namespace polyonym::harness
