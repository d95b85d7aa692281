#include "engine/lens.h"

#include <algorithm>

namespace polyonym::engine {

Lens::Lens(std::uint32_t graph, std::string graph_name, const Index* like,
           const Core::Settings& settings)
    : number(graph),
      name(std::move(graph_name)),
      profiles(settings.profile_cache_bytes),
      live(settings.live_facts_bytes),
      settings_(settings) {
  if (like == nullptr) return;
  index.seed = like->seed;
  index.hash_bits = like->hash_bits;
  if (like->memory != nullptr) index.UseMemory(like->memory);
}

void Lens::Start(Log* log, std::shared_ptr<const Rules> rules) {
  core = std::make_unique<Core>(&index, log, std::move(rules), settings_);
}

absl::Status Lens::Load(Log* log, const CommitState& state) {
  Start(log, state.rules);
  core->mutable_totals() = state.totals;
  core->RebuildTables({state.clock_ms, state.newest_ms, Families(state.families), state.horizons});
  return core->status();
}

void Lens::Begin(std::uint64_t sequence) {
  index.Begin(sequence);
  core->WatchFacts(live.watches());
  core->Begin(sequence);
  live.Begin(sequence);
  before_ = live.watches_values() ? StateOf(sequence - 1, 0) : nullptr;
  rules_before_ = core->rules();
  nodes_before_ = static_cast<Node>(index.nodes.size());
}

FeedRow Lens::Changes(std::uint64_t last, std::uint64_t sequence) {
  FeedRow row;
  row.changes = core->Net(*rules_before_, last, nodes_before_, sequence);
  row.before = core->NoteChanges(row.changes);
  return row;
}

void Lens::CountChanges(std::span<const Change> changes) {
  for (const Change& change : changes) ++work_.changes[static_cast<std::size_t>(change.kind)];
  work_.feed_rows += changes.empty() ? 0 : 1;
}

std::shared_ptr<CommitState> Lens::StateOf(std::uint64_t sequence, std::uint64_t last_frame) const {
  auto state = std::make_shared<CommitState>();
  state->sequence = sequence;
  state->nodes = index.nodes.size();
  state->links = index.links.size();
  state->profiles = index.profiles.size();
  state->mentions = index.mentions.size();
  state->records = index.records.size();
  state->renames = index.renames.size();
  state->values_end = index.values.end();
  state->last_frame = last_frame;
  state->replays = core->replays();
  state->replayed_profiles = core->replayed_profiles();
  state->clock_ms = core->clock_ms();
  state->newest_ms = core->newest_ms();
  state->last_flip = core->last_flip();
  state->families = core->families().names();
  state->horizons = core->horizons();
  state->resident = index.bytes();
  state->resident.segments = live.bytes();
  state->totals = core->totals();
  state->rules = core->rules();
  state->live = live.published();
  state->dues = live.dues().size();
  return state;
}

void Lens::Publish(std::uint64_t sequence, std::uint64_t last_frame) {
  publisher.Publish(StateOf(sequence, last_frame));
  const std::uint64_t oldest = publisher.OldestPinned();
  index.GiveBack(std::min(oldest, checkpointed));
  index.Reclaim(oldest);
  live.Reclaim(oldest);
  index.pairs.Reclaim();
  index.record_keys.Reclaim();
  if (!publisher.HasPins()) index.dictionary.Reclaim();
  if (index.memory != nullptr) index.memory->Keep();
}

Lens::Work Lens::TakeWork() {
  work_.flips = core->TakeFlips();
  return std::exchange(work_, {});
}

}  // namespace polyonym::engine
