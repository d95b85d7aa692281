#include "scenario.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "time_format.h"

namespace polyonym::driver {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kOrdinalZeroMs = 1'577'836'800'000;  // 2020-01-01

// What the name of a policy means in our terms.
struct Meaning {
  Ranking ranking = Ranking::kPriorityRecency;
  bool limits = true;              // `unique`, `limit` and `do_not_merge` count
  bool guarded_by_unique = false;  // seen with two of a unique namespace: shared
  bool declares_all = true;        // namespaces that occur are declared
};

const std::map<std::string, Meaning>& Meanings() {
  static const std::map<std::string, Meaning> kMeanings = {
      {"adobe_iglr", {}},
      {"plain_linking", {}},
      {"segment_unify", {.ranking = Ranking::kOldest}},
      {"mixpanel_simplified", {.ranking = Ranking::kOldest}},
      {"first_bind_wins", {.ranking = Ranking::kOldest}},
      {"do_not_merge_key", {.ranking = Ranking::kOldest}},
      {"union", {.limits = false}},
      // What a steward decides about stands as it is until then: the first link wins.
      {"must_link", {.ranking = Ranking::kOldest}},
      {"cannot_link", {.ranking = Ranking::kOldest}},
      {"sensors_idm3", {.declares_all = false}},
      {"auto_supernode", {}},
      {"snowplow_identities", {.guarded_by_unique = true}},
  };
  return kMeanings;
}

std::string TextOf(const JsonValue* value) {
  if (value == nullptr) return "";
  if (value->has_string_value()) return value->string_value();
  if (value->has_number_value()) {
    const double number = value->number_value();
    return number == std::floor(number) && std::abs(number) < 1e15
               ? std::to_string(static_cast<std::int64_t>(number))
               : std::to_string(number);
  }
  return "";
}

bool IsTrue(const JsonValue* value) { return value != nullptr && value->bool_value(); }
bool IsGiven(const JsonValue* value) { return value != nullptr && !value->has_null_value(); }

// One text, or the texts of a list.
std::vector<std::string> TextsOf(const JsonValue* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->has_list_value()) return {TextOf(value)};
  for (const JsonValue& element : value->list_value().values()) texts.push_back(TextOf(&element));
  return texts;
}

// "ever", "month", "weekly", "30 days".
std::optional<std::int64_t> WindowMs(const std::string& window) {
  static const std::map<std::string, std::int64_t> kDays = {
      {"day", 1},    {"daily", 1},    {"week", 7},       {"weekly", 7},
      {"month", 30}, {"monthly", 30}, {"quarter", 91},   {"quarterly", 91},
      {"year", 365}, {"yearly", 365}, {"annually", 365}, {"annual", 365}};
  if (window.empty() || window == "ever") return 0;
  std::int64_t n = 1;
  const auto [end, error] = std::from_chars(window.data(), window.data() + window.size(), n);
  std::string unit(error == std::errc() ? end : window.data(), window.data() + window.size());
  unit.erase(0, unit.find_first_not_of(" _-"));
  if (unit.size() > 3 && unit.ends_with('s')) unit.pop_back();
  if (unit == "d") unit = "day";
  const auto known = kDays.find(unit);
  if (known == kDays.end() || n < 1) return std::nullopt;
  return n * known->second * kDayMs;
}

// Builds one scenario; stops at the first thing that cannot be said in our terms.
class Builder {
 public:
  explicit Builder(Scenario* out) : out_(*out) {}

  void Build(const JsonObject& row) {
    const JsonValue* config = FieldOf(row, "config");
    const JsonValue* events = FieldOf(row, "events");
    if (config == nullptr || events == nullptr) return Stop("the row has no config or no events");
    BuildPolicy(config->struct_value());
    int number = 0;
    for (const JsonValue& event : events->list_value().values())
      BuildEvent(event.struct_value(), number++);
    if (meaning_.declares_all) DeclareTheRest();
    if (const JsonValue* groups = FieldOf(out_.expect, "groups"))
      CheckExpectation(groups->list_value());
    if (const absl::Status status = Validate(out_.policy); !status.ok())
      Stop("our policy refuses it: " + std::string(status.message()));
  }

