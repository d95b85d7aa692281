#include "members_among.h"

#include <utility>

namespace polyonym::python {

absl::StatusOr<MembersAmong> MembersAmong::Make(const View& view, const std::string& segment,
                                                std::int64_t now_ms, const std::string& what) {
  MembersAmong members;
  if (segment.empty()) return members;
  members.definitions_ = std::make_shared<const Definitions>(view.policy().definitions);
  auto segments = CompiledSegments::Compile(*members.definitions_);
  if (!segments.ok()) return segments.status();
  members.segments_ = *std::move(segments);
  members.segment_ = members.segments_->Find(segment);
  members.now_ms_ = now_ms;
  if (members.segment_ == CompiledSegments::kNone)
    return absl::NotFoundError(what + ": no segment of that name is defined");
  return members;
}

bool MembersAmong::Has(const Person& person) const {
  if (segments_ == nullptr) return true;
  SegmentSubject subject(*definitions_, *person.rows, person.identifiers, person.anchor, now_ms_);
  return segments_->Evaluate(segment_, &subject) == true;
}

}  // namespace polyonym::python
