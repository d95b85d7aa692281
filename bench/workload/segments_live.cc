// `segments-live`: what it costs to keep members of segments exact. The same records with facts into an engine without segments and into one
// with many; a clock that brings a million people their moment at once; and segments put in force over everybody.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/engine/segments.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/progress.h"
#include "workload/segment_policy.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;

std::vector<Record> RecordsOf(const Sizes& sizes) {
  std::vector<Record> records = EventsOf(sizes);
  for (std::size_t n = 0; n < records.size(); ++n)
    records[n].facts = WriteFacts(FactsForSegments(n));
  return records;
}

Policy PolicyWith(std::size_t segments, SegmentKind kind) {
  Policy policy = SegmentsPolicy();
  policy.definitions = WithSegments(segments, kind);
  return policy;
}

// What is kept must be what evaluating everybody says, of some segments.
void CheckMembers(const Engine& engine) {
  const View view = engine.Read();
  Definitions some = view.policy().definitions;
  some.segments.resize(std::min<std::size_t>(some.segments.size(), 12));
  const auto kept = OrStop(OrStop(SegmentReader::Make(view)).Count());
  const auto judged = OrStop(OrStop(SegmentReader::Make(view, {.definitions = some})).Count());
  for (std::size_t s = 0; s < judged.segments.size(); ++s)
    Check(kept.segments[s] == judged.segments[s], "members that are kept are not those judged");
}

struct Streamed {
  std::vector<double> rates;
  std::uint64_t entries = 0, exits = 0;
};

void Stream(const Sizes& sizes, const std::vector<Record>& records, std::size_t segments,
            SegmentKind kind, std::size_t facts_bytes, Streamed* out) {
  const Folder folder(sizes);
  const auto engine =
      OpenUnder(PolicyWith(segments, kind), folder / "engine", {.live_facts_bytes = facts_bytes});
  out->rates.push_back(Feed(From(records), records.size(), sizes.batch, engine.get()).rate());
  if (segments == 0) return;
  CheckMembers(*engine);
  out->entries = engine->Metrics().changes[static_cast<std::size_t>(ChangeKind::kEntered)];
  out->exits = engine->Metrics().changes[static_cast<std::size_t>(ChangeKind::kLeft)];
}

