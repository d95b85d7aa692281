// scenarios.cc - runs published examples of identity resolution: what they say, and the laws that hold for every one of them.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "commands.h"
#include "groups.h"
#include "input.h"
#include "polyonym/batch/resolve.h"
#include "scenario.h"
#include "traffic.h"

namespace polyonym::driver {

namespace {

using Partition = std::vector<std::vector<std::string>>;

constexpr std::size_t kMaxPermutations = 120;

Partition PartitionOf(const Groups& groups) {
  Partition out;
  for (const Group& group : groups) out.push_back(group.members);
  return out;
}

Partition PartitionOf(const JsonValue& lists) {
  Partition out;
  for (const JsonValue& list : lists.list_value().values()) {
    auto& group = out.emplace_back();
    for (const JsonValue& member : list.list_value().values())
      group.push_back(member.string_value());
    std::sort(group.begin(), group.end());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Json ToJson(const Partition& partition) {
  Json list = Json::List();
  for (const auto& group : partition) list.Add(Json::ListFrom(group));
  return list;
}

// An engine in memory that some events were applied to.
class World {
 public:
  explicit World(const Policy& policy) : engine_(FromStore(Engine::OpenInMemory({}))) {
    FromStore(engine_->SetPolicy(policy).status());
  }

  ApplyResult Apply(const std::vector<Record>& records) {
    return FromStore(engine_->Apply(records));
  }
  void Retract(const Record& record) {
    RecordSelector selector;
    selector.source = record.source;
    selector.record_id = record.id;
    FromStore(engine_->Retract(selector).status());
  }
  View Read() const { return engine_->Read(); }
  Partition Groups() const { return PartitionOf(GroupsOf(engine_->Read())); }

 private:
  std::unique_ptr<Engine> engine_;
};

// Identifiers of `text` form to the number of their group; what is in no group of two or more is alone.
std::map<std::string, int> Places(const Partition& partition) {
  std::map<std::string, int> places;
  int n = 0;
  for (const auto& group : partition) {
    for (const std::string& member : group) places[member] = n;
    ++n;
  }
  return places;
}

// True where `actual`, looked at through the identifiers that `expected` names, is `expected`.
bool Agrees(const Partition& expected, const Partition& actual) {
  const std::map<std::string, int> places = Places(actual);
  std::set<int> taken;
  for (const auto& group : expected) {
    std::set<int> here;
    for (const std::string& member : group) {
      const auto at = places.find(member);
      if (at == places.end()) {
        if (group.size() > 1) return false;
      } else {
        here.insert(at->second);
      }
    }
    if (here.size() > 1) return false;
    for (const int place : here) {
      if (!taken.insert(place).second) return false;
    }
  }
  return true;
}

bool Together(const Partition& actual, const std::string& a, const std::string& b) {
  const std::map<std::string, int> places = Places(actual);
  const auto pa = places.find(a);
  const auto pb = places.find(b);
  return pa != places.end() && pb != places.end() && pa->second == pb->second;
}

// What a row says, checked against the engine; then the laws.
class Trial {
 public:
  explicit Trial(const Scenario& row) : row_(row) {}

  // What does not hold; empty: all does.
  std::string Run() {
    World world(row_.policy);
    std::set<int> rejected;
    std::map<ChangeKind, int> changes;
    for (std::size_t i = 0; i < row_.events.size(); ++i) {
      const ApplyResult result = world.Apply(row_.events[i].records);
      for (const RecordResult& record : result.records) {
        if (record.outcome == Outcome::kRejected || record.outcome == Outcome::kHeld)
          rejected.insert(static_cast<int>(i));
      }
      for (const Change& change : result.changes) ++changes[change.kind];
    }
    actual_ = world.Groups();
    if (const JsonValue* groups = FieldOf(row_.expect, "groups")) {
      expected_ = PartitionOf(*groups);
      if (!Agrees(expected_, actual_)) return "groups differ";
    }
    for (const auto& problem :
         {Rejections(rejected), States(), Owners(world, "event_owner", nullptr), Apart(world),
          Flags(world), Feed(changes), RowGroups(world)}) {
      if (!problem.empty()) return problem;
    }
    broken_law_ = Laws();
    return broken_law_;
  }

  const Partition& expected() const { return expected_; }
  const Partition& actual() const { return actual_; }
  bool broke_law() const { return !broken_law_.empty(); }

 private:
  // Which events are refused, where the row says so.
  std::string Rejections(const std::set<int>& rejected) const {
    const JsonValue* value = FieldOf(row_.expect, "rejected_events");
    if (value == nullptr) return "";
    std::set<int> wanted;
    for (const JsonValue& number : value->list_value().values())
      wanted.insert(static_cast<int>(number.number_value()));
    return wanted == rejected ? "" : "other events are refused";
  }

  World WorldOf(const std::function<bool(const Scenario::Event&)>& wanted) const {
    World world(row_.policy);
    for (const Scenario::Event& event : row_.events) {
      if (wanted(event)) world.Apply(event.records);
    }
    return world;
  }

  // Groups and owners at earlier times, and after a batch.
  std::string States() const {
    for (const auto& [key, value] : row_.expect.fields()) {
      if (key == "as_of" && value.has_struct_value()) {
        for (const auto& [when, groups] : value.struct_value().fields()) {
          const std::optional<std::int64_t> t = ScenarioTime(when);
          if (!t) continue;
          const World world =
              WorldOf([&](const Scenario::Event& event) { return event.time_ms <= *t; });
          if (!Agrees(PartitionOf(groups), world.Groups()))
            return "groups as of " + when + " differ";
        }
      } else if (key.starts_with("groups_after_batch_")) {
        const std::string batch = key.substr(19);
        const World world =
            WorldOf([&](const Scenario::Event& event) { return event.batch <= batch; });
        if (!Agrees(PartitionOf(value), world.Groups()))
          return "groups after batch " + batch + " differ";
      } else if (key.starts_with("event_owner_as_of_")) {
        const std::optional<std::int64_t> t = ScenarioTime(key.substr(18));
        if (!t) continue;
        const World world =
            WorldOf([&](const Scenario::Event& event) { return event.time_ms <= *t; });
        if (std::string problem = Owners(world, key, &*t); !problem.empty()) return problem;
      }
    }
    return "";
  }

  // The profile that an event's facts belong to: that of its best identifier which is not shared.
  std::optional<ProfileId> OwnerOf(const View& view, std::size_t event) const {
    std::optional<std::tuple<bool, std::uint32_t, Identifier>> best;
    std::optional<ProfileId> owner;
    for (const Record& record : row_.events[event].records) {
      for (const RecordIdentifier& id : record.identifiers) {
        const Identifier identifier{id.ns, id.value};
        const Resolution found = view.Resolve(identifier);
        if (!found.profile || found.blocked || found.held) continue;
        const std::tuple rank(found.shared, PriorityOf(id.ns), identifier);
        if (best && *best <= rank) continue;
        best = rank;
        owner = found.profile;
      }
    }
    return owner;
  }

  std::uint32_t PriorityOf(const std::string& ns) const {
    for (const NamespacePolicy& policy : row_.policy.namespaces) {
      if (policy.name == FamilyOf(ns)) return policy.priority;
    }
    return 0;
  }

  // Owners are named by the value of one of their identifiers.
  std::string Owners(const World& world, const std::string& key, const std::int64_t* until) const {
    const JsonValue* value = FieldOf(row_.expect, key);
    if (value == nullptr) return "";
    std::map<std::size_t, std::string> owners;
    if (value->has_list_value()) {
      for (int i = 0; i < value->list_value().values_size(); ++i)
        owners[static_cast<std::size_t>(i)] = value->list_value().values(i).string_value();
    } else {
      for (const auto& [event, owner] : value->struct_value().fields())
        owners[std::stoul(event)] = owner.string_value();
    }
    const View view = world.Read();
    for (const auto& [event, owner] : owners) {
      if (event >= row_.events.size() || (until != nullptr && row_.events[event].time_ms > *until))
        continue;
      const std::optional<ProfileId> profile = OwnerOf(view, event);
      if (!profile) return "event " + std::to_string(event) + " has no owner";
      const std::vector<Identifier> members = FromStore(view.Members(*profile));
      const bool found = std::any_of(members.begin(), members.end(), [&](const Identifier& member) {
        return member.value == owner || ToString(member) == owner;
      });
      if (!found) return key + ": event " + std::to_string(event) + " has another owner";
    }
    return "";
  }

  // Pairs that must not meet, and identifiers that must have left.
  std::string Apart(const World& world) const {
    if (const JsonValue* pairs = FieldOf(row_.expect, "never_together")) {
      for (const auto& pair : PartitionOf(*pairs)) {
        for (std::size_t i = 1; i < pair.size(); ++i) {
          if (Together(actual_, pair[0], pair[i])) return "two are together that never may be";
        }
      }
    }
    if (const JsonValue* detached = FieldOf(row_.expect, "detached")) {
      for (const JsonValue& one : detached->list_value().values()) {
        for (const auto& group : expected_) {
          for (const std::string& member : group) {
            if (Together(actual_, one.string_value(), member))
              return "an identifier was not detached";
          }
        }
      }
    }
    if (const JsonValue* removed = FieldOf(row_.expect, "removed")) {
      for (const JsonValue& one : removed->list_value().values()) {
        const auto identifier = ParseIdentifier(one.string_value());
        if (!identifier.ok()) continue;
        const Resolution found = world.Read().Resolve(*identifier);
        if (found.known && !found.gone) return "an identifier was not removed";
      }
    }
    return "";
  }

  std::string Flags(const World& world) const {
    const JsonValue* blocked = FieldOf(row_.expect, "auto_blocked");
    if (blocked == nullptr) return "";
    for (const JsonValue& one : blocked->list_value().values()) {
      const auto identifier = ParseIdentifier(one.string_value());
      if (identifier.ok() && !world.Read().Resolve(*identifier).shared)
        return "an identifier is not shared";
    }
    return "";
  }

  std::string Feed(const std::map<ChangeKind, int>& changes) const {
    static const std::map<std::string, ChangeKind> kTypes = {
        {"profile_added", ChangeKind::kCreated},
        {"profile_deleted_by_stitching", ChangeKind::kMerged}};
    const JsonValue* feed = FieldOf(row_.expect, "feed");
    if (feed == nullptr) return "";
    std::map<ChangeKind, int> wanted;
    for (const JsonValue& entry : feed->list_value().values()) {
      const JsonValue* type = FieldOf(entry.struct_value(), "type");
      if (type == nullptr) continue;
      if (const auto known = kTypes.find(type->string_value()); known != kTypes.end())
        ++wanted[known->second];
    }
    for (const auto& [kind, count] : wanted) {
      const auto at = changes.find(kind);
      if (at == changes.end() || at->second != count) return "the feed has other rows";
    }
    return "";
  }

  // Which events are one person's.
  std::string RowGroups(const World& world) const {
    const JsonValue* groups = FieldOf(row_.expect, "row_groups");
    if (groups == nullptr) return "";
    const View view = world.Read();
    std::set<ProfileId> taken;
    for (const JsonValue& group : groups->list_value().values()) {
      std::set<ProfileId> here;
      for (const JsonValue& event : group.list_value().values()) {
        const auto number = static_cast<std::size_t>(event.number_value());
        const std::optional<ProfileId> owner =
            number < row_.events.size() ? OwnerOf(view, number) : std::nullopt;
        if (!owner) return "an event has no owner";
        here.insert(*owner);
      }
      if (here.size() != 1 || !taken.insert(*here.begin()).second)
        return "events are grouped otherwise";
    }
    return "";
  }

  // ---- laws ----

  std::string Laws() const {
    std::vector<Record> records;
    for (const Scenario::Event& event : row_.events)
      records.insert(records.end(), event.records.begin(), event.records.end());
    if (std::string problem = OrderFree(records); !problem.empty()) return problem;
    auto resolver = OrFail(batch::MemoryResolver::Create(row_.policy));
    for (const Record& record : records) resolver->Add(record);
    if (PartitionOf(GroupsOf(resolver->Resolve())) != actual_)
      return "law L2: resolved in memory the groups differ";

    World emptied(row_.policy);
    emptied.Apply(records);
    for (const Record& record : records) emptied.Retract(record);
    if (!emptied.Groups().empty())
      return "law L3: groups are left after every record was taken back";

    if (row_.events.empty()) return "";
    World shorter(row_.policy);
    World taken_back(row_.policy);
    taken_back.Apply(records);
    for (std::size_t i = 0; i + 1 < row_.events.size(); ++i) shorter.Apply(row_.events[i].records);
    for (const Record& record : row_.events.back().records) taken_back.Retract(record);
    if (shorter.Groups() != taken_back.Groups())
      return "law L3: taking back the last event is not as if it had never come";
    return "";
  }

  // Every order where there are few, else random ones; each in random batches.
  std::string OrderFree(const std::vector<Record>& records) const {
    std::vector<std::size_t> order(records.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::size_t all = 1;
    for (std::size_t n = 2; n <= order.size() && all <= kMaxPermutations; ++n) all *= n;
    Dice dice(records.size());
    for (std::size_t i = 0; i < std::min(all, kMaxPermutations); ++i) {
      if (all <= kMaxPermutations) {
        std::next_permutation(order.begin(), order.end());
      } else {
        for (std::size_t j = order.size(); j > 1; --j)
          std::swap(order[j - 1], order[dice.Below(j)]);
      }
      World world(row_.policy);
      std::vector<Record> batch;
      for (const std::size_t at : order) {
        batch.push_back(records[at]);
        if (!dice.Chance(500)) continue;
        world.Apply(batch);
        batch.clear();
      }
      world.Apply(batch);
      if (world.Groups() != actual_)
        return "law L1: in another order or other batches the groups differ";
    }
    return "";
  }

  const Scenario& row_;
  Partition expected_;
  Partition actual_;
  std::string broken_law_;
};

struct Tally {
  int rows = 0, passed = 0, failed = 0, not_applicable = 0, must_pass = 0, must_pass_passed = 0;
};

void Report(const Scenario& row, const std::string& result, const std::string& reason,
            const Trial* trial, Output* out) {
  if (out->is_table()) {
    Json line = Json::Object();
    line.Set("row", row.id)
        .Set("result", result)
        .Set("must_pass", row.expected_to_pass)
        .Set("documented", !row.inferred);
    line.Set("about", reason.empty() ? row.title : row.title + ": " + reason);
    out->Row(std::move(line));
    if (result != "failed" || trial == nullptr) return;
    out->Note("    expected " + ToJson(trial->expected()).Text());
    out->Note("    actual   " + ToJson(trial->actual()).Text());
    return;
  }
  Json line = Json::Object();
  line.Set("row", row.id)
      .Set("title", row.title)
      .Set("result", result)
      .Set("must_pass", row.expected_to_pass);
  line.Set("inferred", row.inferred).Set("reason", reason.empty() ? Json() : Json(reason));
  if (result == "failed" && trial != nullptr)
    line.Set("expected", ToJson(trial->expected())).Set("actual", ToJson(trial->actual()));
  out->Row(std::move(line));
}

void RunRow(const std::string& line, Tally* tally, Session* session, Output* out) {
  const Scenario row = OrFail(ReadScenario(line));
  ++tally->rows;
  tally->must_pass += row.expected_to_pass ? 1 : 0;
  if (!row.not_applicable.empty()) {
    ++tally->not_applicable;
    if (row.expected_to_pass) session->exit_code = kAnsweredNo;
    return Report(row, "not applicable", row.not_applicable, nullptr, out);
  }
  Trial trial(row);
  const std::string problem = trial.Run();
  if (problem.empty()) {
    ++tally->passed;
    tally->must_pass_passed += row.expected_to_pass ? 1 : 0;
    return Report(row, "passed", "", &trial, out);
  }
  ++tally->failed;
  if (row.expected_to_pass || trial.broke_law()) session->exit_code = kAnsweredNo;
  Report(row, "failed", problem, &trial, out);
}

void RunScenarios(const std::vector<std::string>& files, Session* session) {
  Output out(session->format);
  Tally tally;
  for (const std::string& file : files) {
    ReadPosition position;
    Lines lines(WithoutMark(OrFail(OpenInput(file, &position))));
    std::string line;
    while (OrFail(lines.Next(&line))) {
      if (line.find_first_not_of(" \t") != std::string::npos) RunRow(line, &tally, session, &out);
    }
  }
  out.Title("count");
  Json count = Json::Object();
  count.Set("rows", tally.rows)
      .Set("passed", tally.passed)
      .Set("failed", tally.failed)
      .Set("not_applicable", tally.not_applicable);
  out.Fields(
      count.Set("must_pass", tally.must_pass).Set("must_pass_passed", tally.must_pass_passed));
}

}  // namespace

void AddScenarios(CLI::App* app, Session* session) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app->add_subcommand(
      "scenarios", "run worked examples of identity resolution and check the laws on each");
  command->add_option("FILE", *files, "JSON Lines of scenarios")->required();
  session->OfferFormat(command);
  command->footer(
      "Exit code 1 where a row that must pass fails or is not applicable, or a law is broken.");
  command->callback([=] { RunScenarios(*files, session); });
}

}  // namespace polyonym::driver
