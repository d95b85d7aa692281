// `segments`: what questions about segments cost over a store of records with facts. A pass over everybody, beside the same people read one
// by one; the members of 1, 20, 200 and 1,000 segments counted, beside that pass; and which of them a person at random is in.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/substitute.h"
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
constexpr std::int64_t kTrafficDays = 365;  // so that windows take some events and leave others

std::vector<Record> YearOfEvents(const Sizes& sizes) {
  std::vector<Record> records = EventsOf(sizes);
  const std::int64_t first_ms = *records.front().time_ms;
  const auto count = static_cast<std::int64_t>(records.size());
  for (std::int64_t n = 0; n < count; ++n) {
    Record& record = records[static_cast<std::size_t>(n)];
    record.time_ms = first_ms + n * (kTrafficDays * kDayMs / count);
    record.facts = WriteFacts(FactsForSegments(static_cast<std::uint64_t>(n)));
  }
  return records;
}

// Whether somebody is in the first two segments, by additions over the records.
struct Said {
  bool likes = false;    // interest.0 or brand.0
  bool ordered = false;  // once or more within 7 days
};

struct Store {
  std::string path;
  std::uint64_t events = 0;
  std::vector<ProfileId> people;  // in order of id
  absl::flat_hash_map<std::uint64_t, Said> said;
};

void Add(std::uint64_t number, bool recent, Said* said) {
  const Facts facts = FactsForSegments(number);
  for (const Tag& tag : facts.tags)
    said->likes |= tag.name == "interest.0" || tag.name == "brand.0";
  said->ordered |= recent && facts.events.front().type == "order";
}

Store Fill(const Sizes& sizes, std::string path) {
  const std::vector<Record> records = YearOfEvents(sizes);
  Store store;
  store.path = std::move(path);
  store.events = records.size();
  const auto engine = OpenUnder(SegmentsPolicy(), store.path);
  Feed(From(records), records.size(), sizes.batch, engine.get());
  OrStop(engine->Checkpoint());
  const View view = engine->Read();
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    store.people.push_back(id);
    return true;
  });
  for (std::size_t n = 0; n < records.size(); ++n) {
    const RecordIdentifier& first = records[n].identifiers.front();
    Add(n, *records[n].time_ms > *records.back().time_ms - 7 * kDayMs,
        &store.said[view.Resolve({first.ns, first.value}).profile->value]);
  }
  Check(store.said.size() == store.people.size(), "somebody's profile has no record");
  return store;
}

// Opened again for each question, so that nothing which another one read is kept.
std::unique_ptr<Engine> Reopened(const Store& store) {
  return OrStop(Engine::Open(store.path, {.durability = Durability::kWal}));
}

double SecondsOfPass(const Store& store) {
  const auto engine = Reopened(store);
  std::uint64_t rows = 0;
  const double seconds = SecondsOf([&] {
    OrStop(engine->Read().ForEachPerson([&](const Person& person) {
      rows += person.rows->size();
      return true;
    }));
  });
  Check(rows == store.events, "a pass has not every record");
  return seconds;
}

double SecondsOneByOne(const Store& store) {
  const auto engine = Reopened(store);
  const View view = engine->Read();
  std::uint64_t rows = 0;
  const double seconds = SecondsOf([&] {
    for (const ProfileId id : store.people) rows += OrStop(view.ReadPerson(id)).rows->size();
  });
  Check(rows == store.events, "the people have not every record");
  return seconds;
}

struct Counted {
  std::size_t segments = 0;
  std::vector<double> seconds;
  std::uint64_t memberships = 0;  // that are true
};

void CheckCounts(const Store& store, const SegmentCounts& counts) {
  SegmentCount likes{counts.segments.front().name};
  std::uint64_t ordered = 0;
  for (const auto& [id, said] : store.said) {
    likes.members += said.likes ? 1 : 0;
    ordered += said.ordered ? 1 : 0;
  }
  Check(counts.people == store.people.size(), "not everybody was counted");
  Check(counts.segments.front() == likes, "a segment of tags has other members");
  Check(counts.segments.size() < 2 || counts.segments[1].members == ordered,
        "a segment of events has other members");
}

void Count(const Store& store, Counted* counted) {
  const auto engine = Reopened(store);
  const SegmentReader reader =
      OrStop(SegmentReader::Make(engine->Read(), {.definitions = WithSegments(counted->segments)}));
  SegmentCounts counts;
  counted->seconds.push_back(SecondsOf([&] { counts = OrStop(reader.Count()); }));
  CheckCounts(store, counts);
  counted->memberships = 0;
  for (const SegmentCount& segment : counts.segments) counted->memberships += segment.members;
}

