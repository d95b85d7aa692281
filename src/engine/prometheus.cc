// One table says every metric: its name, type and help, and where its samples come from.
#include "polyonym/engine/prometheus.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polyonym {
namespace {

using M = EngineMetrics;

// A number that is written with so many decimals: 9 of nanoseconds are seconds.
struct Scaled {
  std::uint64_t number = 0;
  int decimals = 0;
};
constexpr Scaled Seconds(std::uint64_t ns) { return {ns, 9}; }
constexpr Scaled SecondsOfMs(std::int64_t ms) { return {static_cast<std::uint64_t>(ms), 3}; }

struct Sample {
  std::string_view labels;
  Scaled (*read)(const M&);
};
struct Family {
  std::string_view name;  // behind `polyonym_`
  std::string_view type;
  std::string_view help;
  std::vector<Sample> samples;
};
struct TimeSample {
  std::string_view labels;
  LatencyHistogram M::*histogram;
};
struct TimeFamily {
  std::string_view name;
  std::string_view help;
  std::vector<TimeSample> samples;
};

template <std::uint64_t M::*kField>
Scaled Number(const M& m) {
  return {m.*kField, 0};
}
template <std::uint64_t PagedMemory::*kField>
Scaled Paged(const M& m) {
  return {m.paged.*kField, 0};
}
template <std::uint64_t M::*kField>
Scaled Time(const M& m) {
  return Seconds(m.*kField);
}
template <std::int64_t M::*kField>
Scaled Instant(const M& m) {
  return SecondsOfMs(m.*kField);
}
template <bool M::*kField>
Scaled Flag(const M& m) {
  return {m.*kField ? std::uint64_t{1} : 0, 0};
}
template <std::size_t kKind>
Scaled Changes(const M& m) {
  return {m.changes[kKind], 0};
}
template <std::uint64_t ResidentBytes::*kPart>
Scaled Resident(const M& m) {
  return {m.resident.*kPart, 0};
}

constexpr std::string_view kCounter = "counter";
constexpr std::string_view kGauge = "gauge";

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      // ---- done since opening ----
      {"records_total",
       kCounter,
       "Records of Apply calls that succeeded.",
       {{R"(outcome="applied")", Number<&M::records_applied>},
        {R"(outcome="unchanged")", Number<&M::records_unchanged>},
        {R"(outcome="held")", Number<&M::records_held>},
        {R"(outcome="rejected")", Number<&M::records_rejected>}}},
      {"held_identifiers_total",
       kCounter,
       "Identifiers that policy left out of applied records.",
       {{"", Number<&M::held_identifiers>}}},
      {"retracted_records_total",
       kCounter,
       "Records taken back.",
       {{"", Number<&M::retracted_records>}}},
      {"rejudged_records_total",
       kCounter,
       "Records judged again under a new policy.",
       {{"", Number<&M::rejudged_records>}}},
      {"expired_links_total",
       kCounter,
       "Links whose lifetime ended as the clock was advanced.",
       {{"", Number<&M::expired_links>}}},
      {"folded_records_total",
       kCounter,
       "Records that are not kept any more, since a horizon moved.",
       {{"", Number<&M::folded_records>}}},
      {"changes_total",
       kCounter,
       "Changes of profiles, of what they are members of, and of watched traits and tags.",
       {{R"(kind="created")", Changes<0>},
        {R"(kind="merged")", Changes<1>},
        {R"(kind="split")", Changes<2>},
        {R"(kind="moved")", Changes<3>},
        {R"(kind="joined")", Changes<4>},
        {R"(kind="gone")", Changes<5>},
        {R"(kind="entered")", Changes<6>},
        {R"(kind="left")", Changes<7>},
        {R"(kind="trait")", Changes<8>},
        {R"(kind="tag")", Changes<9>}}},
      {"feed_rows_total",
       kCounter,
       "Rows of the feed: calls that changed a profile.",
       {{"", Number<&M::feed_rows>}}},
      {"replays_total",
       kCounter,
       "Runs of the rule over touched profiles.",
       {{"", Number<&M::replays>}}},
      {"replayed_profiles_total",
       kCounter,
       "Profiles that such runs took in.",
       {{"", Number<&M::replayed_profiles>}}},
      {"guards_tripped_total",
       kCounter,
       "Identifiers that became shared.",
       {{"", Number<&M::guards_tripped>}}},
      {"guards_released_total",
       kCounter,
       "Identifiers that ceased to be shared.",
       {{"", Number<&M::guards_released>}}},
      {"logged_bytes_total",
       kCounter,
       "Bytes written to the log.",
       {{"", Number<&M::logged_bytes>}}},
      {"checkpoints_total", kCounter, "Checkpoints written.", {{"", Number<&M::checkpoints>}}},
      {"checkpoint_bytes_total",
       kCounter,
       "Bytes written by checkpoints.",
       {{"", Number<&M::checkpoint_bytes>}}},
      {"checkpoint_failures_total",
       kCounter,
       "Checkpoints that could not be written.",
       {{"", Number<&M::checkpoint_failures>}}},
      {"write_stalls_total",
       kCounter,
       "Times that the store slowed or stopped writes.",
       {{"", Number<&M::write_stalls>}}},
      {"write_stalled_seconds_total",
       kCounter,
       "Time that it did so.",
       {{"", Time<&M::write_stalled_ns>}}},
      {"slow_batches_total",
       kCounter,
       "Apply calls that took longer than slow_batch_ms.",
       {{"", Number<&M::slow_batches>}}},
      {"dropped_events_total",
       kCounter,
       "Events that on_event was too slow to be told of.",
       {{"", Number<&M::dropped_events>}}},
      {"dropped_pages_total",
       kCounter,
       "Pages of the index dropped from memory to keep its budget.",
       {{"", Paged<&PagedMemory::dropped_pages>}}},
      {"read_ahead_pages_total",
       kCounter,
       "Of them, read again before they were touched.",
       {{"", Paged<&PagedMemory::read_ahead_pages>}}},
      // ---- as it stands ----
      {"sequence", kGauge, "The last commit.", {{"", Number<&M::sequence>}}},
      {"unsynced_commits",
       kGauge,
       "Commits that a power cut may take.",
       {{"", Number<&M::unsynced_commits>}}},
      {"policy_version",
       kGauge,
       "How many policies were put in force.",
       {{"", Number<&M::policy_version>}}},
      {"clock_timestamp_seconds",
       kGauge,
       "The store's clock, since 1970; 0 where it never moved.",
       {{"", Instant<&M::clock_ms>}}},
      {"newest_record_timestamp_seconds",
       kGauge,
       "The latest time of a record, since 1970.",
       {{"", Instant<&M::newest_record_ms>}}},
      {"graphs",
       kGauge,
       "Graphs; what follows to refused links is of the first.",
       {{"", Number<&M::graphs>}}},
      {"stored_records", kGauge, "Records ever stored.", {{"", Number<&M::records>}}},
      {"standing_records",
       kGauge,
       "Records not superseded or retracted.",
       {{"", Number<&M::standing_records>}}},
      {"held_records", kGauge, "Records that policy holds.", {{"", Number<&M::held_records>}}},
      {"identifiers", kGauge, "Identifiers ever seen.", {{"", Number<&M::identifiers>}}},
      {"live_identifiers",
       kGauge,
       "Identifiers named by a live record.",
       {{"", Number<&M::live_identifiers>}}},
      {"shared_identifiers",
       kGauge,
       "Identifiers that a guard keeps apart.",
       {{"", Number<&M::shared_identifiers>}}},
      {"profiles", kGauge, "Groups of live identifiers.", {{"", Number<&M::profiles>}}},
      {"links", kGauge, "Pairs with evidence.", {{"", Number<&M::links>}}},
      {"refused_links", kGauge, "Of them, refused.", {{"", Number<&M::refused_links>}}},
      {"pinned_views",
       kGauge,
       "Views that are held, and a checkpoint at work.",
       {{"", Number<&M::pinned_views>}}},
      {"oldest_pin_commits",
       kGauge,
       "Commits since the oldest view that is held.",
       {{"", Number<&M::oldest_pin_commits>}}},
      {"waiting_calls",
       kGauge,
       "Calls that write, at work or waiting.",
       {{"", Number<&M::waiting_calls>}}},
      {"log_since_checkpoint_bytes",
       kGauge,
       "Log that is taken again when the store is opened.",
       {{"", Number<&M::log_since_checkpoint_bytes>}}},
      {"resident_bytes",
       kGauge,
       "Memory of the index.",
       {{R"(part="identifiers")", Resident<&ResidentBytes::identifiers>},
        {R"(part="profiles")", Resident<&ResidentBytes::profiles>},
        {R"(part="links")", Resident<&ResidentBytes::links>},
        {R"(part="mentions")", Resident<&ResidentBytes::mentions>},
        {R"(part="records")", Resident<&ResidentBytes::records>},
        {R"(part="renames")", Resident<&ResidentBytes::renames>},
        {R"(part="values")", Resident<&ResidentBytes::values>},
        {R"(part="identifier_hashes")", Resident<&ResidentBytes::identifier_hashes>},
        {R"(part="link_hashes")", Resident<&ResidentBytes::link_hashes>},
        {R"(part="record_hashes")", Resident<&ResidentBytes::record_hashes>},
        {R"(part="segments")", Resident<&ResidentBytes::segments>}}},
      {"memory_budget_bytes",
       kGauge,
       "Bound on the memory of the index; 0: none.",
       {{"", Paged<&PagedMemory::budget_bytes>}}},
      {"paged_bytes",
       kGauge,
       "Memory of the index where it has a budget, by where it is.",
       {{R"(place="memory")", Paged<&PagedMemory::resident_bytes>},
        {R"(place="all")", Paged<&PagedMemory::allocated_bytes>}}},
      {"store_bytes", kGauge, "Disk.", {{"", Number<&M::store_bytes>}}},
      {"write_stalled",
       kGauge,
       "1 while the store slows or stops writes.",
       {{"", Flag<&M::write_stalled>}}},
      {"read_only",
       kGauge,
       "1 after a failed write, until the store is opened again.",
       {{"", Flag<&M::read_only>}}},
  };
  return families;
}

