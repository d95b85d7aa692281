// Forgetting people: which records go, and what is left of them. docs/erasure.md. What of feed and outbox goes with them: engine_erase_feed.cc.
//
// As with a horizon, the erasure is one commit in which nothing leaves the log: a frame says which records go, and what is left of them
// follows as new records. Then a checkpoint is written, which is a part of the truth from there on, and frames are written again without
// what went. Where a process dies in between, opening goes on from there.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "codec/facts_filter.h"
#include "engine/bytes.h"
#include "engine/engine_impl.h"
#include "engine/erase_plan.h"
#include "engine/forgotten.h"

namespace polyonym {

using engine::Forgetter;
using engine::ForgottenNames;
using engine::GoneRecord;
using engine::kNone;
using engine::Node;
using engine::RecordCell;

namespace {

constexpr std::string_view kRewrittenKey = "rewritten";
constexpr std::uint8_t kRewrittenVersion = 1;
constexpr std::uint32_t kProgressEvery = 65'536;

bool HasOwnId(const Record& record) { return record.id == ToString(HashContent(record)); }

// It was named by its content, which cannot be read any more.
bool HasLostId(const Record& record) {
  return record.id.starts_with(engine::kLostId) && engine::IsLossy(record);
}

void NoteSaid(const Record& record, const Forgetter::Result& result,
              std::map<std::pair<std::string, std::string>, bool>* said) {
  for (const RecordIdentifier& identifier : record.identifiers)
    said->emplace(std::pair(identifier.ns, identifier.value), false);
  for (const std::uint32_t i : result.identifiers)
    (*said)[{record.identifiers[i].ns, record.identifiers[i].value}] = true;
  for (const auto& relation : result.relations) (*said)[relation] = true;
}

// f(slot) for what a record names: with `names` its identifiers too, and whom its relations are to.
template <class F>
void ForEachSlot(const Record& record, bool names, const privacy::Keyring& ring, const F& f) {
  for (std::size_t i = 0; i < record.identifiers.size() && names; ++i)
    f(ring.Find(record.identifiers[i].ns, record.identifiers[i].value));
  if (!codec::HasRelations(record.facts)) return;
  for (const codec::RelationSpan& relation : codec::RelationsIn(record.facts))
    f(ring.Find(relation.ns, relation.value));
}

}  // namespace

// Which identifiers a person has. Of a value with lives only those of the person.
absl::Status Engine::Impl::AddPerson(const engine::Lens& lens, const EraseRequest& request,
                                     const EraseOptions& options, ForgottenNames* names) const {
  const engine::Core& core = *lens.core;
  const engine::Graph& graph = core.graph();
  const CompiledPolicy& policy = core.rules()->policy();
  const Identifier& identifier = request.identifier;
  if (!IsValidNamespace(identifier.ns) || identifier.value.empty())
    return absl::InvalidArgumentError("identifier: must have a namespace and a value");
  const std::uint32_t family = policy.FindFamily(identifier.ns);
  const std::string value = family == CompiledPolicy::kUndeclared
                                ? std::string()
                                : policy.Judge(family, identifier.value).value;
  // Also what no policy counts may be held, in records and in the ledger.
  if (value.empty()) {
    names->Add(identifier.ns, identifier.value);
    return absl::OkStatus();
  }
  const Node name = core.FindName(identifier.ns, value);
  if (name == kNone) {
    names->Add(identifier.ns, value);
    return absl::OkStatus();
  }
  const Node node = graph.Canonical(name);
  if (graph.node(node).shared() && !options.even_shared) {
    return absl::FailedPreconditionError(
        "identifier: is shared by several people, and erasing it takes it from all of them; erase "
        "the "
        "person by another one, or say even_shared");
  }
  const auto add = [&](Node n) {
    const std::string& ns = core.rules()->kinds()[graph.KindOf(n)];
    if (!graph.node(n).life()) return names->Add(ns, graph.ValueOf(n));
    const Node of = core.FindName(ns, graph.ValueOf(n));
    std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
    std::size_t lives = 0;
    for (Node life = graph.Canonical(of); life != kNone && graph.node(life).life(); ++lives) {
      if (graph.FirstMs(life) > graph.FirstMs(n)) to_ms = std::min(to_ms, graph.FirstMs(life));
      const std::uint32_t rename = graph.node(life).rename;
      life = rename == kNone ? kNone : graph.access().rename(rename).earlier;
    }
    // A value that was one person's alone is theirs whenever it comes again.
    if (lives < 2) return names->Add(ns, graph.ValueOf(n));
    names->AddLife(ns, graph.ValueOf(n), graph.FirstMs(n), to_ms);
  };
  if (!request.whole_person || graph.node(node).shared()) {
    graph.ForEachName(node, add);
    return absl::OkStatus();
  }
  graph.ForEachMember(graph.ProfileOf(node), [&](Node member) { graph.ForEachName(member, add); });
  return absl::OkStatus();
}

std::vector<Forgetter::Sight> Engine::Impl::Sights(bool with_known) const {
  std::vector<Forgetter::Sight> sights;
  for (const auto& lens : lenses_) {
    const engine::Core* core = lens->core.get();
    Forgetter::Sight& sight = sights.emplace_back();
    sight.policy = core->rules()->shared_policy();
    sight.shared = [core](std::string_view ns, std::string_view value) {
      const Node n = core->FindName(ns, value);
      return n != kNone && core->graph().node(core->graph().Canonical(n)).shared();
    };
    if (!with_known) continue;
    sight.known = [core](std::string_view ns, std::string_view value) {
      return core->FindName(ns, value) != kNone;
    };
  }
  return sights;
}

// Notes what becomes of a record; versions of it that do not stand go with it.
void Engine::Impl::PlanRecord(std::uint32_t index, const Record& record, Forgetter::Result result,
                              ErasePlan* plan) const {
  EraseReceipt& counts = plan->counts;
  counts.removed_facts += result.facts;
  if (keys_ != nullptr) NoteSaid(record, result, &plan->said);
  if (result.record) {
    const bool own_id =
        HasLostId(record) || (HasOwnId(record) && result.left == GoneRecord::Left::kRecord);
    if (own_id) {
      result.record->id = ToString(HashContent(*result.record));
      // It may say now what another says already.
      Record standing;
      const auto says_it = [&](const Record& other) {
        return other.source == record.source && other.id == result.record->id;
      };
      const bool same =
          first().core->FindStanding(record.source, result.record->id, &standing) != kNone ||
          std::any_of(plan->left.begin(), plan->left.end(), says_it) ||
          (HasLostId(record) &&
           std::any_of(plan->fewer_facts.begin(), plan->fewer_facts.end(), says_it));
      if (same) result.record.reset();
    }
    if (result.record && result.left == GoneRecord::Left::kRecord)
      plan->left_own_id.push_back(own_id);
  }
  if (!result.record) result.left = GoneRecord::Left::kNothing;
  ++(result.record ? counts.rewritten_records : counts.removed_records);
  plan->gone.push_back({index, result.left});
  if (!result.record) return;
  (result.left == GoneRecord::Left::kFewerFacts ? plan->fewer_facts : plan->left)
      .push_back(*std::move(result.record));
}

// Looks at every record that is kept.
absl::Status Engine::Impl::PlanErase(
    const LookAtRecord& look, const std::function<void(std::uint64_t, std::uint64_t)>& progress,
    ErasePlan* plan) {
  const engine::Index& index = first().index;
  const std::uint64_t total = index.records.size();
  std::set<std::pair<std::string, std::string>> replaced;  // source and id of what goes
  absl::flat_hash_set<std::uint64_t> keys;                 // of these
  std::set<std::pair<std::string, std::string>> own_ids;   // that say something of the content
  std::vector<std::uint32_t>
      later;  // tombstones, and what does not stand: they name nobody who goes
  for (std::uint32_t r = 0; r < total; ++r) {
    if (r % kProgressEvery == 0) {
      if (progress) progress(r, total);
      if (interrupted()) return absl::CancelledError("interrupted; nothing was changed");
    }
    const RecordCell cell = index.records.Latest(r);
    if (cell.gone()) continue;
    if (cell.act() == Act::kRetract) {
      later.push_back(r);
      continue;
    }
    auto record = log_.ReadRecord(cell.location);
    if (!record.ok()) return record.status();
    Forgetter::Result result = look(cell, *record);
    if (!result.touched) {
      if (!cell.has(RecordCell::kStands)) later.push_back(r);
      continue;
    }
    if (HasOwnId(*record)) own_ids.emplace(record->source, record->id);
    if (cell.has(RecordCell::kStands)) {
      replaced.emplace(record->source, record->id);
      keys.insert(cell.key);
    } else {
      result.record.reset();
    }
    PlanRecord(r, *record, std::move(result), plan);
  }
  // Versions first: a tombstone that keeps one from standing must stay.
  std::stable_partition(later.begin(), later.end(), [&](std::uint32_t r) {
    return index.records.Latest(r).act() != Act::kRetract;
  });
  for (const std::uint32_t r : later) {
    const RecordCell cell = index.records.Latest(r);
    const bool tombstone = cell.act() == Act::kRetract;
    const bool may_be_older = !cell.has(RecordCell::kStands) && keys.contains(cell.key);
    if (!may_be_older && own_ids.empty()) continue;
    auto record = log_.ReadRecord(cell.location);
    if (!record.ok()) return record.status();
    const std::pair<std::string, std::string> key(record->source, record->id);
    const bool older = may_be_older && replaced.contains(key);
    if (!older && !tombstone) own_ids.erase(key);
    if (!older && !(tombstone && own_ids.contains(key))) continue;
    Forgetter::Result goes;
    goes.facts = codec::CountFacts(record->facts);
    PlanRecord(r, *record, std::move(goes), plan);
  }
  std::sort(plan->gone.begin(), plan->gone.end(),
            [](const GoneRecord& a, const GoneRecord& b) { return a.index < b.index; });
  if (progress) progress(total, total);
  return absl::OkStatus();
}

// Does in every graph what a frame of the log says; `coming` are the records behind it, those of fewer facts first.
engine::Core::Erased Engine::Impl::PerformErase(
    const std::vector<GoneRecord>& gone, const std::vector<std::vector<std::uint32_t>>& names,
    const std::vector<std::pair<const Record*, std::uint64_t>>& coming,
    std::vector<std::vector<Node>>* wiped) {
  engine::Core::Erased erased;
  const bool any_lost = std::any_of(lenses_.begin(), lenses_.end(), [](const auto& lens) {
    return !lens->index.lost_values.empty();
  });
  if (gone.empty() && !any_lost) return erased;
  std::vector<std::uint32_t> out, replaced;
  for (const GoneRecord& record : gone) {
    (record.left == GoneRecord::Left::kFewerFacts ? replaced : out).push_back(record.index);
    if (record.index >= first().index.records.size()) {
      first().core->Fail(
          absl::DataLossError("a logged erasure does not fit the records; restore a backup"));
      return erased;
    }
    frames_to_clean_.insert(first().index.records.Latest(record.index).location >> 16);
  }
  if (coming.size() < replaced.size()) {
    first().core->Fail(absl::DataLossError("a logged erasure is not whole; restore a backup"));
    return erased;
  }
  std::vector<engine::Core::Incoming> left;
  for (std::size_t i = replaced.size(); i < coming.size(); ++i)
    left.push_back({coming[i].first, false, coming[i].second});
  for (const auto& lens : lenses_) {
    engine::Core& core = *lens->core;
    core.BeginErase(Cause::kErase);
    core.DropLost();
    core.EraseOut(out);
    for (std::size_t i = 0; i < replaced.size() && core.status().ok(); ++i)
      core.ReplaceFacts(replaced[i], *coming[i].first, coming[i].second);
    if (!left.empty() && core.status().ok())
      core.Take(left, {}, [](std::size_t, const engine::Core::Taken&) {});
    const engine::Core::Erased here =
        core.EndErase(lens->number < names.size() ? std::span<const Node>(names[lens->number])
                                                  : std::span<const Node>());
    if (wiped != nullptr) wiped->push_back(here.wiped);
    if (lens->number == 0) erased = here;
  }
  return erased;
}

// Logs a plan and carries it out.
void Engine::Impl::CommitErase(ErasePlan* plan) {
  log_.AppendErase(last_sequence_ + 1, plan->gone, plan->names);
  std::vector<std::pair<const Record*, std::uint64_t>> coming;
  const std::uint64_t first_number = first().index.records.size() + 1;
  const auto append = [&](const Record& record, bool own_id) {
    coming.emplace_back(
        &record, log_.Append(last_sequence_ + 1, first_number + coming.size(), record, own_id));
  };
  for (const Record& record : plan->fewer_facts) append(record, false);
  for (std::size_t i = 0; i < plan->left.size(); ++i) append(plan->left[i], plan->left_own_id[i]);
  const engine::Core::Erased erased = PerformErase(plan->gone, plan->names, coming, &plan->wiped);
  plan->counts.erased_identifiers = erased.identifiers;
  plan->counts.removed_links = erased.links;
}

// One commit: names are looked for, what they are in goes, and they go into the ledger.
absl::Status Engine::Impl::RunErase(ForgottenNames* names, const EraseOptions& options, Job* job,
                                    EraseReceipt* receipt) {
  if (absl::Status status = ledger_.Begin(&job->writes); !status.ok()) return status;
  const WriteSet taken_over = job->writes;
  ErasePlan plan;
  // Where records lie that are left alone, and slots that they name beside the graphs.
  std::vector<std::pair<std::uint64_t, privacy::KeySlot>> said_at;
  for (std::size_t before = names->size() + 1; before != names->size();) {
    before = names->size();
    plan = {};
    said_at.clear();
    Forgetter forgetter(Forgetter::Of::kStored, Sights(names->asks_ledger()), names);
    const auto look = [&](const RecordCell& cell, const Record& record) {
      Forgetter::Result result = forgetter.Look(record);
      if (result.touched) NoteShared(record, result, &plan);
      if (keys_ != nullptr && !result.touched) {
        const bool graphs_name_it = !cell.has(RecordCell::kHeld) && lenses_.size() == 1;
        ForEachSlot(record, !graphs_name_it, keys_->ring(),
                    [&](privacy::KeySlot slot) { said_at.emplace_back(cell.location, slot); });
      }
      return result;
    };
    if (absl::Status status = PlanErase(look, options.progress, &plan); !status.ok()) return status;
  }
  if (keys_ != nullptr) {
    absl::flat_hash_set<std::uint64_t> gone;
    for (const GoneRecord& record : plan.gone)
      gone.insert(first().index.records.Latest(record.index).location);
    for (const auto& [location, slot] : said_at) {
      if (!gone.contains(location)) plan.kept.insert(slot);
    }
    for (const std::vector<Record>* left : {&plan.fewer_facts, &plan.left}) {
      for (const Record& record : *left) {
        ForEachSlot(record, true, keys_->ring(),
                    [&](privacy::KeySlot slot) { plan.kept.insert(slot); });
      }
    }
  }
  EraseReceipt& counts = plan.counts;
  counts.kept_shared_identifiers = plan.shared.size();
  const std::uint64_t sequence = last_sequence_ + 1;
  if (options.suppress) {
    names->ForEach([&](std::string_view ns, std::string_view value) {
      counts.erasures.push_back({ledger_.HashOf(ns, value), sequence});
    });
    std::sort(counts.erasures.begin(), counts.erasures.end(),
              [](const Erasure& a, const Erasure& b) { return a.hash < b.hash; });
  }
  const ByGraph nodes = NodesOf(*names);
  ByGraph had;
  if (absl::Status status = EraseFromFeed(nodes, &job->writes, &counts, &had); !status.ok())
    return status;
  const bool known = std::all_of(counts.erasures.begin(), counts.erasures.end(),
                                 [&](const Erasure& e) { return ledger_.Has(e.hash); });
  if (options.dry_run || (plan.gone.empty() && known)) {
    names->ForEach([&](std::string_view ns, std::string_view value) {
      counts.erased_identifiers += first().core->FindName(ns, value) != kNone ? 1 : 0;
    });
    job->writes.clear();
    // A ledger that was taken over keeps out who comes late, whether anybody of it was here or not.
    if (!options.dry_run && !job->in_ledger.empty()) {
      if (absl::Status status = store_->Commit(taken_over, true); !status.ok()) {
        Latch(status);
        return status;
      }
      ledger_.NoteBegun();
    }
  } else {
    const std::vector<engine::Ledger::Hash> fresh = ledger_.Put(counts.erasures, &job->writes);
    job->in_ledger.insert(job->in_ledger.end(), fresh.begin(), fresh.end());
    for (const std::set<std::uint64_t>& of_graph : nodes)
      plan.names.emplace_back(of_graph.begin(), of_graph.end());
    CommitErase(&plan);
    if (keys_ != nullptr) DoomKeys(*names, plan, had, &job->writes);
  }
  counts.time_ms = std::max(first().core->clock_ms(), first().core->newest_ms());
  *receipt = std::move(counts);
  return CoreStatus();
}

// Shared identifiers that the people were seen with.
void Engine::Impl::NoteShared(const Record& record, const Forgetter::Result& result,
                              ErasePlan* plan) const {
  const engine::Core& core = *first().core;
  for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
    if (std::binary_search(result.identifiers.begin(), result.identifiers.end(),
                           static_cast<std::uint32_t>(i)))
      continue;
    const RecordIdentifier& identifier = record.identifiers[i];
    const CompiledPolicy& policy = core.rules()->policy();
    const std::uint32_t family = policy.FindFamily(identifier.ns);
    if (family == CompiledPolicy::kUndeclared || identifier.role != Role::kSelf) continue;
    std::string value = policy.Judge(family, identifier.value).value;
    const Node n = core.FindName(identifier.ns, value);
    if (n != kNone && core.graph().node(core.graph().Canonical(n)).shared())
      plan->shared.emplace(identifier.ns, std::move(value));
  }
}

