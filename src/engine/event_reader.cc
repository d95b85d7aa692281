#include "polyonym/engine/event_reader.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "polyonym/segment/evaluate.h"
#include "profile/ordered_facts.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kPeopleAReport = 1024;

class Reader {
 public:
  Reader(const View& view, const EventReadOptions& options)
      : view_(view),
        options_(options),
        definitions_(options.definitions ? *options.definitions : view.policy().definitions),
        now_ms_(options.now_ms.value_or(view.now_ms())),
        builder_(options.columns) {}

  absl::StatusOr<EventTable> Read() {
    if (absl::Status status = FindSegment(); !status.ok()) return status;
    const std::uint64_t total = view_.CountProfiles();
    std::uint64_t done = 0;
    absl::Status problem;
    absl::Status status = view_.ForEachPerson([&](const Person& person) {
      if (IsWanted(person)) problem = Add(person);
      if (++done % kPeopleAReport == 0 && options_.progress) options_.progress(done, total);
      return problem.ok();
    });
    if (status.ok()) status = problem;
    if (!status.ok()) return status;
    if (options_.progress) options_.progress(done, done);
    return std::move(builder_).Finish();
  }

 private:
  absl::Status FindSegment() {
    if (options_.segment.empty()) return absl::OkStatus();
    auto segments = CompiledSegments::Compile(definitions_);
    if (!segments.ok()) return segments.status();
    segments_ = *std::move(segments);
    segment_ = segments_->Find(options_.segment);
    return segment_ == CompiledSegments::kNone
               ? absl::NotFoundError("segment: none of that name is defined")
               : absl::OkStatus();
  }

  bool IsWanted(const Person& person) const {
    if (segments_ == nullptr) return true;
    SegmentSubject subject(definitions_, *person.rows, person.identifiers, person.anchor, now_ms_);
    return segments_->Evaluate(segment_, &subject) == true;
  }

  bool IsWanted(const profile::Placed<Event>& event) const {
    if (options_.from_ms && event.time_ms < *options_.from_ms) return false;
    if (options_.to_ms && event.time_ms >= *options_.to_ms) return false;
    return options_.types.empty() || std::find(options_.types.begin(), options_.types.end(),
                                               event.fact->type) != options_.types.end();
  }

  std::string ItemOf(const Event& event) const {
    if (!options_.columns.items) return {};
    const auto at = event.properties.find(options_.item_property);
    if (at == event.properties.end() || std::holds_alternative<ValueList>(at->second.is)) return {};
    return ToText(at->second);
  }

  absl::Status Add(const Person& person) {
    if (absl::Status status = builder_.BeginPerson(person.id); !status.ok()) return status;
    for (const auto& placed : profile::Ordered(*person.rows, &Facts::events, now_ms_)) {
      if (!IsWanted(placed)) continue;
      const Event& event = *placed.fact;
      const std::string item = ItemOf(event);
      EventRow row;
      row.time_ms = placed.time_ms;
      row.type = event.type;
      row.campaign = event.campaign;
      row.channel = placed.row->from.belongs_to.ns;
      row.item = item;
      row.direction = event.direction;
      if (event.value) {
        row.minor_units = event.value->minor_units;
        row.currency = event.value->currency;
      }
      if (absl::Status status = builder_.Add(row); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const View& view_;
  const EventReadOptions& options_;
  const Definitions definitions_;
  const std::int64_t now_ms_;
  EventTable::Builder builder_;
  std::shared_ptr<const CompiledSegments> segments_;  // null: everybody
  std::size_t segment_ = 0;
};

}  // namespace

absl::StatusOr<EventTable> ReadEvents(const View& view, const EventReadOptions& options) {
  return Reader(view, options).Read();
}

}  // namespace polyonym
