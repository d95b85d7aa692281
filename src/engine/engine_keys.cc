// Keys of single identifiers: which of them an erasure destroys, and what becomes of a copy whose keys went. docs/erasure.md.
//
// Keys are destroyed once a checkpoint shows the erasure, so that the end of the log, which is played when a store is opened, never names
// one that is gone. Until then a row, `destroying`, says which they are; a second, `keys_gone`, how many this store knows to be gone. A copy of
// before is told by that: it has what nobody can read any more, and forgets it as it is opened.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "engine/engine_impl.h"
#include "engine/erase_plan.h"
#include "engine/forgotten.h"
#include "polyonym/model/judge.h"

namespace polyonym {

using engine::Forgetter;
using engine::ForgottenNames;
using engine::Node;
using privacy::KeySlot;

namespace {

constexpr std::string_view kDestroyingKey = "destroying";
constexpr std::string_view kKeysGoneKey = "keys_gone";
constexpr std::uint8_t kKeyRowVersion = 1;

absl::Status NoKeyRow() {
  return absl::DataLossError("a row about destroyed keys does not decode; restore a backup");
}

}  // namespace

// ---- opening ----

absl::Status Engine::Impl::LoadKeys() {
  if (keys_ == nullptr) return absl::OkStatus();
  auto row = store_->Get(Table::kMeta, kDestroyingKey);
  if (!row.ok()) return row.status();
  if (row->has_value()) {
    auto payload = engine::OpenValue(kKeyRowVersion, kDestroyingKey, **row);
    if (!payload.ok()) return payload.status();
    engine::ByteReader in(*payload);
    const std::uint64_t count = in.Varint();
    if (count > in.remaining()) return NoKeyRow();
    std::uint64_t slot = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      slot += in.Varint();
      doomed_.insert(static_cast<KeySlot>(slot));
    }
    if (!in.AtEnd()) return NoKeyRow();
  }
  std::uint64_t known_gone = 0;
  auto gone = store_->Get(Table::kMeta, kKeysGoneKey);
  if (!gone.ok()) return gone.status();
  if (gone->has_value()) {
    auto payload = engine::OpenValue(kKeyRowVersion, kKeysGoneKey, **gone);
    if (!payload.ok()) return payload.status();
    engine::ByteReader in(*payload);
    known_gone = in.Varint();
    if (!in.AtEnd()) return NoKeyRow();
  }
  const std::vector<KeySlot> doomed(doomed_.begin(), doomed_.end());
  privacy::Keyring& ring = keys_->ring();
  ring.Doom(doomed);
  keys_went_ = ring.destroyed() - ring.DestroyedOf(doomed) != known_gone;
  keys_->Teach(true);
  return absl::OkStatus();
}

// The end of the log was read, and has told the keyring of identifiers again; now the feed does, of profiles.
absl::Status Engine::Impl::TeachKeys() {
  if (keys_ == nullptr) return absl::OkStatus();
  for (const auto& lens : lenses_) {
    absl::Status status =
        store_->Scan(Table::kFeed, engine::FeedKey(checkpoint_sequence_ + 1, lens->number),
                     engine::FeedKey(last_sequence_ + 1, lens->number),
                     [](std::string_view, std::string_view) { return true; });
    if (!status.ok()) return status;
  }
  keys_->Teach(false);
  return absl::OkStatus();
}

// ---- erasing ----

void Engine::Impl::PutDoomed(WriteSet* writes) const {
  std::string payload;
  engine::PutVarint(&payload, doomed_.size());
  KeySlot last = 0;
  for (const KeySlot slot : doomed_) {
    engine::PutVarint(&payload, slot - last);
    last = slot;
  }
  writes->puts.push_back({Table::kMeta, std::string(kDestroyingKey),
                          engine::SealValue(kKeyRowVersion, kDestroyingKey, payload)});
}