absl::StatusOr<EraseReceipt> Engine::Impl::EraseNames(
    const std::function<absl::Status(ForgottenNames*, Job*)>& gather, const EraseOptions& options) {
  const auto lens = FindGraph(options.graph);
  if (!lens.ok()) return lens.status();
  EraseReceipt receipt;
  const std::optional<std::uint64_t> until_ns = DeadlineOf(options);
  const std::uint64_t frames_before = cleaned_frames_;
  Job job;
  job.alone = true;
  job.graph = (*lens)->number;
  job.run = [&] {
    ForgottenNames names;
    if (absl::Status status = gather(&names, &job); !status.ok()) return status;
    return RunErase(&names, options, &job, &receipt);
  };
  const std::uint64_t sequence_before = publisher().newest()->sequence;
  std::unique_lock copy_lock(copy_mutex_, std::defer_lock);
  if (keys_ != nullptr) copy_lock.lock();
  {
    // A checkpoint of before that is being written knows who goes by keys that are not to be given out again.
    std::unique_lock checkpoint_lock(checkpoint_mutex_, std::defer_lock);
    if (keys_ != nullptr) checkpoint_lock.lock();
    if (absl::Status status = Submit(&job); !status.ok()) {
      ledger_.Drop(job.in_ledger);  // nobody was erased
      return status;
    }
  }
  receipt.sequence = job.sequence;
  if (!options.dry_run && job.sequence != sequence_before) {
    ledger_.NoteBegun();
    recorder_.folded_records.Add(receipt.removed_records + receipt.rewritten_records);
    if (absl::Status status = CleanLog(); !status.ok()) return status;
    if (absl::Status status = DestroyDoomed(); !status.ok()) return status;
  }
  if (copy_lock.owns_lock()) copy_lock.unlock();
  if (!options.dry_run && options.finish) {
    auto finished = FinishWithin(until_ns);
    if (!finished.ok()) return finished.status();
    receipt.finished = *finished;
  }
  receipt.rewritten_frames = cleaned_frames_ - frames_before;
  receipt.seal = SealOf(receipt, ledger_.key());
  return receipt;
}