 private:
  void Stop(std::string why) {
    if (out_.not_applicable.empty()) out_.not_applicable = std::move(why);
  }

  void BuildPolicy(const JsonObject& config) {
    const JsonValue* options = FieldOf(config, "options");
    const std::string name =
        options == nullptr ? "" : TextOf(FieldOf(options->struct_value(), "policy"));
    const auto meaning = Meanings().find(name);
    if (meaning == Meanings().end())
      return Stop("the policy " + name + " means something else than grouping by one rule");
    meaning_ = meaning->second;
    if (options != nullptr && IsGiven(FieldOf(options->struct_value(), "ttl")))
      Stop("needs link lifetime");
    out_.policy.name = name;
    out_.policy.ranking = meaning_.ranking;
    out_.policy.max_identifiers_per_profile = 0;
    out_.policy.default_max_neighbours = 0;
    if (const JsonValue* namespaces = FieldOf(config, "namespaces")) {
      for (const JsonValue& ns : namespaces->list_value().values()) AddNamespace(ns.struct_value());
    }
    if (!priorities_given_) RankByPlace();
    if (meaning_.guarded_by_unique) GuardByUnique();
  }

  // Where no namespace has a priority, the one named first is the best, as in the systems that list keys in order.
  void RankByPlace() {
    std::uint32_t place = 0;
    for (NamespacePolicy& ns : out_.policy.namespaces) ns.priority = ++place;
  }

  NamespacePolicy& Declare(const std::string& name) {
    NamespacePolicy& ns = out_.policy.namespaces.emplace_back();
    ns.name = name;
    ns.normaliser = Normaliser::kExact;
    ns.builtin_blocks = false;
    declared_.insert(name);
    return ns;
  }

  void AddNamespace(const JsonObject& from) {
    for (const char* lifetime :
         {"ttl_days", "lifetime", "lifetime_days", "validity", "validity_days"}) {
      if (IsGiven(FieldOf(from, lifetime))) Stop("needs link lifetime");
    }
    NamespacePolicy& ns = Declare(TextOf(FieldOf(from, "name")));
    if (const JsonValue* priority = FieldOf(from, "priority"); IsGiven(priority)) {
      ns.priority = static_cast<std::uint32_t>(std::max(1.0, priority->number_value()));
      priorities_given_ = true;
    }
    AddLimits(from, &ns);
    ns.parent = TextOf(FieldOf(from, "parent"));
    ns.valid_pattern = TextOf(FieldOf(from, "valid_regexp"));
    ns.blocked_values = TextsOf(FieldOf(from, "block_exact"));
    ns.blocked_patterns = TextsOf(FieldOf(from, "block_regex"));
    for (const std::string& invalid : TextsOf(FieldOf(from, "invalid"))) {
      if (invalid.empty()) {
        may_be_empty_.insert(ns.name);
      } else {
        ns.blocked_values.push_back(invalid);
      }
    }
    for (const std::string& alias : TextsOf(FieldOf(from, "aliases"))) aliases_[alias] = ns.name;
    if (const JsonValue* block = FieldOf(from, "auto_block");
        block != nullptr && block->has_struct_value()) {
      Guard& guard = ns.guards.emplace_back();
      guard.of = TextOf(FieldOf(block->struct_value(), "proxy"));
      if (const JsonValue* threshold = FieldOf(block->struct_value(), "threshold")) {
        guard.max_neighbours = static_cast<std::uint32_t>(threshold->number_value());
      }
    }
    if (ns.limits.size() == 1 && ns.limits[0].max == 1 && ns.limits[0].window_ms == 0)
      unique_.push_back(ns.name);
  }

