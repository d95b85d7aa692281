// Segments that are defined otherwise than before: everybody is evaluated for them.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/live_segments.h"
#include "engine/view_impl.h"
#include "polyonym/segment/check.h"
#include "segment/conditions.h"
#include "segment/dependents.h"
#include "segment/earliest_turn.h"
#include "segment/subject.h"

namespace polyonym::engine {
namespace {

// A set that grows by ascending ids.
class Growing {
 public:
  void Add(Node id) {
    waiting_.push_back(id);
    if (waiting_.size() == kAtOnce) Flush();
  }
  IdSet Take() {
    Flush();
    set_.Optimise();
    return std::move(set_);
  }

 private:
  static constexpr std::size_t kAtOnce = 1024;
  void Flush() {
    set_.AddMany(waiting_);
    waiting_.clear();
  }
  IdSet set_;
  std::vector<Node> waiting_;
};

// All of a policy that a segment's answers may depend on, but for the segments. Of reach and privacy that is whose word keeps people out.
Policy WithoutSegments(Policy policy) {
  policy.definitions.segments.clear();
  policy.definitions.triggers.clear();
  policy.definitions.campaigns.clear();
  policy.definitions.reach = {.profiling_purpose = policy.definitions.reach.profiling_purpose};
  policy.definitions.privacy = {.restriction_purpose =
                                    policy.definitions.privacy.restriction_purpose};
  policy.definitions.watched_traits.clear();
  policy.definitions.watched_tags.clear();
  return policy;
}

// By segment of `now`: its number in `before` where it is defined alike, with all that it asks for; else none.
class SameSegments {
 public:
  SameSegments(const Definitions& before, const Definitions& now, const CompiledSegments& compiled)
      : now_(now), compiled_(compiled), known_(now.segments.size()) {
    for (std::size_t i = 0; i < before.segments.size(); ++i)
      before_.emplace(before.segments[i].name, std::pair(i, &before.segments[i]));
  }

  // COST: each segment once; as deep as they ask for each other, in no circle.
  std::optional<std::size_t> Of(std::size_t segment) {
    std::vector<std::size_t> open = {segment};
    while (!open.empty()) {
      const std::size_t at = open.back();
      const std::size_t height = open.size();
      if (!known_[at]) {
        for (const std::string& name : SegmentsIn(compiled_.expression(at))) {
          if (!known_[compiled_.Find(name)]) open.push_back(compiled_.Find(name));
        }
      }
      if (open.size() > height) continue;
      open.pop_back();
      if (!known_[at]) known_[at] = Settle(at);
    }
    return *known_[segment];
  }

 private:
  // REQUIRES: those that it asks for are known.
  std::optional<std::size_t> Settle(std::size_t segment) const {
    const auto at = before_.find(now_.segments[segment].name);
    if (at == before_.end() || *at->second.second != now_.segments[segment]) return std::nullopt;
    for (const std::string& name : SegmentsIn(compiled_.expression(segment))) {
      if (!*known_[compiled_.Find(name)]) return std::nullopt;
    }
    return at->second.first;
  }