void Engine::Impl::PutKeysGone(std::uint64_t count, WriteSet* writes) const {
  std::string payload;
  engine::PutVarint(&payload, count);
  writes->puts.push_back({Table::kMeta, std::string(kKeysGoneKey),
                          engine::SealValue(kKeyRowVersion, kKeysGoneKey, payload)});
}

// Whether any graph has an identifier for a value as a channel gave it.
bool Engine::Impl::IsKnownHere(std::string_view ns, std::string_view value) const {
  return std::any_of(lenses_.begin(), lenses_.end(), [&](const auto& lens) {
    const CompiledPolicy& policy = lens->core->rules()->policy();
    const std::uint32_t family = policy.FindFamily(ns);
    if (family == CompiledPolicy::kUndeclared) return false;
    const std::string spelt = policy.Judge(family, value).value;
    return !spelt.empty() && lens->core->FindName(ns, spelt) != engine::kNone;
  });
}

// Whether a live record names somebody who is lost by a spelling whose own key is there still.
bool Engine::Impl::IsLostHere(std::string_view ns, std::string_view value) const {
  return std::any_of(lenses_.begin(), lenses_.end(), [&](const auto& lens) {
    if (value.empty() || lens->index.lost_values.empty()) return false;
    const CompiledPolicy& policy = lens->core->rules()->policy();
    const std::uint32_t family = policy.FindFamily(ns);
    if (family == CompiledPolicy::kUndeclared) return false;
    const Verdict verdict = policy.Judge(family, value);
    return verdict.reason == Reason::kNone &&
           lens->core->FindName(ns, verdict.value) == engine::kNone;
  });
}

// Whose keys go with an erasure that was carried out: of those who were named, of what records said of them, of identifiers that no record names any more,
// and of profiles that ever had one of them. Whoever is somebody here still keeps the key, and so does who is named by a record that stays
// and counts for nothing, or by somebody's relation.
void Engine::Impl::DoomKeys(const ForgottenNames& names, const ErasePlan& plan, const ByGraph& had,
                            WriteSet* writes) {
  privacy::Keyring& ring = keys_->ring();
  std::set<KeySlot> slots;
  const auto doom = [&](std::string_view ns, std::string_view value) {
    const KeySlot slot = ring.Find(ns, value);
    if (slot != 0 && !plan.kept.contains(slot) && !IsKnownHere(ns, value)) slots.insert(slot);
  };
  names.ForEach(doom);
  std::vector<std::set<std::pair<std::string, std::string>>> wiped(lenses_.size());
  for (std::size_t g = 0; g < plan.wiped.size(); ++g) {
    const engine::Core& core = *lenses_[g]->core;
    for (const Node n : plan.wiped[g]) {
      const std::string& ns = core.rules()->kinds()[core.graph().KindOf(n)];
      const std::string_view value = core.graph().ValueOf(n);
      doom(ns, value);
      wiped[g].emplace(ns, value);
    }
  }
  const auto was_wiped = [&](const std::string& ns, const std::string& value) {
    return std::any_of(lenses_.begin(), lenses_.end(), [&](const auto& lens) {
      const CompiledPolicy& policy = lens->core->rules()->policy();
      const std::uint32_t family = policy.FindFamily(ns);
      return family != CompiledPolicy::kUndeclared &&
             wiped[lens->number].contains({ns, policy.Judge(family, value).value});
    });
  };
  for (const auto& [identifier, goes] : plan.said) {
    const auto& [ns, value] = identifier;
    if (goes || was_wiped(ns, value)) doom(ns, value);
  }
  for (std::size_t g = 0; g < had.size(); ++g) {
    for (const std::uint64_t profile : had[g]) {
      const KeySlot slot = ring.Find(
          engine::kProfileSlots, engine::ProfileSlotName(static_cast<std::uint32_t>(g), profile));
      if (slot != 0) slots.insert(slot);
    }
  }
  if (slots.empty()) return;
  ring.Doom(std::vector<KeySlot>(slots.begin(), slots.end()));
  doomed_.insert(slots.begin(), slots.end());
  PutDoomed(writes);
}

