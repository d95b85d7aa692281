#include "crash/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kFactsBytes =
    4200;  // fills a frame of the log, so that many calls are several, which must come and go together
constexpr const char* kSecondGraph = "household";
// A file that RocksDB cannot take away is waited for; no test has that long.
constexpr std::uint64_t kFinishWithinMs = 300;

std::size_t LaneOf(const std::string& source, std::size_t lanes) {
  return source.empty() ? 0 : static_cast<std::size_t>(source.back() - '0') % lanes;
}

// Which may be folded, and has what a horizon needs.
bool MayFold(const Record& record) {
  return (record.act == Act::kObserve || record.act == Act::kBind) && !record.source.empty() &&
         record.time_ms.value_or(-1) >= 0;
}

// What an earlier record said, once more: two that fold to one.
Record Again(const std::vector<Record>& sent, Random& random) {
  Record again = random.Pick(sent);
  if (again.act != Act::kObserve || !MayFold(again)) return again;
  again.id = "again" + std::to_string(sent.size());
  again.version.reset();
  again.time_ms = *again.time_ms + random.Between(0, 20);
  return again;
}

// The calls of one lane, as they come.
class LaneWriter {
 public:
  // `alone`: there is no other lane, whose calls could come into an open commit. Whom it erases is drawn apart, so that all else of a plan is what it
  // would be without.
  LaneWriter(Random* random, bool alone, std::uint64_t seed)
      : random_(*random), erasing_(seed ^ 0xe4a5e), alone_(alone) {}

  void Apply(std::span<const Record> records) {
    Step& step = Add(Step::Kind::kApply);
    step.records.assign(records.begin(), records.end());
    step.bulk = alone_ && random_.Chance(20);
    for (const Record& record : records) {
      if (MayFold(record)) sent_.emplace_back(record.source, *record.time_ms);
      for (const RecordIdentifier& identifier : record.identifiers) {
        if (IsValidNamespace(identifier.ns) && !identifier.value.empty())
          named_.push_back({identifier.ns, identifier.value});
      }
    }
  }
  void SetPolicy(const std::string& graph, const Policy& policy) {
    const auto [in_force, fresh] = policies_.try_emplace(graph);
    if (!fresh && in_force->second == policy) return;
    in_force->second = policy;
    Step& step = Add(Step::Kind::kSetPolicy);
    step.graph = graph;
    step.policy = policy;
  }
  // What comes between records, now and then; policies and clocks where it is the `first` lane.
  void Vary(bool first) {
    if (random_.Chance(15)) Add(Step::Kind::kCheckpoint);
    if (random_.Chance(15)) Add(Step::Kind::kSync);
    if (random_.Chance(14)) MoveHorizon();
    if (alone_ && erasing_.Chance(12)) Erase();
    if (!first) return;
    if (random_.Chance(7)) SetPolicy("", AnotherPolicy(""));
    if (random_.Chance(9)) SetPolicy(kSecondGraph, AnotherPolicy(kSecondGraph));
    if (random_.Chance(9)) Advance();
  }
  Lane Take() { return std::move(lane_); }

 private:
  Step& Add(Step::Kind kind) {
    lane_.emplace_back().kind = kind;
    return lane_.back();
  }
  Policy AnotherPolicy(const std::string& graph) {
    const auto at = policies_.find(graph);
    return at == policies_.end() || random_.Chance(40) ? RandomPolicy(random_)
                                                       : RandomVariant(at->second, random_);
  }
  void Advance() {
    clock_ms_ =
        std::max(clock_ms_ + 1, sent_.empty() ? 0 : sent_.back().second) + random_.Between(0, 30);
    Add(Step::Kind::kAdvance).time_ms = clock_ms_;
  }
  void MoveHorizon() {
    if (sent_.empty()) return;
    const std::string source = random_.Pick(sent_).first;
    const std::int64_t before_ms = random_.Pick(sent_).second;
    std::int64_t& horizon = horizons_[source];
    if (before_ms <= horizon) return;
    horizon = before_ms;
    Step& step = Add(Step::Kind::kHorizon);
    step.source = source;
    step.time_ms = before_ms;
  }

  // People, or identifiers, that records named; some of them were shared, or erased before.
  void Erase() {
    if (named_.empty()) return;
    Step& step = Add(Step::Kind::kErase);
    do {
      step.erasures.push_back({erasing_.Pick(named_), erasing_.Chance(60)});
    } while (erasing_.Chance(25));
    step.suppress = erasing_.Chance(70);
    step.finish = erasing_.Chance(50);
  }

  Random& random_;
  Random erasing_;
  const bool alone_;
  Lane lane_;
  std::vector<std::pair<std::string, std::int64_t>> sent_;  // sources and times
  std::vector<Identifier> named_;
  std::map<std::string, Policy> policies_;
  std::map<std::string, std::int64_t> horizons_;
  std::int64_t clock_ms_ = 0;
};