  const Definitions& now_;
  const CompiledSegments& compiled_;
  std::map<std::string, std::pair<std::size_t, const SegmentDefinition*>> before_;
  std::vector<std::optional<std::optional<std::size_t>>> known_;
};

}  // namespace

// Takes the segments of another policy. Those that are defined as before keep their people, those that are no more lose them.
absl::Status LiveSegments::Adopt(const View::Impl& view) {
  const Policy& policy = view.rules().policy().policy();
  auto compiled = CompiledSegments::Compile(policy.definitions);
  if (!compiled.ok())
    return absl::DataLossError("a logged policy's segments do not compile; restore a backup");
  const bool all_else_is_same = definitions_ != nullptr && policy_before_ != nullptr &&
                                *policy_before_ == WithoutSegments(policy);
  const std::vector<LiveSegment> before = std::exchange(segments_, {});
  std::vector<bool> kept(before.size());
  fresh_.clear();
  std::optional<SameSegments> same;
  if (definitions_ != nullptr) same.emplace(*definitions_, policy.definitions, **compiled);
  for (std::size_t s = 0; s < (*compiled)->size(); ++s) {
    const auto known = same ? same->Of(s) : std::nullopt;
    LiveSegment segment;
    if (const auto named = NumberBefore((*compiled)->name(s))) {
      segment = before[*named];  // whoever leaves it is told so
      kept[*named] = true;
    }
    const bool stays = known && all_else_is_same;
    if (!stays) segment.slot = next_slot_++;
    segments_.push_back(std::move(segment));
    fresh_.push_back(!stays);
  }
  for (std::size_t b = 0; b < before.size(); ++b) {
    if (!kept[b]) dropped_.emplace_back(compiled_->name(b), before[b].members);
  }
  definitions_ = std::make_shared<const Definitions>(policy.definitions);
  compiled_ = *std::move(compiled);
  policy_before_ = std::make_unique<const Policy>(WithoutSegments(policy));
  policy_version_ = view.rules().version();
  GetReady();
  changed_ = true;
  if (segments_.empty()) ForgetDues();
  return absl::OkStatus();
}

// For the segments of compiled_.
void LiveSegments::GetReady() {
  facts_.Clear();
  CountBytes();
  turns_.assign(segments_.size(), {});
  nobody_ = {};
  conditions_ = &segment::ConditionsOf(*compiled_);
  tag_index_ = std::make_unique<const profile::TagIndex>(*definitions_);
  earliest_turn_ = std::make_unique<const segment::EarliestTurn>(*conditions_, *definitions_);
  calendar_turn_ = std::numeric_limits<std::int64_t>::min();
  dependents_ =
      std::make_unique<const segment::Dependents>(*compiled_, *conditions_, *definitions_);
}

std::optional<std::size_t> LiveSegments::NumberBefore(const std::string& name) const {
  if (compiled_ == nullptr) return std::nullopt;
  const std::size_t at = compiled_->Find(name);
  return at == CompiledSegments::kNone ? std::nullopt : std::optional(at);
}

void LiveSegments::ForgetDues() {
  queue_ = {};
  for (Node id = 0; id < dues_.size(); ++id) {
    if (dues_.Latest(id).ms != DueCell::kNever) dues_.Write(id).ms = DueCell::kNever;
  }
}

absl::Status LiveSegments::EvaluateEverybody(const View::Impl& view) {
  const bool all = std::find(fresh_.begin(), fresh_.end(), false) == fresh_.end();
  if (all) ForgetDues();
  std::vector<Growing> members(segments_.size());
  absl::Status status = view.ForEachTold([&](Node root, PersonFacts facts) {
    const Person person =
        view.MakePerson(root, std::make_shared<const PersonFacts>(std::move(facts)));
    SegmentSubject subject(*definitions_, *person.rows, person.identifiers, person.anchor,
                           view.now_ms());
    const auto id = static_cast<Node>(person.id.value);
    std::int64_t due = DueOf(id);
    for (std::size_t s = 0; s < segments_.size(); ++s) {
      if (!fresh_[s]) continue;
      if (compiled_->Evaluate(s, &subject) == true) members[s].Add(id);
      due = std::min(due, compiled_->NextChange(s, &subject));
    }
    SetDue(id, due, false);
    return true;
  });
  if (!status.ok()) return status;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    if (fresh_[s]) Replace(s, members[s].Take());
  }
  return absl::OkStatus();
}

// Puts other people into a segment, and notes who came and who went.
void LiveSegments::Replace(std::size_t segment, IdSet members) {
  LiveSegment& kept = segments_[segment];
  const IdSet before = kept.members->ToSet();
  IdSet turned = IdSet::AndNot(members, before);
  turned |= IdSet::AndNot(before, members);
  turned.ForEach([&](Node id) {
    const auto touch = people_.find(id);
    turns_[segment].push_back(
        {id, members.Contains(id), touch == people_.end() ? nullptr : &touch->second});
    return true;
  });
  Put(&kept.members, MemberSet::Of(std::move(members), sequence_, *kept.members));
}

absl::Status LiveSegments::Rebuild(const View::Impl& view) {
  if (absl::Status status = Adopt(view); !status.ok()) return status;
  if (segments_.empty()) return absl::OkStatus();
  absl::Status status = EvaluateEverybody(view);
  for (std::vector<Turn>& turns : turns_) turns.clear();  // nobody is told
  fresh_.assign(segments_.size(), false);
  ShowState();
  return status;
}

void LiveSegments::Restore(std::shared_ptr<const LiveState> state, const View::Impl& view) {
  published_ = std::move(state);
  definitions_ = published_->definitions;
  compiled_ = published_->compiled;
  segments_ = published_->segments;
  next_slot_ = published_->next_slot;
  policy_version_ = view.rules().version();
  policy_before_ = std::make_unique<const Policy>(WithoutSegments(view.rules().policy().policy()));
  fresh_.assign(segments_.size(), false);
  GetReady();
  FillQueue();
}

}  // namespace polyonym::engine