// Destroys what was doomed, once a checkpoint shows why. Where one does not yet, whoever erased last does it.
absl::Status Engine::Impl::DestroyDoomed() {
  if (keys_ == nullptr) return absl::OkStatus();
  Job job;
  job.alone = true;
  job.run = [&] {
    if (doomed_.empty() || checkpoint_sequence_ < first().core->horizons()->sequence())
      return absl::OkStatus();
    privacy::Keyring& ring = keys_->ring();
    absl::Status status = ring.Destroy(std::vector<KeySlot>(doomed_.begin(), doomed_.end()));
    if (!status.ok()) return status;
    WriteSet writes;
    writes.erases.push_back({Table::kMeta, std::string(kDestroyingKey)});
    PutKeysGone(ring.destroyed(), &writes);
    if (status = store_->Commit(writes, true); status.ok()) doomed_.clear();
    return status;
  };
  return Submit(&job);
}

// ---- a copy of before ----

absl::Status Engine::Impl::RunForgetLost(Job* job) {
  ForgottenNames nobody;
  ErasePlan plan;
  Forgetter forgetter(Forgetter::Of::kLost, Sights(false), &nobody);
  const auto look = [&](const engine::RecordCell& cell, const Record& record) {
    Record legible = record;
    if (cell.live()) {
      for (RecordIdentifier& identifier : legible.identifiers) {
        if (IsLostHere(identifier.ns, identifier.value)) identifier.value.clear();
      }
    }
    return forgetter.Look(legible);
  };
  absl::Status status = PlanErase(look, nullptr, &plan);
  if (!status.ok()) return status;
  ByGraph nodes, had;
  bool any = !plan.gone.empty();
  for (const auto& lens : lenses_) {
    std::set<std::uint64_t>& lost = nodes.emplace_back();
    for (const auto& [place, node] : lens->index.lost_values) {
      if (!lens->core->graph().node(node).erased()) lost.insert(node);
    }
    any |= !lost.empty();
    plan.names.emplace_back(lost.begin(), lost.end());
  }
  const std::vector<KeySlot> doomed(doomed_.begin(), doomed_.end());
  const std::uint64_t gone = keys_->ring().destroyed() - keys_->ring().DestroyedOf(doomed);
  if (!any) {
    WriteSet writes;
    PutKeysGone(gone, &writes);
    return store_->Commit(writes, true);
  }
  status = EraseFromFeed(nodes, &job->writes, &plan.counts, &had);
  if (!status.ok()) return status;
  CommitErase(&plan);
  PutKeysGone(gone, &job->writes);
  return CoreStatus();
}

absl::Status Engine::Impl::ForgetLost() {
  // Where a process died as it forgot, the end of the log did it again.
  const auto is_left = [](const std::shared_ptr<engine::Lens>& lens) {
    const auto& lost = lens->index.lost_values;
    return std::any_of(lost.begin(), lost.end(), [&](const auto& value) {
      return !lens->core->graph().node(value.second).erased();
    });
  };
  if (keys_went_ || std::any_of(lenses_.begin(), lenses_.end(), is_left)) {
    Job job;
    job.alone = true;
    job.run = [&] { return RunForgetLost(&job); };
    if (absl::Status status = Submit(&job); !status.ok()) return status;
  }
  for (const auto& lens : lenses_) lens->index.lost_values.clear();
  return absl::OkStatus();
}

// ---- copies ----

absl::StatusOr<std::unique_lock<std::mutex>> Engine::Impl::BeginCopy() {
  if (keys_ == nullptr) return std::unique_lock<std::mutex>();
  std::unique_lock lock(copy_mutex_);
  if (absl::Status status = Checkpoint(); !status.ok()) return status;
  return lock;
}

}  // namespace polyonym