absl::StatusOr<EraseReceipt> Engine::Impl::Erase(std::span<const EraseRequest> requests,
                                                 const EraseOptions& options) {
  if (requests.empty()) return absl::InvalidArgumentError("requests: say whom to erase");
  return EraseNames(
      [&](ForgottenNames* names, Job*) {
        const auto lens = FindGraph(options.graph);
        if (!lens.ok()) return lens.status();
        for (const EraseRequest& request : requests) {
          if (absl::Status status = AddPerson(**lens, request, options, names); !status.ok())
            return status;
        }
        return absl::OkStatus();
      },
      options);
}

absl::StatusOr<EraseReceipt> Engine::Impl::ReplayErasures(std::span<const Erasure> ledger,
                                                          const EraseOptions& options) {
  if (!ledger_.has_hosts_key()) {
    return absl::FailedPreconditionError(
        "erase_key: the store's ledger has a key of its own, so that hashes of another store say "
        "nothing here; open it with the host's key");
  }
  return EraseNames(
      [&](ForgottenNames* names, Job* job) {
        if (absl::Status status = ledger_.Begin(&job->writes); !status.ok()) return status;
        if (!options.dry_run)
          job->in_ledger = ledger_.Put({ledger.begin(), ledger.end()}, &job->writes);
        std::set<engine::Ledger::Hash> wanted;
        for (const Erasure& erasure : ledger) wanted.insert(erasure.hash);
        for (const auto& lens : lenses_) {
          const engine::Graph& graph = lens->core->graph();
          for (Node n = 0; n < lens->index.nodes.size(); ++n) {
            if (graph.node(n).erased() || graph.node(n).life()) continue;
            const std::string& ns = lens->core->rules()->kinds()[graph.KindOf(n)];
            const std::string_view value = graph.ValueOf(n);
            if (wanted.contains(ledger_.HashOf(ns, value))) names->Add(ns, value);
          }
        }
        if (!options.dry_run) names->AddAll(&ledger_);  // what is held has no node
        return absl::OkStatus();
      },
      options);
}