const std::vector<TimeFamily>& TimeFamilies() {
  static const std::vector<TimeFamily> families = {
      {"call_duration_seconds",
       "Calls that write, from beginning to end.",
       {{R"(call="apply")", &M::apply},
        {R"(call="retract")", &M::retract},
        {R"(call="set_policy")", &M::set_policy},
        {R"(call="advance_to")", &M::advance_to},
        {R"(call="move_horizon")", &M::move_horizon}}},
      {"commit_duration_seconds", "Commits to the store.", {{"", &M::commit}}},
      {"sync_duration_seconds",
       "Syncs of the log that were not part of a commit.",
       {{"", &M::sync}}},
      {"checkpoint_duration_seconds", "Checkpoints, failed ones included.", {{"", &M::checkpoint}}},
  };
  return families;
}

void Append(Scaled value, std::string* out) {
  std::string digits = std::to_string(value.number);
  const auto decimals = static_cast<std::size_t>(value.decimals);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  std::string fraction = digits.substr(digits.size() - decimals);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  out->append(digits, 0, digits.size() - decimals);
  if (!fraction.empty()) out->append(".").append(fraction);
}

class Writer {
 public:
  void Head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "polyonym_";
    name_ += name;
    out_.append("# HELP ").append(name_).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
  }
  void Line(std::string_view suffix, std::string_view store, std::string_view labels,
            std::string_view bound, Scaled value) {
    out_.append(name_).append(suffix);
    char open = '{';
    for (const std::string_view label : {store, labels, bound}) {
      if (label.empty()) continue;
      out_.append(1, open).append(label);
      open = ',';
    }
    if (open == ',') out_.append("}");
    out_.append(" ");
    Append(value, &out_);
    out_.append("\n");
  }
  void Histogram(std::string_view store, std::string_view labels, const LatencyHistogram& h) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
      below += h.buckets[i];
      if (i % LatencyHistogram::kSteps != 0 || i + 1 == LatencyHistogram::kBuckets) continue;
      std::string bound = "le=\"";
      Append(Seconds(LatencyHistogram::UpperBoundNs(i)), &bound);
      Line("_bucket", store, labels, bound + "\"", {below, 0});
    }
    Line("_bucket", store, labels, "le=\"+Inf\"", {below, 0});
    Line("_sum", store, labels, "", Seconds(h.sum_ns));
    Line("_count", store, labels, "", {below, 0});
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string name_;
  std::string out_;
};

