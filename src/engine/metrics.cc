// The numbers of engine/metrics.h: what the recorder counted, and what the newest commit holds.
#include "polyonym/engine/metrics.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/engine_impl.h"

namespace polyonym {

ResidentBytes& ResidentBytes::operator+=(const ResidentBytes& other) {
  identifiers += other.identifiers;
  profiles += other.profiles;
  links += other.links;
  mentions += other.mentions;
  records += other.records;
  renames += other.renames;
  values += other.values;
  identifier_hashes += other.identifier_hashes;
  link_hashes += other.link_hashes;
  record_hashes += other.record_hashes;
  segments += other.segments;
  return *this;
}

std::uint64_t LatencyHistogram::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

std::uint64_t LatencyHistogram::QuantileNs(double q) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(all));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::size_t bucket = 0;
  for (std::uint64_t seen = buckets[0]; seen < rank && bucket + 1 < kBuckets;)
    seen += buckets[++bucket];
  const std::uint64_t lower = bucket == 0 ? 0 : UpperBoundNs(bucket - 1);
  if (bucket + 1 == kBuckets) return lower;
  return lower + (UpperBoundNs(bucket) - lower) / 2;  // the middle is off by half a bucket at most
}

// What the group that was just published did.  REQUIRES: the caller leads it.
void Engine::Impl::NoteCommit() {
  for (const auto& lens : lenses_) {
    engine::Lens::Work work = lens->TakeWork();
    recorder_.CountWork(work);
    std::vector<engine::Node>& shared = work.flips.became_shared;
    std::sort(shared.begin(), shared.end());
    shared.erase(std::unique(shared.begin(), shared.end()), shared.end());
    const engine::Graph& graph = lens->core->graph();
    for (const engine::Node n : shared) {
      if (!graph.node(n).shared()) continue;  // not any more
      EngineEvent event;
      event.kind = EngineEventKind::kGuardTripped;
      event.sequence = last_sequence_;
      event.graph = lens->name;
      event.identifier = IdentifierNumber{n};
      event.identifier_ns = graph.rules().kinds()[graph.KindOf(n)];
      recorder_.Post(std::move(event));
    }
  }
}

void Engine::Impl::CountGraphs(EngineMetrics* m) const {
  const std::lock_guard lock(lenses_mutex_);
  for (const auto& lens : lenses_) {
    const engine::Publisher::Pins pins = lens->publisher.pins();
    if (pins.newest == nullptr) continue;  // not published yet
    const engine::CommitState& s = *pins.newest;
    ++m->graphs;
    m->replays += s.replays;
    m->replayed_profiles += s.replayed_profiles;
    m->pinned_views += pins.count;
    m->oldest_pin_commits = std::max(m->oldest_pin_commits, s.sequence - pins.oldest);
    m->resident += s.resident;
  }
}

EngineMetrics Engine::Impl::Metrics() const {
  EngineMetrics m;
  recorder_.Read(&m);
  CountGraphs(&m);
  const std::uint64_t synced = synced_sequence_;  // before the newest: never ahead of it
  const auto newest = lenses_.front()->publisher.newest();
  const engine::CommitState& s = *newest;
  m.sequence = s.sequence;
  m.unsynced_commits = s.sequence - synced;
  m.policy_version = s.rules->version();
  m.clock_ms = s.clock_ms;
  m.newest_record_ms = s.newest_ms;
  m.records = s.records;
  m.standing_records = s.totals.standing_records;
  m.held_records = s.totals.held_records;
  m.identifiers = s.nodes;
  m.live_identifiers = s.totals.live_names;
  m.shared_identifiers = s.totals.shared;
  m.profiles = s.totals.live_nodes - s.totals.merged_away;
  m.links = s.totals.links;
  m.refused_links = s.totals.refused;
  m.checkpoint_failures = failed_checkpoints_;
  m.log_since_checkpoint_bytes = log_bytes_since_checkpoint_;
  m.read_only = !ReadOnly().ok();
  {
    const std::lock_guard lock(queue_mutex_);
    m.waiting_calls = queue_.size();
  }
  m.store_bytes = store_->ApproximateBytes();
  if (const PageMemory* memory = lenses_.front()->index.memory.get(); memory != nullptr) {
    const PageMemory::Stats paged = memory->stats();
    m.paged = {.budget_bytes = paged.budget_bytes,
               .allocated_bytes = paged.allocated_bytes,
               .resident_bytes = paged.resident_bytes,
               .dropped_pages = paged.dropped_pages,
               .read_ahead_pages = paged.read_ahead_pages};
  }
  return m;
}

EngineMetrics Engine::Metrics() const { return impl_->Metrics(); }

}  // namespace polyonym
