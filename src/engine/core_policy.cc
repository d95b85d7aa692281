// Another policy on a live store. Only what the difference touches is done again:
//
//   1. records that name a namespace whose judging differs are judged under both; those that count otherwise are taken out, but for
//      plain ones (core_difference.cc);
//   2. the rules are exchanged: for what is left the two agree on what counts;
//   3. guards, lifetimes and lives are made right for what is left; of plain records the difference is counted, and the others come
//      in again;
//   4. the rule is run, once, over the profiles that all this touched, and over those that another ranking, priority or limit may
//      alter: only ones with a refused link, or that break a limit now. In a profile without refused links every live link was kept,
//      and by heredity they are in any order.
#include <algorithm>
#include <map>
#include <utility>

#include "engine/core.h"
#include "engine/rejudging.h"

namespace polyonym::engine {
namespace {

bool SameVerdict(const RecordVerdict& a, const RecordVerdict& b) {
  const auto same_counted = [](const RecordVerdict::Counted& x, const RecordVerdict::Counted& y) {
    return x.index == y.index && x.role == y.role && x.derived == y.derived && x.ns == y.ns &&
           x.value == y.value;
  };
  const auto same_held = [](const RecordVerdict::Held& x, const RecordVerdict::Held& y) {
    return x.index == y.index && x.reason == y.reason;
  };
  const auto same_derivation = [](const RecordVerdict::Derivation& x,
                                  const RecordVerdict::Derivation& y) {
    return x.from == y.from && x.of == y.of;
  };
  return a.reason == b.reason && std::ranges::equal(a.counted, b.counted, same_counted) &&
         std::ranges::equal(a.held, b.held, same_held) &&
         std::ranges::equal(a.derivations, b.derivations, same_derivation);
}

bool CountsAnyOf(const RecordVerdict& verdict, const PolicyDelta::Names& families) {
  return std::any_of(verdict.counted.begin(), verdict.counted.end(),
                     [&](const auto& counted) { return families.contains(FamilyOf(counted.ns)); });
}

}  // namespace

std::uint64_t Core::ReplayDeferred() {
  const std::vector<Node> roots = deferred_.End(graph_);
  if (roots.empty()) return 0;
  const std::uint64_t before = resolver_.replayed_profiles();
  resolver_.Replay(roots);
  deferred_.Tell(&tracker_);
  return resolver_.replayed_profiles() - before;
}

std::vector<bool> Core::KindsOf(const PolicyDelta::Names& families) const {
  std::vector<bool> in;
  for (const std::string& kind : rules_->kinds()) in.push_back(families.contains(FamilyOf(kind)));
  return in;
}

void Core::FindChanged(const PolicyDelta& delta, const CompiledPolicy& after, Rejudging* work) {
  if (!delta.judges() && delta.parents.empty()) return;
  std::uint32_t bits = delta.undeclared ? Families::AllBits() : 0;
  for (const PolicyDelta::Names* names : {&delta.judging, &delta.validity}) {
    for (const std::string& family : *names) bits |= families_.BitOf(family);
  }
  const auto asked = [&](const RecordCell& cell) {
    const Act act = cell.act();
    return cell.has(RecordCell::kStands) && act != Act::kRetract && act != Act::kDeleteSource &&
           (cell.has(bits) || (act == Act::kUnbind && !delta.parents.empty()));
  };
  std::vector<std::uint32_t> records;
  constexpr std::uint32_t kAheadOfScan = 64;
  for (std::uint32_t r = 0; r < index_->records.size(); ++r) {
    if (r % index_->records.page_cells() == 0) index_->records.Prefetch(r + kAheadOfScan);
    const RecordCell& cell = index_->records.Latest(r);
    if (!asked(cell)) continue;
    records.push_back(r);
    work->classes_move |= cell.act() == Act::kRename;
  }
  work->judged = records.size();
  work->total = 2 * work->judged;
  work->may_be_plain = MayBePlain(after);
  std::vector<Rejudged> group(JudgeAhead::kGroup);
  std::size_t changed = 0;
  for (const std::uint32_t r : records) {
    work->Step();
    auto record = Load(r);
    if (!record) return;
    Rejudged& one = group[changed];
    one.record_index = r;
    one.record = *std::move(record);
    one.before.record = one.now.record = &one.record;
    JudgeRecord(rules_->policy(), one.record, &one.before.verdict);
    JudgeRecord(after, one.record, &one.now.verdict);
    const bool unbinds = one.record.act == Act::kUnbind && !delta.parents.empty();
    if (SameVerdict(one.before.verdict, one.now.verdict) && !unbinds &&
        !CountsAnyOf(one.now.verdict, delta.validity))
      continue;
    if (++changed == group.size())
      NoteChanged(std::span(group).first(std::exchange(changed, 0)), delta, work);
  }
  NoteChanged(std::span(group).first(changed), delta, work);
  work->total = work->judged + work->records.size();
}

// Records of a group count otherwise: what they will touch is asked for first.
void Core::NoteChanged(std::span<Rejudged> group, const PolicyDelta& delta, Rejudging* work) {
  if (work->may_be_plain) FetchNames(group);
  for (Rejudged& one : group) {
    if (work->may_be_plain && NoteIfPlain(&one, work)) continue;
    if (one.now.verdict.reason == Reason::kNone && Mentions(one.record.act)) {
      for (const RecordVerdict::Counted& counted : one.now.verdict.counted) {
        if (delta.validity.contains(FamilyOf(counted.ns)) && !VoidedBySource(one.record))
          work->namings[{std::string(counted.ns), counted.value}].push_back(*one.record.time_ms);
      }
    }
    work->records.push_back(one.record_index);
    if (work->kept.size() < Rejudging::kKept) work->kept.push_back(std::move(one.record));
  }
}

std::optional<Record> Core::LoadChanged(std::size_t place, const Rejudging& work) {
  if (place < work.kept.size()) return work.kept[place];
  return Load(work.records[place]);
}

// Takes a record out under the rules that it came in under.
void Core::TakeOut(std::size_t place, Rejudging* work) {
  const std::uint32_t record_index = work->records[place];
  const RecordCell cell = index_->records.Latest(record_index);
  if (cell.has(RecordCell::kHeld)) --totals_.held_records;
  SetFlags(record_index, 0,
           RecordCell::kStands | RecordCell::kHeld | RecordCell::kHeldPart | RecordCell::kVoided);
  if (!cell.live()) return;
  const auto record = LoadChanged(place, *work);
  std::vector<Named> named;
  if (!record || !NameLive(record_index, *record, &named)) return;
  Count(record_index, *record, named, Sign::kMinus);
  if (!rules_->has_validity() || !Mentions(record->act)) return;
  for (const Named& n : named) {
    if (HasLives(n.value)) work->left.emplace(n.value, *record->time_ms);
  }
}

Core::Effect Core::PutRules(std::shared_ptr<const CompiledPolicy> policy, std::uint64_t version,
                            const Progress& progress) {
  Effect effect;
  tracker_.SetCause(Cause::kDefinition, 0);
  const PolicyDelta delta = Compare(rules_->policy().policy(), policy->policy());
  Rejudging work;
  work.progress = &progress;
  mentioned_.emplace();
  FindChanged(delta, *policy, &work);
  deferred_.Begin(true);
  for (std::size_t i = 0; i < work.records.size(); ++i) TakeOut(i, &work);
  const std::vector<bool> cut_anew = KindsOf(delta.validity);
  for (const auto& [value, time_ms] : work.left) {
    if (!cut_anew[graph_.KindOf(value)]) ReviewLife(value, time_ms);
  }
  if (!status_.ok()) return effect;
  const bool had_parents = rules_->policy().HasParents();
  const bool ranks_move = delta.ranking || !delta.priorities.empty();
  const std::uint32_t epoch = (rules_->rank_epoch() + (ranks_move ? 1 : 0)) % Rules::kRankEpochs;
  rules_ = Rules::Make(std::move(policy), version, epoch, rules_->kinds());
  graph_.set_rules(rules_.get());
  guarded_.clear();
  PutFlags(work);
  if (ranks_move && epoch == 0) graph_.ForgetFloors();  // an old epoch's number comes again
  if (!had_parents && rules_->policy().HasParents()) graph_.Relist();
  PutLimits(delta);
  PutFlips(delta);
  PutLives(cut_anew, work);
  CountDifference(work);
  PutIn(&work);
  mentioned_.reset();
  if (!status_.ok()) return effect;
  PutRanks(delta);
  effect.judged_records = work.judged;
  effect.changed_records = work.plain.size() + work.records.size();
  effect.replayed_profiles = ReplayDeferred();
  if (progress) progress(work.total, work.total);
  return effect;
}

// Lives of values whose validity differs. Nothing is counted of them now; all that will be is known.
void Core::PutLives(const std::vector<bool>& kinds, const Rejudging& work) {
  std::vector<Node> values;
  for (const auto& [value, lives] : lives_) {
    if (kinds[graph_.KindOf(value)]) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  for (const Node value : values) Cut(value, {});
  for (const auto& [name, namings] : work.namings) {
    const Kind kind = KindOfNamespace(name.first);
    if (rules_->ValidityOf(kind) == 0) continue;
    const std::uint64_t hash = index_->HashValue(kind, name.second);
    Node value = graph_.Find(kind, name.second, hash);
    if (value == kNone) value = graph_.Add(kind, name.second, hash);
    Cut(value, namings);
  }
}

void Core::PutIn(Rejudging* work) {
  for (std::size_t i = 0; i < work->records.size(); ++i) {
    work->Step();
    const auto record = LoadChanged(i, *work);
    if (!record) break;
    Judge(*record, &judged_);
    Taken taken;
    Stand(work->records[i], judged_, &taken);
    if (!status_.ok()) break;
  }
}

// Guards and lifetimes, for what is left.
void Core::PutFlips(const PolicyDelta& delta) {
  if (delta.default_guard || !delta.guards.empty()) {
    const std::vector<bool> kinds = KindsOf(delta.guards);
    for (Node n = 0; n < index_->nodes.size(); ++n) {
      const NodeCell& cell = graph_.node(n);
      if (!delta.default_guard && !kinds[cell.kind]) continue;
      const bool shared = cell.shared();
      if ((cell.degree == 0 && !shared) || ShouldBeShared(n) == shared) continue;
      FlipSharing(n, !shared);
      deferred_.Add(n, tracker_);
    }
  }
  if (delta.lifetimes.empty()) return;
  const std::vector<bool> kinds = KindsOf(delta.lifetimes);
  for (Link l = 0; l < index_->links.size(); ++l) {
    const LinkCell cell = graph_.link(l);
    if (!kinds[graph_.KindOf(cell.a)] && !kinds[graph_.KindOf(cell.b)]) continue;
    SetLink(l, cell.evidence, ExpiredNow(cell, cell.evidence));
  }
  ScheduleAll();
}

// Limits. Tallies are made again where slots mean something else; profiles that break a limit, or that one may have kept apart
// from others, are run again.
void Core::PutLimits(const PolicyDelta& delta) {
  if (delta.limits.empty() && !delta.max_nodes) return;
  mention_times_.Clear();
  const std::vector<bool> kinds = KindsOf(delta.limits);
  absl::flat_hash_set<Node> seen;
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    const NodeCell cell = graph_.node(n);
    if (kinds[cell.kind] && cell.live > 0 && !cell.life() &&
        graph_.limits().kinds[cell.kind].windowed)
      FindFirst(n);
    if (!kinds[cell.kind] && (!delta.max_nodes || cell.parent != n)) continue;
    const Node root = graph_.ProfileOf(n);
    if (graph_.node(root).profile == kNone || !seen.insert(root).second) continue;
    graph_.Retally(root);
  }
  for (const Node root : seen) {
    if (graph_.Border(root) > 0 || !Allowed(root)) deferred_.Add(root, tracker_);
  }
}

// The first sighting of a node, which is kept only where a window asks for it.
void Core::FindFirst(Node node) {
  const auto void_until = VoidUntil(node);
  std::optional<std::int64_t> first;
  ForEachLiveRecord(node, [&](const Record& record, const std::vector<Named>&) {
    const Span span = SpanOf(record);
    if (record.act != Act::kRename && void_until && IsUpTo(span, *void_until)) return;
    if (!first || span.first_ms < *first) first = span.first_ms;
  });
  if (first && *first != graph_.FirstMs(node)) index_->nodes.Write(node).first_ms = *first;
}

// Whether a profile keeps to the limits, by its tally.
bool Core::Allowed(Node root) const {
  const identity::Limits& limits = graph_.limits();
  const identity::Tally tally = graph_.TallyOf(root);
  if (limits.max_nodes != 0 && tally.size > limits.max_nodes) return false;
  return std::all_of(tally.used.begin(), tally.used.end(), [&](const auto& used) {
    const identity::Slot& slot = limits.slots[used.first];
    if (used.second <= slot.max) return true;
    if (slot.window_ms == 0) return false;
    std::vector<std::int64_t> times;
    graph_.ForEachMember(root, [&](Node n) {
      for (const std::uint32_t s : limits.kinds[graph_.KindOf(n)].slots) {
        if (s == used.first) times.push_back(graph_.FirstMs(n));
      }
    });
    return identity::FitsWindow(times, slot.max, slot.window_ms);
  });
}

// Ranks: profiles with refused links are run again; where priorities differ, ids are chosen anew.
void Core::PutRanks(const PolicyDelta& delta) {
  if (!delta.ranking && delta.priorities.empty()) return;
  const std::vector<bool> kinds = KindsOf(delta.priorities);
  absl::flat_hash_set<Node> seen;
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    if (!kinds[graph_.KindOf(n)] && (!delta.ranking || graph_.node(n).parent != n)) continue;
    const Node root = graph_.ProfileOf(n);
    if (graph_.node(root).profile == kNone || !seen.insert(root).second) continue;
    if (graph_.Border(root) > 0) deferred_.Add(root, tracker_);
    if (delta.priorities.empty()) continue;
    tracker_.Whole(root);
    graph_.RefreshId(root);
  }
}

Core::Effect Core::TakeHistory(const Core& other, const Progress& progress) {
  Effect effect;
  clock_ms_ = other.clock_ms_;
  horizons_ = other.horizons_;
  const auto& records = other.index_->records;
  tracker_.SetCause(Cause::kDefinition, 0);
  deferred_.Begin(true);
  Rejudging work;
  work.progress = &progress;
  work.total = records.size();
  std::uint64_t taken_records = 0;
  for (std::uint32_t r = 0; r < records.size() && status_.ok(); ++r) {
    work.Step();
    const RecordCell cell = records.Latest(r);
    if (cell.gone()) {
      index_->records.Append(cell);
      continue;
    }
    const auto record = log_->ReadRecord(cell.location);
    if (!record.ok()) {
      status_ = record.status();
      break;
    }
    Judge(*record, &judged_);
    Taken taken;
    TakeOne({&*record, false, cell.location}, judged_, &taken);
    index_->records.Write(r).sequence = cell.sequence;
    ++taken_records;
  }
  effect.judged_records = effect.changed_records = taken_records;
  effect.replayed_profiles = ReplayDeferred();
  return effect;
}

}  // namespace polyonym::engine