struct Source {
  std::string label;  // empty: none
  const EngineMetrics* metrics;
};

std::string Write(const std::vector<Source>& sources) {
  Writer out;
  for (const Family& family : Families()) {
    out.Head(family.name, family.type, family.help);
    for (const Source& source : sources) {
      for (const Sample& sample : family.samples)
        out.Line("", source.label, sample.labels, "", sample.read(*source.metrics));
    }
  }
  for (const TimeFamily& family : TimeFamilies()) {
    out.Head(family.name, "histogram", family.help);
    for (const Source& source : sources) {
      for (const TimeSample& sample : family.samples)
        out.Histogram(source.label, sample.labels, source.metrics->*sample.histogram);
    }
  }
  return out.Take();
}

std::string StoreLabel(std::string_view name) {
  std::string label = "store=\"";
  for (const char c : name) {
    if (c == '\\' || c == '"') label.push_back('\\');
    label += c == '\n' ? "\\n" : std::string(1, c);
  }
  return label + "\"";
}

}  // namespace

std::string PrometheusText(const EngineMetrics& metrics) { return Write({{"", &metrics}}); }

std::string PrometheusText(std::span<const StoreMetrics> stores) {
  std::vector<Source> sources;
  for (const StoreMetrics& store : stores)
    sources.push_back({StoreLabel(store.store), &store.metrics});
  return Write(sources);
}

}  // namespace polyonym