// In two calls, and to the end.
absl::StatusOr<ApplyResult> BulkApply(std::span<const Record> records, Engine* engine) {
  auto first = engine->BulkApply(records.first(records.size() / 2));
  if (!first.ok()) return first;
  auto second = engine->BulkApply(records.subspan(records.size() / 2));
  if (!second.ok()) return second;
  first->sequence = second->sequence;
  first->records.insert(first->records.end(), second->records.begin(), second->records.end());
  if (absl::Status status = engine->Sync(); !status.ok()) return status;
  return first;
}

absl::StatusOr<std::uint64_t> Erase(const Step& step, Engine* engine) {
  EraseOptions options;
  options.even_shared = true;
  options.suppress = step.suppress;
  options.finish = step.finish;
  options.finish_within_ms = kFinishWithinMs;
  const std::uint64_t before = engine->Read().sequence();
  const auto receipt = engine->Erase(step.erasures, options);
  if (absl::IsInvalidArgument(receipt.status())) return 0;
  if (!receipt.ok()) return receipt.status();
  return receipt->sequence == before ? 0 : receipt->sequence;
}

template <class Result>
absl::StatusOr<std::uint64_t> SequenceOf(const absl::StatusOr<Result>& result) {
  if (!result.ok()) return result.status();
  return result->sequence;
}

}  // namespace

std::string NameOf(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kApply:
      return step.bulk ? "bulk apply" : "apply";
    case Step::Kind::kSetPolicy:
      return step.graph.empty() ? "policy" : "policy of a further graph";
    case Step::Kind::kAdvance:
      return "advance";
    case Step::Kind::kHorizon:
      return "horizon";
    case Step::Kind::kErase:
      return "erase";
    case Step::Kind::kCheckpoint:
      return "checkpoint";
    case Step::Kind::kSync:
      return "sync";
  }
  return "";
}

bool MayStand(const Step& step) {
  return step.kind == Step::Kind::kHorizon || step.kind == Step::Kind::kErase;
}

bool IsStable(const Step& step, std::uint64_t sequence) {
  return step.kind == Step::Kind::kSync || step.kind == Step::Kind::kCheckpoint ||
         step.kind == Step::Kind::kSetPolicy || step.bulk || (MayStand(step) && sequence != 0);
}

Plan MakePlan(std::uint64_t seed, std::size_t lanes, const HistoryShape& shape) {
  History history = RandomHistory(seed, shape);
  Random random(seed ^ 0xc4a54);
  Plan plan;
  plan.seed = seed;
  std::vector<std::vector<Record>> records(lanes);
  for (Record& record : history.records) {
    // By the id, so that what is sent again is the same again.
    if (!record.id.empty() && (record.id.back() == '3' || record.id.back() == '7'))
      record.facts.assign(kFactsBytes, 'f');
    std::vector<Record>& lane = records[LaneOf(record.source, lanes)];
    lane.push_back(std::move(record));
    if (random.Chance(12)) lane.push_back(Again(lane, random));
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    LaneWriter lane(&random, lanes == 1, seed);
    if (i == 0) lane.SetPolicy("", history.policy);
    for (const std::span<const Record> batch : RandomBatches(records[i], random)) {
      lane.Apply(batch);
      lane.Vary(i == 0);
    }
    plan.lanes.push_back(lane.Take());
  }
  return plan;
}

absl::StatusOr<std::uint64_t> Run(const Step& step, Engine* engine) {
  switch (step.kind) {
    case Step::Kind::kApply: {
      const auto result = step.bulk ? BulkApply(step.records, engine) : engine->Apply(step.records);
      if (!result.ok()) return result.status();
      const bool left = std::any_of(
          result->records.begin(), result->records.end(), [](const RecordResult& record) {
            return record.outcome == Outcome::kApplied || record.outcome == Outcome::kHeld;
          });
      return left ? result->sequence : 0;
    }
    case Step::Kind::kSetPolicy: {
      PolicyOptions options;
      options.graph = step.graph;
      return SequenceOf(engine->SetPolicy(step.policy, options));
    }
    case Step::Kind::kAdvance:
      return SequenceOf(engine->AdvanceTo(step.time_ms));
    case Step::Kind::kHorizon: {
      const auto result = engine->MoveHorizon(step.source, step.time_ms);
      if (absl::IsInvalidArgument(result.status())) return 0;
      return SequenceOf(result);
    }
    case Step::Kind::kErase:
      return Erase(step, engine);
    case Step::Kind::kCheckpoint:
    case Step::Kind::kSync: {
      const absl::Status status =
          step.kind == Step::Kind::kSync ? engine->Sync() : engine->Checkpoint();
      if (!status.ok()) return status;
      return 0;
    }
  }
  return 0;
}

EngineOptions PlanOptions(std::uint64_t seed) {
  EngineOptions options = LawOptions(seed);
  options.erase_key = "the key of the ledger";
  return options;
}

EngineOptions CrashOptions(std::uint64_t seed, Durability durability) {
  EngineOptions options = PlanOptions(seed);
  options.durability = durability;
  options.group_ms = 1;
  if (seed % 3 == 0) options.checkpoint_log_bytes = 2048;
  options.rocks.write_buffer_bytes = std::size_t{64} << 10;
  return options;
}

}  // namespace polyonym::harness
