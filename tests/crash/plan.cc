#include "crash/plan.h"

#include <utility>

#include "harness/engine_state.h"
#include "harness/histories.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kFactsBytes =
    4200;  // fills a frame of the log, so that many calls are several, which must come and go together

Step Apply(std::span<const Record> records) {
  Step step;
  step.records.assign(records.begin(), records.end());
  return step;
}

Step SetPolicy(Policy policy) {
  Step step;
  step.kind = Step::Kind::kSetPolicy;
  step.policy = std::move(policy);
  return step;
}

Step Plain(Step::Kind kind) {
  Step step;
  step.kind = kind;
  return step;
}

}  // namespace

std::size_t LaneOf(const Plan& plan, const std::string& source) {
  return source.empty() ? 0 : static_cast<std::size_t>(source.back() - '0') % plan.lanes.size();
}

Plan MakePlan(std::uint64_t seed, std::size_t lanes) {
  History history = RandomHistory(seed);
  Random random(seed ^ 0xc4a54);
  Plan plan;
  plan.seed = seed;
  plan.lanes.resize(lanes);
  std::vector<std::vector<Record>> records(lanes);
  for (Record& record : history.records) {
    // By the id, so that what is sent again is the same again.
    if (!record.id.empty() && (record.id.back() == '3' || record.id.back() == '7'))
      record.facts.assign(kFactsBytes, 'f');
    records[LaneOf(plan, record.source)].push_back(std::move(record));
  }
  plan.lanes[0].push_back(SetPolicy(history.policy));
  for (std::size_t i = 0; i < lanes; ++i) {
    for (const std::span<const Record> batch : RandomBatches(records[i], random)) {
      plan.lanes[i].push_back(Apply(batch));
      if (random.Chance(15)) plan.lanes[i].push_back(Plain(Step::Kind::kCheckpoint));
      if (random.Chance(15)) plan.lanes[i].push_back(Plain(Step::Kind::kSync));
      if (lanes == 1 && random.Chance(6)) plan.lanes[i].push_back(SetPolicy(RandomPolicy(random)));
    }
  }
  return plan;
}

absl::Status Run(const Step& step, Engine* engine) {
  switch (step.kind) {
    case Step::Kind::kApply:
      return engine->Apply(step.records).status();
    case Step::Kind::kSetPolicy:
      return engine->SetPolicy(step.policy).status();
    case Step::Kind::kCheckpoint:
      return engine->Checkpoint();
    case Step::Kind::kSync:
      return engine->Sync();
  }
  return absl::OkStatus();
}

EngineOptions CrashOptions(std::uint64_t seed, Durability durability) {
  EngineOptions options = LawOptions(seed);
  options.durability = durability;
  options.group_ms = 1;
  if (seed % 3 == 0) options.checkpoint_log_bytes = 2048;
  options.rocks.write_buffer_bytes = std::size_t{64} << 10;
  return options;
}

}  // namespace polyonym::harness