  void AddLimits(const JsonObject& from, NamespacePolicy* ns) {
    if (!meaning_.limits) return;
    const JsonValue* limit = FieldOf(from, "limit");
    if (IsGiven(limit) && limit->number_value() >= 1) {
      const std::optional<std::int64_t> window = WindowMs(TextOf(FieldOf(from, "window")));
      if (!window)
        return Stop("a window that has no length here: " + TextOf(FieldOf(from, "window")));
      ns->limits.push_back(
          {.max = static_cast<std::uint32_t>(limit->number_value()), .window_ms = *window});
    } else if (IsTrue(FieldOf(from, "unique")) || IsTrue(FieldOf(from, "do_not_merge"))) {
      ns->limits.push_back({.max = 1});
    }
  }

  void GuardByUnique() {
    for (NamespacePolicy& ns : out_.policy.namespaces) {
      if (std::find(unique_.begin(), unique_.end(), ns.name) != unique_.end()) continue;
      for (const std::string& of : unique_) ns.guards.push_back({of, 1});
    }
  }

  void DeclareTheRest() {
    std::set<std::string> used;
    for (const Scenario::Event& event : out_.events) {
      for (const Record& record : event.records) {
        for (const RecordIdentifier& identifier : record.identifiers)
          used.emplace(FamilyOf(identifier.ns));
      }
    }
    for (const NamespacePolicy& ns : out_.policy.namespaces) {
      for (const Guard& guard : ns.guards) used.insert(guard.of);
    }
    for (const std::string& name : used) {
      if (!name.empty() && !declared_.contains(name)) Declare(name);
    }
  }

  std::vector<RecordIdentifier> Identifiers(const JsonObject& event) const {
    std::vector<RecordIdentifier> out;
    const JsonValue* ids = FieldOf(event, "ids");
    if (ids == nullptr) return out;
    const std::map<std::string, JsonValue> sorted(ids->struct_value().fields().begin(),
                                                  ids->struct_value().fields().end());
    for (const auto& [name, values] : sorted) {
      const auto alias = aliases_.find(name);
      const std::string& ns = alias == aliases_.end() ? name : alias->second;
      for (std::string& value : TextsOf(&values)) {
        if (value.empty() && may_be_empty_.contains(ns)) continue;
        out.push_back({ns, std::move(value), Role::kSelf});
      }
    }
    return out;
  }

  // Who reports an event: the data set, else the channel.
  static std::string SourceOf(const JsonObject& event) {
    for (const char* name : {"dataset", "channel"}) {
      if (const std::string source = TextOf(FieldOf(event, name)); !source.empty()) return source;
    }
    return "scenario";
  }

  void BuildEvent(const JsonObject& from, int number) {
    Scenario::Event& event = out_.events.emplace_back();
    const JsonValue* t = FieldOf(from, "t");
    const std::optional<std::int64_t> time =
        t == nullptr ? ScenarioTime(std::to_string(number)) : ScenarioTime(*t);
    if (!time) return Stop("a time of no known form");
    event.time_ms = *time;
    event.batch = TextOf(FieldOf(from, "batch"));
    if (FieldOf(from, "generate") != nullptr) return Stop("its rows are told of, not given");
    Record record;
    record.source = SourceOf(from);
    record.id = "e" + std::to_string(number);
    record.time_ms = *time;
    record.identifiers = Identifiers(from);
    AddOp(TextOf(FieldOf(from, "op")), from, std::move(record), &event);
  }