void PrintCount(const Sizes& sizes, const Store& store, const Counted& counted, double pass) {
  const double seconds = Median(counted.seconds);
  const auto people = static_cast<double>(store.people.size());
  const double asked = people * static_cast<double>(counted.segments);
  Row("segments-count-" + std::to_string(counted.segments))
      .Add("segments", counted.segments)
      .Add("people", people)
      .Add("member_percent", 100 * static_cast<double>(counted.memberships) / asked)
      .Add("people_per_second", people / seconds)
      .Add("ns_per_membership", seconds * 1e9 / asked)
      .Add("of_pass", pass / seconds)
      .Print(sizes);
}

void RunPasses(const Sizes& sizes, const Store& store, std::span<const std::size_t> segments,
               std::size_t rounds) {
  std::vector<double> passes, ones;
  std::vector<Counted> counts;
  for (const std::size_t count : segments) counts.push_back({count, {}});
  Progress progress("passes", rounds * (2 + counts.size()));
  std::uint64_t done = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    ones.push_back(SecondsOneByOne(store));
    progress.Update(++done);
    passes.push_back(SecondsOfPass(store));
    progress.Update(++done);
    for (Counted& counted : counts) {
      Count(store, &counted);
      progress.Update(++done);
    }
  }
  const double pass = Median(std::move(passes));
  const double one_by_one = Median(std::move(ones));
  const auto people = static_cast<double>(store.people.size());
  Row("segments-pass")
      .Add("events", store.events)
      .Add("people", people)
      .Add("rounds", rounds)
      .Add("people_per_second", people / pass)
      .Add("one_by_one_per_second", people / one_by_one)
      .Add("of_one_by_one", one_by_one / pass)
      .Print(sizes);
  for (const Counted& counted : counts) PrintCount(sizes, store, counted, pass);
}

// Each person once before the clock is started, so that their facts are kept.
void RunOf(const Sizes& sizes, const Store& store, std::size_t segments, std::size_t questions) {
  const auto engine = Reopened(store);
  const View view = engine->Read();
  const SegmentReader reader =
      OrStop(SegmentReader::Make(view, {.definitions = WithSegments(segments)}));
  std::mt19937_64 random(11);
  std::vector<ProfileId> asked;
  while (asked.size() < questions) asked.push_back(store.people[random() % store.people.size()]);
  for (const ProfileId id : asked) OrStop(view.ReadPerson(id).status());
  std::vector<double> reads, answers;
  for (const ProfileId id : asked) {
    reads.push_back(SecondsOf([&] { OrStop(view.ReadPerson(id).status()); }));
    std::vector<std::optional<bool>> verdicts;
    answers.push_back(SecondsOf([&] { verdicts = OrStop(reader.Of(id)); }));
    const Said& said = store.said.at(id.value);
    Check(verdicts.size() == segments && verdicts[0] == said.likes &&
              (segments < 2 || verdicts[1] == said.ordered),
          "somebody is in other segments");
  }
  std::sort(answers.begin(), answers.end());
  Row("segments-of")
      .Add("segments", segments)
      .Add("questions", questions)
      .Add("of_us", Median(answers) * 1e6)
      .Add("of_p99_us", answers[answers.size() * 99 / 100] * 1e6)
      .Add("read_us", Median(std::move(reads)) * 1e6)
      .Print(sizes);
}

struct Options {
  Sizes sizes;
  std::vector<std::size_t> segments = {1, 20, 200, 1'000};
  std::size_t rounds = 3;
  std::size_t questions = 2'000;
};

void RunSegments(const Options& options) {
  const Folder folder(options.sizes);
  const Store store = Fill(options.sizes, folder / "engine");
  RunPasses(options.sizes, store, options.segments, options.rounds);
  RunOf(options.sizes, store, std::ranges::max(options.segments), options.questions);
}

}  // namespace

void AddSegmentsCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "segments", "Members of segments counted, and segments of people.",
                  Events::kMade, &options->sizes);
  command->add_option("--segments", options->segments, "counted at a time, a row for each")
      ->check(CLI::Range(std::size_t{1}, kMostSegments))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "passes of each kind")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->add_option("--questions", options->questions, "people whose segments are asked for")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->callback([options] { RunSegments(*options); });
}

}  // namespace polyonym::workload