absl::Status Engine::Impl::LiftErasure(const Identifier& identifier) {
  Job job;
  job.alone = true;
  job.run = [&] {
    if (ledger_.empty()) return absl::NotFoundError("identifier: nobody was erased");
    WriteSet writes;
    std::vector<Erasure> lifted;
    const auto lift = [&](const std::string& value) {
      if (const auto one = ledger_.Lift(ledger_.HashOf(identifier.ns, value), &writes))
        lifted.push_back(*one);
    };
    lift(identifier.value);
    for (const auto& lens : lenses_) {
      const CompiledPolicy& policy = lens->core->rules()->policy();
      const std::uint32_t family = policy.FindFamily(identifier.ns);
      if (family == CompiledPolicy::kUndeclared) continue;
      const std::string value = policy.Judge(family, identifier.value).value;
      lift(value);
    }
    if (lifted.empty()) return absl::NotFoundError("identifier: is not in the ledger of erasures");
    absl::Status status = store_->Commit(writes, true);
    WriteSet none;
    if (!status.ok()) ledger_.Put(lifted, &none);  // it stays
    return status;
  };
  return Submit(&job);
}

std::optional<std::uint64_t> Engine::Impl::DeadlineOf(const EraseOptions& options) const {
  if (options.finish_within_ms == 0) return std::nullopt;
  constexpr std::uint64_t kNsInMs = 1'000'000;
  const std::uint64_t now_ns = recorder_.now_ns();
  const std::uint64_t most_ms = (std::numeric_limits<std::uint64_t>::max() - now_ns) / kNsInMs;
  return now_ns + std::min(options.finish_within_ms, most_ms) * kNsInMs;
}