struct Options {
  Sizes sizes;
  std::size_t segments = 1'000;
  std::uint64_t due = 1'000'000;
  std::size_t rounds = 3;
  std::size_t facts_mib = EngineOptions().live_facts_bytes >> 20;
  std::vector<std::string> parts = {"narrow", "broad", "build", "due"};
  bool Has(std::string_view part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

void RunStreams(const Options& options) {
  const std::vector<Record> records = RecordsOf(options.sizes);
  Streamed without, narrow, broad;
  Progress progress("streams", options.rounds * 3);
  std::uint64_t done = 0;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Stream(options.sizes, records, 0, SegmentKind::kNarrow, 0, &without);
    progress.Update(++done);
    if (options.Has("narrow"))
      Stream(options.sizes, records, options.segments, SegmentKind::kNarrow,
             options.facts_mib << 20, &narrow);
    progress.Update(++done);
    if (options.Has("broad"))
      Stream(options.sizes, records, options.segments, SegmentKind::kBroad, options.facts_mib << 20,
             &broad);
    progress.Update(++done);
  }
  const double bare = Median(without.rates);
  for (const auto& [name, streamed] : {std::pair("narrow", &narrow), std::pair("broad", &broad)}) {
    if (!options.Has(name)) continue;
    Row(std::string("segments-live-") + name)
        .Add("events", records.size())
        .Add("segments", options.segments)
        .Add("rounds", options.rounds)
        .Add("facts_mib", options.facts_mib)
        .Add("events_per_second", Median(streamed->rates))
        .Add("without_per_second", bare)
        .Add("of_without", Median(streamed->rates) / bare)
        .Add("entries", streamed->entries)
        .Add("exits", streamed->exits)
        .Print(options.sizes);
  }
}

// Everybody did something once, most of them at different moments of one day, and leaves the segment a week later.
void RunDue(const Options& options) {
  const Folder folder(options.sizes);
  Policy policy = SegmentsPolicy();
  const auto engine =
      OpenUnder(policy, folder / "engine", {.durability = Durability::kWal, .live_facts_bytes = 0});
  const std::int64_t first = Numbered(0).time_ms.value_or(0);
  const auto made = Made([&](std::uint64_t number) {
    Record record = Numbered(number);
    record.time_ms = first + static_cast<std::int64_t>(number * 2'654'435'761 % kDayMs);
    record.identifiers = {{"openid/wx1", "o" + std::to_string(number), Role::kSelf}};
    record.facts = WriteFacts(MadeFacts(number));
    return record;
  });
  Feed(made, options.due, options.sizes.batch, engine.get());
  policy.definitions.segments = {{"recent", "did(any event within 7 days)", ""},
                                 {"silent", "not did(any event within 7 days)", ""}};
  const double build = SecondsOf([&] { OrStop(engine->SetPolicy(policy)); });
  const std::uint64_t kept = engine->Metrics().resident.segments;
  std::uint64_t turned = 0;
  const double advance =
      SecondsOf([&] { turned = OrStop(engine->AdvanceTo(first + 8 * kDayMs + 1)).changes.size(); });
  Check(turned == 2 * options.due, "not everybody left, and came");
  const auto people = static_cast<double>(options.due);
  Row("segments-live-due")
      .Add("people", people)
      .Add("build_seconds", build)
      .Add("built_per_second", people / build)
      .Add("advance_seconds", advance)
      .Add("due_per_second", people / advance)
      .Add("bytes_per_person", static_cast<double>(kept) / people)
      .Print(options.sizes);
}

// Segments put in force over a store that has people.
void RunBuild(const Options& options) {
  const std::vector<Record> records = RecordsOf(options.sizes);
  const Folder folder(options.sizes);
  const auto engine = OpenUnder(SegmentsPolicy(), folder / "engine");
  Feed(From(records), records.size(), options.sizes.batch, engine.get());
  const std::uint64_t people = engine->Read().CountProfiles();
  const double build = SecondsOf(
      [&] { OrStop(engine->SetPolicy(PolicyWith(options.segments, SegmentKind::kNarrow))); });
  const SegmentCounts counts = OrStop(OrStop(SegmentReader::Make(engine->Read())).Count());
  std::uint64_t memberships = 0;
  for (const SegmentCount& segment : counts.segments) memberships += segment.members;
  Row("segments-live-build")
      .Add("people", people)
      .Add("segments", options.segments)
      .Add("seconds", build)
      .Add("people_per_second", static_cast<double>(people) / build)
      .Add("memberships", memberships)
      .Add("bytes_per_membership", static_cast<double>(engine->Metrics().resident.segments) /
                                       static_cast<double>(memberships))
      .Print(options.sizes);
}

}  // namespace

void AddSegmentsLiveCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddWorkload(app, "segments-live",
                                  "Members of segments kept exact: beside records that come, and "
                                  "as time goes by.",
                                  Events::kMade, &options->sizes);
  command->add_option("--segments", options->segments, "in force")
      ->check(CLI::Range(std::size_t{1}, kMostSegments))
      ->capture_default_str();
  command->add_option("--due", options->due, "people whose moment comes at once")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "streams of each kind")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command
      ->add_option(
          "--facts-mib", options->facts_mib,
          "memory for facts of people who were looked at lately (EngineOptions::live_facts_bytes)")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command->add_option("--parts", options->parts, "what is measured")
      ->check(CLI::IsMember({"narrow", "broad", "build", "due"}))
      ->capture_default_str();
  command->callback([options] {
    if (options->Has("narrow") || options->Has("broad")) RunStreams(*options);
    if (options->Has("build")) RunBuild(*options);
    if (options->Has("due")) RunDue(*options);
  });
}

}  // namespace polyonym::workload
