// What is asked of histories once they are made: what is so after some steps, how they are fed, cut down and told.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "harness/histories.h"

namespace polyonym::harness {
namespace {

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

std::size_t MostInBatch(std::size_t all, Random& random) {
  return random.Chance(15) ? all + 1 : random.Chance(30) ? 1 : 8;
}

}  // namespace

Policy PolicyAt(const History& history, std::size_t steps_done) {
  Policy policy = history.policy;
  for (std::size_t i = 0; i < steps_done; ++i) {
    if (history.steps[i].kind == HistoryStep::Kind::kPolicy) policy = history.steps[i].policy;
  }
  return policy;
}

std::int64_t ClockAt(const History& history, std::size_t steps_done) {
  std::int64_t clock = 0;
  for (std::size_t i = 0; i < steps_done; ++i) {
    if (history.steps[i].kind == HistoryStep::Kind::kAdvance) clock = history.steps[i].clock_ms;
  }
  return clock;
}

std::span<const Record> RecordsAt(const History& history, std::size_t steps_done) {
  std::size_t records = 0;
  for (std::size_t i = 0; i < steps_done; ++i)
    records += history.steps[i].kind == HistoryStep::Kind::kRecord ? 1 : 0;
  return std::span(history.records).first(records);
}

bool HasUpsert(const History& history) {
  std::map<std::pair<std::string, std::string>, const Record*> first;
  for (const Record& record : history.records) {
    if (record.act == Act::kRetract || record.id.empty() || !record.time_ms) continue;
    const auto [at, fresh] = first.try_emplace({record.source, record.id}, &record);
    if (fresh) continue;
    const Record& old = *at->second;
    if (record.version.value_or(*record.time_ms) > old.version.value_or(*old.time_ms) &&
        record.identifiers != old.identifiers) {
      return true;
    }
  }
  return false;
}

bool HasLateRecord(const History& history) {
  std::int64_t latest = 0;
  for (const Record& record : history.records) {
    if (record.act != Act::kObserve || !record.time_ms) continue;
    if (*record.time_ms < latest) return true;
    latest = *record.time_ms;
  }
  return false;
}

bool HasStep(const History& history, HistoryStep::Kind kind) {
  return std::any_of(history.steps.begin(), history.steps.end(),
                     [&](const HistoryStep& step) { return step.kind == kind; });
}

void ForEachSeed(std::uint64_t first, std::size_t count,
                 const std::function<void(std::uint64_t seed)>& run) {
  if (const auto seed = FromEnvironment("POLYONYM_SEED")) return run(*seed);
  const std::size_t scaled = count * FromEnvironment("POLYONYM_HISTORIES").value_or(100) / 100;
  for (std::size_t i = 0; i < scaled; ++i) run(first + i);
}

bool OneSeedOnly() { return FromEnvironment("POLYONYM_SEED").has_value(); }

std::vector<std::span<const Record>> RandomBatches(const std::vector<Record>& records,
                                                   Random& random) {
  std::vector<std::span<const Record>> out;
  const std::size_t most = MostInBatch(records.size(), random);
  for (std::size_t at = 0; at < records.size();) {
    const std::size_t n = std::min<std::size_t>(1 + random.Below(most), records.size() - at);
    out.emplace_back(records.data() + at, n);
    at += n;
  }
  return out;
}

std::vector<std::span<const HistoryStep>> RandomCalls(const History& history, Random& random) {
  std::vector<std::span<const HistoryStep>> out;
  const std::span<const HistoryStep> steps(history.steps);
  const std::size_t most = MostInBatch(steps.size(), random);
  for (std::size_t at = 0, end = 0; at < steps.size(); at = end) {
    const std::size_t room = 1 + random.Below(most);
    end = at + 1;
    const auto is_record = [&](std::size_t i) {
      return steps[i].kind == HistoryStep::Kind::kRecord;
    };
    while (is_record(at) && end < steps.size() && end - at < room && is_record(end)) ++end;
    out.push_back(steps.subspan(at, end - at));
  }
  return out;
}

History WithSteps(const History& history, const std::vector<HistoryStep>& steps) {
  History out{history.seed, history.policy, {}, steps};
  for (HistoryStep& step : out.steps) {
    if (step.kind != HistoryStep::Kind::kRecord) continue;
    out.records.push_back(history.records[step.record]);
    step.record = out.records.size() - 1;
  }
  return out;
}

History Minimise(History history, const std::function<bool(const History&)>& fails) {
  for (std::size_t size = history.steps.size() / 2; size > 0;) {
    bool cut = false;
    for (std::size_t at = 0; at + size <= history.steps.size();) {
      std::vector<HistoryStep> fewer = history.steps;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                  fewer.begin() + static_cast<std::ptrdiff_t>(at + size));
      History less = WithSteps(history, fewer);
      if (fails(less)) {
        history = std::move(less);
        cut = true;
      } else {
        at += size;
      }
    }
    if (!cut || size > 1) size /= 2;
  }
  return history;
}

std::string Describe(std::span<const Record> records) {
  std::string out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    out += "  " + std::to_string(i) + ": " + std::string(ToString(record.act)) + " " +
           record.source + "/" + record.id;
    if (record.time_ms) out += " t=" + std::to_string(*record.time_ms);
    if (record.version) out += " version=" + std::to_string(*record.version);
    if (!record.target_source.empty()) out += " target=" + record.target_source;
    for (const RecordIdentifier& identifier : record.identifiers) {
      out += " " + identifier.ns + ":'" + identifier.value + "'" +
             (identifier.role == Role::kOther ? " (other)" : "");
    }
    out += "\n";
  }
  return out;
}

std::string Describe(const History& history) {
  std::string out = "history of seed " + std::to_string(history.seed) +
                    " (POLYONYM_SEED=" + std::to_string(history.seed) + " runs it alone)\n" +
                    Describe(history.policy);
  Policy in_force = history.policy;
  for (const HistoryStep& step : history.steps) {
    switch (step.kind) {
      case HistoryStep::Kind::kRecord:
        out += std::to_string(step.record) +
               Describe(std::span(&history.records[step.record], 1)).substr(3);
        break;
      case HistoryStep::Kind::kAdvance:
        out += "the clock is " + std::to_string(step.clock_ms) + "\n";
        break;
      case HistoryStep::Kind::kPolicy:
        out += "another policy:\n";
        for (const std::string& line : Diff(in_force, step.policy)) out += "  " + line + "\n";
        in_force = step.policy;
    }
  }
  return out;
}

}  // namespace polyonym::harness