absl::StatusOr<bool> Engine::Impl::FinishWithin(std::optional<std::uint64_t> until_ns) {
  std::function<bool()> go_on;
  if (until_ns) go_on = [&] { return recorder_.now_ns() < *until_ns; };
  absl::Status status = FinishErasing(go_on);
  if (absl::IsCancelled(status)) return false;
  if (!status.ok()) return status;
  return true;
}

absl::Status Engine::Impl::FinishErasing(const std::function<bool()>& go_on) {
  if (absl::Status status = ReadOnly(); !status.ok()) return status;
  const std::uint64_t erased_at = publisher().newest()->horizons->sequence();
  if (rewritten_at_ >= erased_at) return absl::OkStatus();
  if (absl::Status status = CleanLog(); !status.ok()) return status;
  if (absl::Status status = DestroyDoomed(); !status.ok()) return status;
  if (absl::Status status = store_->Rewrite(go_on); !status.ok()) return status;
  std::string payload;
  engine::PutVarint(&payload, erased_at);
  WriteSet writes;
  writes.puts.push_back({Table::kMeta, std::string(kRewrittenKey),
                         engine::SealValue(kRewrittenVersion, kRewrittenKey, payload)});
  if (absl::Status status = store_->Commit(writes, false); !status.ok()) return status;
  rewritten_at_ = erased_at;
  return absl::OkStatus();
}

