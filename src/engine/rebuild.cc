#include "engine/rebuild.h"

#include <algorithm>
#include <utility>

#include "engine/log.h"
#include "polyonym/codec/proto.h"

namespace polyonym::engine {
namespace {

constexpr std::size_t kRecordsAtOnce = 1'000;

// Whom a policy would tell of people who come into segments: who came in long ago comes in again as the records are taken.
Policy WithoutTriggers(Policy policy) {
  policy.definitions.triggers.clear();
  return policy;
}

}  // namespace

void Rebuild::Learn(const Frame& frame) {
  for (const GoneRecord& gone : frame.gone) gone_.insert(std::uint64_t{gone.index} + 1);
  switch (frame.kind) {
    case FrameKind::kPolicy:
      if (auto policy = ReadPolicyProto(frame.policy); policy.ok())
        last_policies_[frame.graph_name] = {*std::move(policy), frame.sequence};
      break;
    case FrameKind::kClock:
      clock_ms_ = std::max(clock_ms_, frame.clock_ms);
      break;
    case FrameKind::kHorizon:
      folds_[frame.source] = {frame.sequence, frame.before_ms};
      break;
    case FrameKind::kFolded:
      whole_folds_.insert(frame.sequence);
      break;
    default:
      break;
  }
}

void Rebuild::LearnPolicy(const std::string& graph, const Policy& policy, std::uint64_t sequence) {
  const auto known = last_policies_.find(graph);
  if (known != last_policies_.end() &&
      (known->second.sequence > sequence || known->second.policy == policy))
    return;
  last_policies_[graph] = {policy, sequence};
  kept_notes_.push_back(
      "the last policy of a graph is lost from the log, and was taken from the "
      "checkpoint");
}

void Rebuild::LearnClock(std::int64_t clock_ms) { clock_ms_ = std::max(clock_ms_, clock_ms); }

// Whether a record was erased, or others stand for it: its frame was not written again before the store was damaged.
bool Rebuild::Goes(const Frame& frame, std::size_t place) const {
  const Record& record = frame.records[place];
  if (record.source.empty() || gone_.contains(frame.first_record + place)) return true;
  if (frame.kind == FrameKind::kFolded) return false;
  if (record.act != Act::kObserve && record.act != Act::kBind) return false;
  const auto fold = folds_.find(record.source);
  return fold != folds_.end() && frame.sequence < fold->second.sequence &&
         whole_folds_.contains(fold->second.sequence) && record.time_ms < fold->second.before_ms;
}

// A record that stands for several comes as two of what it stands for, the first and the last; the engine alone may say that one is several.
void Rebuild::TakeFold(const Record& record) {
  ++folded_;
  Record first = record;
  first.id.clear();
  first.folded.reset();
  first.version.reset();
  Record last = first;
  last.time_ms = record.folded->last_ms;
  const bool several = last.time_ms != first.time_ms;
  waiting_.push_back(std::move(first));
  if (several) waiting_.push_back(std::move(last));
}

absl::Status Rebuild::Flush() {
  if (waiting_.empty()) return absl::OkStatus();
  auto result = engine_->Apply(waiting_);
  if (!result.ok()) return result.status();
  rejected_ += static_cast<std::uint64_t>(
      std::count_if(result->records.begin(), result->records.end(),
                    [](const RecordResult& r) { return r.outcome == Outcome::kRejected; }));
  waiting_.clear();
  return absl::OkStatus();
}

absl::Status Rebuild::Put(const std::string& graph, const Policy& policy) {
  PolicyOptions options;
  options.graph = graph;
  const absl::Status status = engine_->SetPolicy(policy, options).status();
  if (!absl::IsInvalidArgument(status)) return status;
  ++refused_policies_;
  return absl::OkStatus();
}

absl::Status Rebuild::Take(const Frame& frame) {
  if (frame.kind == FrameKind::kPolicy) {
    if (absl::Status status = Flush(); !status.ok()) return status;
    auto policy = ReadPolicyProto(frame.policy);
    if (policy.ok()) return Put(frame.graph_name, WithoutTriggers(*std::move(policy)));
    ++refused_policies_;
    return absl::OkStatus();
  }
  for (std::size_t i = 0; i < frame.records.size(); ++i) {
    if (Goes(frame, i)) continue;
    const Record& record = frame.records[i];
    if (record.folded) {
      TakeFold(record);
    } else {
      waiting_.push_back(record);
    }
  }
  return waiting_.size() < kRecordsAtOnce ? absl::OkStatus() : Flush();
}

absl::Status Rebuild::Finish() {
  absl::Status status = Flush();
  for (const auto& [graph, last] : last_policies_) {
    if (status.ok()) status = Put(graph, WithoutTriggers(last.policy));
  }
  if (status.ok() && clock_ms_ > engine_->Read().clock_ms())
    status = engine_->AdvanceTo(clock_ms_).status();
  // Triggers come last, when nobody comes into a segment any more.
  for (const auto& [graph, last] : last_policies_) {
    if (status.ok() && !last.policy.definitions.triggers.empty()) status = Put(graph, last.policy);
  }
  for (const auto& [source, fold] : folds_) {
    if (!status.ok()) break;
    status = engine_->MoveHorizon(source, fold.before_ms).status();
    if (!absl::IsInvalidArgument(status)) continue;
    kept_notes_.push_back(
        "a source's horizon could not be moved to where it was: the records that "
        "made that time known are lost");
    status = absl::OkStatus();
  }
  return status;
}

std::vector<std::string> Rebuild::notes() const {
  std::vector<std::string> notes = kept_notes_;
  const auto add = [&](std::uint64_t count, const std::string& what) {
    if (count != 0) notes.push_back(std::to_string(count) + " " + what);
  };
  add(folded_,
      "records stood for folded ones: each came back as two at most, of the first and the last "
      "time; how many they were is lost");
  add(rejected_, "records were rejected as they were taken again");
  add(refused_policies_, "policies could not be put in force again");
  if (last_policies_.find("") == last_policies_.end())
    notes.push_back("no policy of the first graph is in reach: set one");
  return notes;
}

}  // namespace polyonym::engine
