#include "scenario.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace polyonym::driver {

namespace {

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

using Span = std::int64_t NamespacePolicy::*;

// What span of time a field gives, whatever a row calls it, and in which unit: `ttl_days`, `link_lifetime`, `validity_hours`. Null
// where it gives none.
std::pair<Span, std::string> SpanNamed(const std::string& field) {
  static const std::map<std::string, Span> kSpans = {
      {"ttl", &NamespacePolicy::link_lifetime_ms},
      {"link_ttl", &NamespacePolicy::link_lifetime_ms},
      {"lifetime", &NamespacePolicy::link_lifetime_ms},
      {"link_lifetime", &NamespacePolicy::link_lifetime_ms},
      {"validity", &NamespacePolicy::validity_ms},
      {"identifier_validity", &NamespacePolicy::validity_ms},
      {"valid_for", &NamespacePolicy::validity_ms},
      {"valid", &NamespacePolicy::validity_ms}};
  const std::size_t at = field.rfind('_');
  const bool has_unit = at != std::string::npos && IsTimeUnit(field.substr(at + 1));
  const auto known = kSpans.find(has_unit ? field.substr(0, at) : field);
  return {known == kSpans.end() ? nullptr : known->second,
          has_unit ? field.substr(at + 1) : "days"};
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
    if (const JsonValue* options = FieldOf(config->struct_value(), "options")) {
      for (const auto& [field, value] : options->struct_value().fields())
        ReadSpanOfMany(field, value);
      FindEnd(options->struct_value());
    }
    FindEnd(row);
    FindEnd(out_.expect);
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
    NamespacePolicy& ns = Declare(TextOf(FieldOf(from, "name")));
    if (const JsonValue* priority = FieldOf(from, "priority"); IsGiven(priority)) {
      ns.priority = static_cast<std::uint32_t>(std::max(1.0, priority->number_value()));
      priorities_given_ = true;
    }
    AddLimits(from, &ns);
    for (const auto& [field, value] : from.fields()) ReadSpan(field, value, &ns);
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
      const std::optional<std::int64_t> window = ScenarioSpan(TextOf(FieldOf(from, "window")), "");
      if (!window)
        return Stop("a window that has no length here: " + TextOf(FieldOf(from, "window")));
      ns->limits.push_back(
          {.max = static_cast<std::uint32_t>(limit->number_value()), .window_ms = *window});
    } else if (IsTrue(FieldOf(from, "unique")) || IsTrue(FieldOf(from, "do_not_merge"))) {
      ns->limits.push_back({.max = 1});
    }
  }

  void ReadSpan(const std::string& field, const JsonValue& value, NamespacePolicy* ns) {
    const auto [span, unit] = SpanNamed(field);
    if (span == nullptr || value.has_null_value()) return;
    const std::optional<std::int64_t> ms = value.has_number_value() || value.has_string_value()
                                               ? ScenarioSpan(TextOf(&value), unit)
                                               : std::nullopt;
    if (!ms) return Stop("a time that has no length here: " + field);
    if (ns->*span != 0 && ns->*span != *ms) return Stop("two lengths of one time: " + field);
    ns->*span = *ms;
  }

  // Of the options: for some namespaces by name, or for all. What a namespace says itself is nearer.
  void ReadSpanOfMany(const std::string& field, const JsonValue& value) {
    const Span span = SpanNamed(field).first;
    if (span == nullptr) return;
    for (NamespacePolicy& ns : out_.policy.namespaces) {
      const JsonValue* own =
          value.has_struct_value() ? FieldOf(value.struct_value(), ns.name) : &value;
      if (ns.*span == 0 && own != nullptr) ReadSpan(field, *own, &ns);
    }
  }

  // The clock ends at the last event, or at a later time that the row gives.
  void FindEnd(const JsonObject& from) {
    for (const char* name : {"now", "at", "clock"}) {
      const JsonValue* value = FieldOf(from, name);
      if (value == nullptr || !(value->has_number_value() || value->has_string_value())) continue;
      const std::optional<std::int64_t> time = ScenarioTime(*value);
      if (!time) return Stop("a time of no known form");
      out_.end_ms = std::max(out_.end_ms, *time);
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
    out_.end_ms = std::max(out_.end_ms, *time);
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
    static const std::set<std::string> kTimePasses = {"advance", "tick", "wait", "clock", "now"};
    if (kTimePasses.contains(op)) return;  // the event's time says it
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

  // Whether a value may be one identifier after another.
  bool HasLives(const std::string& identifier) const {
    const std::string family = identifier.substr(0, identifier.find_first_of(":/"));
    return std::any_of(
        out_.policy.namespaces.begin(), out_.policy.namespaces.end(),
        [&](const NamespacePolicy& ns) { return ns.name == family && ns.validity_ms != 0; });
  }

  void CheckExpectation(const google::protobuf::ListValue& groups) {
    std::set<std::string> seen;
    for (const JsonValue& group : groups.values()) {
      for (const std::string& member : TextsOf(&group)) {
        if (!seen.insert(member).second && !HasLives(member))
          Stop("it hangs one identifier on two people");
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