absl::Status Engine::Impl::LoadErasing() {
  if (absl::Status status = ledger_.Open(*store_, options_.erase_key); !status.ok()) return status;
  auto row = store_->Get(Table::kMeta, kRewrittenKey);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return absl::OkStatus();
  auto payload = engine::OpenValue(kRewrittenVersion, kRewrittenKey, **row);
  if (!payload.ok()) return payload.status();
  engine::ByteReader in(*payload);
  rewritten_at_ = in.Varint();
  if (in.AtEnd()) return absl::OkStatus();
  return absl::DataLossError("the row of rewritten files does not decode; restore a backup");
}

// ---- opening ----

absl::Status Engine::Impl::ReplayErase(const engine::Frame& frame) {
  if (replayed_erase_)
    return absl::DataLossError("a logged erasure does not fit the records; restore a backup");
  replayed_erase_.emplace();
  replayed_erase_->gone = frame.gone;
  replayed_erase_->names = frame.names;
  return absl::OkStatus();
}

absl::Status Engine::Impl::EndReplayedErase() {
  std::vector<std::pair<const Record*, std::uint64_t>> coming;
  for (const auto& [record, location] : replayed_erase_->coming)
    coming.emplace_back(&record, location);
  PerformErase(replayed_erase_->gone, replayed_erase_->names, coming);
  replayed_erase_.reset();
  return CoreStatus();
}

// ---- the public face ----

absl::StatusOr<EraseReceipt> Engine::Erase(std::span<const EraseRequest> requests,
                                           const EraseOptions& options) {
  auto receipt = impl_->Erase(requests, options);
  if (receipt.ok() && !options.dry_run)
    impl_->Audit("erase", receipt->erased_identifiers, receipt->sequence);
  return receipt;
}
absl::Status Engine::FinishErasing() { return impl_->FinishErasing(); }
absl::StatusOr<std::vector<Erasure>> Engine::Erasures() const { return impl_->Erasures(); }
absl::StatusOr<EraseReceipt> Engine::ReplayErasures(std::span<const Erasure> ledger,
                                                    const EraseOptions& options) {
  auto receipt = impl_->ReplayErasures(ledger, options);
  if (receipt.ok() && !options.dry_run)
    impl_->Audit("replay_erasures", receipt->erased_identifiers, receipt->sequence);
  return receipt;
}
absl::Status Engine::LiftErasure(const Identifier& identifier) {
  absl::Status status = impl_->LiftErasure(identifier);
  if (status.ok()) impl_->Audit("lift_erasure", 1, impl_->publisher().newest()->sequence);
  return status;
}

}  // namespace polyonym