  void AddOp(const std::string& op, const JsonObject& from, Record record, Scenario::Event* event) {
    static const std::set<std::string> kObservations = {
        "", "identify", "alias", "login", "capture", "page", "event", "link", "observe"};
    static const std::map<std::string, Act> kPairs = {
        {"must_link", Act::kMustLink}, {"cannot_link", Act::kCannotLink}, {"unbind", Act::kUnbind}};
    if (op == "bind") record.act = record.identifiers.size() == 2 ? Act::kBind : Act::kObserve;
    if (op == "bind" || kObservations.contains(op)) {
      event->records.push_back(std::move(record));
    } else if (const auto pair = kPairs.find(op); pair != kPairs.end()) {
      AddPairs(pair->second, record, event);
    } else if (op == "rename" && record.identifiers.size() == 2) {
      record.act = Act::kRename;
      event->records.push_back(std::move(record));
    } else if (op == "delete_identity" || op == "delete_identifier") {
      for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
        Record one = record;
        one.id += "-" + std::to_string(i);
        one.act = Act::kDeleteIdentifier;
        one.identifiers = {record.identifiers[i]};
        event->records.push_back(std::move(one));
      }
    } else if (op == "delete_dataset") {
      record.act = Act::kDeleteSource;
      record.identifiers.clear();
      record.target_source = TextOf(FieldOf(from, "target"));
      if (record.target_source.empty()) record.target_source = record.source;
      record.source = "deletions";
      event->records.push_back(std::move(record));
    } else {
      Stop("the operation " + op + " has no meaning here");
    }
  }

  static void AddPairs(Act act, const Record& record, Scenario::Event* event) {
    for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
      for (std::size_t j = i + 1; j < record.identifiers.size(); ++j) {
        Record pair = record;
        pair.id += "-" + std::to_string(i) + "-" + std::to_string(j);
        pair.act = act;
        pair.identifiers = {record.identifiers[i], record.identifiers[j]};
        event->records.push_back(std::move(pair));
      }
    }
  }

  void CheckExpectation(const google::protobuf::ListValue& groups) {
    std::set<std::string> seen;
    for (const JsonValue& group : groups.values()) {
      for (const std::string& member : TextsOf(&group)) {
        if (!seen.insert(member).second) Stop("it hangs one identifier on two people");
      }
    }
  }

  Scenario& out_;
  Meaning meaning_;
  bool priorities_given_ = false;
  std::set<std::string> declared_;
  std::set<std::string> may_be_empty_;
  std::vector<std::string> unique_;
  std::map<std::string, std::string> aliases_;
};

}  // namespace

const JsonValue* FieldOf(const JsonObject& object, std::string_view name) {
  const auto at = object.fields().find(std::string(name));
  return at == object.fields().end() ? nullptr : &at->second;
}

std::optional<std::int64_t> ScenarioTime(const JsonValue& value) {
  return ScenarioTime(TextOf(&value));
}

std::optional<std::int64_t> ScenarioTime(const std::string& text) {
  static const std::vector<TimeFormat> kFormats = {
      *TimeFormat::Compile("rfc3339", ""), *TimeFormat::Compile("%Y-%m-%d", ""),
      *TimeFormat::Compile("%Y-%m-%dT%H:%M:%S", ""), *TimeFormat::Compile("%Y-%m-%d %H:%M:%S", ""),
      *TimeFormat::Compile("%Y-%m-%d %H:%M", "")};
  const std::string number = text.starts_with("day ") ? text.substr(4) : text;
  double n = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (error == std::errc() && end == number.data() + number.size() && std::isfinite(n)) {
    if (n >= 1e11) return static_cast<std::int64_t>(n);
    if (n >= 1e8) return static_cast<std::int64_t>(n * 1000);
    return kOrdinalZeroMs + static_cast<std::int64_t>(n * static_cast<double>(kDayMs));
  }
  for (const TimeFormat& format : kFormats) {
    if (auto time = format.Parse(text)) return time;
  }
  return std::nullopt;
}

absl::StatusOr<Scenario> ReadScenario(const std::string& line) {
  JsonObject row;
  const auto status = google::protobuf::util::JsonStringToMessage(line, &row);
  if (!status.ok()) return absl::InvalidArgumentError("not a JSON object");
  Scenario out;
  out.id = TextOf(FieldOf(row, "id"));
  out.title = TextOf(FieldOf(row, "title"));
  out.inferred = IsTrue(FieldOf(row, "inferred"));
  out.expected_to_pass = IsTrue(FieldOf(row, "expected_to_pass"));
  if (const JsonValue* expect = FieldOf(row, "expect")) out.expect = expect->struct_value();
  Builder(&out).Build(row);
  return out;
}

}  // namespace polyonym::driver
