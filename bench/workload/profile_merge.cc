// `profile-merge`: two people with ever more events each, the record that makes them one, and its retraction, each by the length of what
// they did; and a tag of many parts that decays.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "polyonym/profile/affinity.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/profile_traffic.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::uint64_t kSmallest = 10;  // events of each of the two
constexpr std::uint64_t kLargest = 100'000;
constexpr std::int64_t kHourMs = 3'600'000;

Identifier PhoneOf(std::uint64_t person) { return {"phone", std::to_string(100 + person)}; }

// A record of the person's phone and cookie.
Record Seen(std::uint64_t person, std::uint64_t number) {
  Record r = Numbered(number);
  r.identifiers = {{"phone", PhoneOf(person).value, Role::kSelf},
                   {"cookie", "c" + std::to_string(person), Role::kSelf}};
  return r;
}

Record Joining(std::uint64_t number) {
  Record r = Numbered(number);
  r.source = "join";
  r.identifiers = {{"phone", PhoneOf(0).value, Role::kSelf},
                   {"phone", PhoneOf(1).value, Role::kSelf}};
  return r;
}

std::uint64_t EventsOfPerson(const View& view, std::uint64_t person) {
  return OrStop(view.ReadProfile(PhoneOf(person))).events;
}

struct Medians {
  double merge = 0;
  double split = 0;
  double read = 0;  // of the two as one, once
};

// Joins the two and parts them again, so often.
Medians MergeAndSplit(Engine* engine, std::uint64_t each, std::size_t rounds) {
  const auto profiles = [&] { return engine->Read().GetStats().profiles; };
  std::vector<double> merges, splits;
  Medians out;
  for (std::size_t round = 0; round < rounds; ++round) {
    const Record joining = Joining(2 * each + round);
    const Stopwatch merge;
    OrStop(engine->Apply(std::span(&joining, 1)).status());
    merges.push_back(merge.Seconds());
    Check(profiles() == 1, "the two are not one");
    if (round + 1 == rounds) {
      const Stopwatch read;
      Check(EventsOfPerson(engine->Read(), 0) == 2 * each, "the one has not the events of both");
      out.read = read.Seconds();
    }
    RecordSelector selector;
    selector.source = joining.source;
    selector.record_id = joining.id;
    const Stopwatch split;
    OrStop(engine->Retract(selector).status());
    splits.push_back(split.Seconds());
    Check(profiles() == 2, "the one is not two again");
  }
  out.merge = Median(std::move(merges));
  out.split = Median(std::move(splits));
  return out;
}

Medians MeasureMerge(const Sizes& sizes, std::uint64_t each, std::size_t rounds) {
  const Folder folder(sizes);
  const auto engine = OpenUnder(ProfilePolicy(), folder / "engine");
  const Source events = Made([](std::uint64_t number) {
    Record r = Seen(number % 2, number);
    r.facts = WriteFacts(MadeFacts(number));
    return r;
  });
  Feed(events, 2 * each, sizes.batch, engine.get());
  const Medians out = MergeAndSplit(engine.get(), each, rounds);
  for (const std::uint64_t person : {0, 1})
    Check(EventsOfPerson(engine->Read(), person) == each, "a split gave back other events");
  Row("profile-merge-" + std::to_string(each))
      .Add("events", 2 * each)
      .Add("rounds", rounds)
      .Add("merge_us", out.merge * 1e6)
      .Add("split_us", out.split * 1e6)
      .Add("merged_read_us", out.read * 1e6)
      .Add("merged_read_us_per_event", out.read * 1e6 / static_cast<double>(2 * each))
      .Print(sizes);
  return out;
}

void RunMerges(const Sizes& sizes, std::size_t rounds) {
  const Medians smallest = MeasureMerge(sizes, kSmallest, rounds);
  Medians largest = smallest;
  std::uint64_t each = kSmallest;
  for (; each * 10 <= std::min(kLargest, sizes.events / 2); each *= 10)
    largest = MeasureMerge(sizes, each * 10, rounds);
  Row("profile-merge")
      .Add("smallest_events", 2 * kSmallest)
      .Add("largest_events", 2 * each)
      .Add("merge_of_smallest", largest.merge / smallest.merge)
      .Add("split_of_smallest", largest.split / smallest.split)
      .Add("read_of_smallest", largest.read / smallest.read)
      .Print(sizes);
}

TagDefinition Decaying() {
  TagDefinition tag;
  tag.name = "interest";
  tag.fold = TagFold::kDecayedSum;
  tag.half_life_ms = std::int64_t{30} * 24 * kHourMs;
  return tag;
}

// A part of the tag each hour.
std::vector<Record> Parts(const TagDefinition& definition, std::size_t count) {
  Facts facts;
  facts.tags.emplace_back().name = definition.name;
  std::vector<Record> out;
  for (std::size_t n = 0; n < count; ++n) {
    Record& r = out.emplace_back(Seen(0, n));
    *r.time_ms += static_cast<std::int64_t>(n) * kHourMs;
    facts.tags.front().weight_micros = static_cast<std::int64_t>(1 + n % 7) * 1'000'000;
    r.facts = WriteFacts(facts);
  }
  return out;
}

// Of the records themselves, without a store: decoding each, and the sum.
double BareScore(const TagDefinition& definition, std::span<const Record> records) {
  double score = 0;
  for (const Record& r : records) {
    const std::int64_t age_ms = *records.back().time_ms - *r.time_ms;
    const Facts facts = OrStop(ReadFacts(r.facts));
    score += static_cast<double>(facts.tags.front().weight_micros) / 1e6 *
             HalfLifeDecay(age_ms, definition.half_life_ms);
  }
  return score;
}

// Seconds of a read of the tag alone, with so many bytes for facts that were read before.
double ReadTag(const std::string& path, const Policy& policy, std::size_t cache_bytes,
               std::size_t rounds, std::size_t parts, double score) {
  const auto engine =
      OpenUnder(policy, path, {.durability = Durability::kWal, .profile_cache_bytes = cache_bytes});
  ProfileOptions tags_alone;
  tags_alone.traits = tags_alone.consents = tags_alone.ladders = tags_alone.contacts =
      tags_alone.relations = tags_alone.timeline = false;
  std::vector<double> seconds;
  for (std::size_t round = 0; round < rounds; ++round) {
    Profile profile;
    seconds.push_back(
        SecondsOf([&] { profile = OrStop(engine->Read().ReadProfile(PhoneOf(0), tags_alone)); }));
    Check(profile.tags.size() == 1 && profile.tags.front().count == parts &&
              std::abs(profile.tags.front().score - score) <= 1e-9 * score,
          "the tag's score is not the sum of its parts");
  }
  return Median(std::move(seconds));
}

void RunTag(const Sizes& sizes, std::size_t parts, std::size_t rounds) {
  const TagDefinition definition = Decaying();
  Policy policy = ProfilePolicy();
  policy.definitions.tags.push_back(definition);
  const std::vector<Record> records = Parts(definition, parts);
  double score = 0;
  std::vector<double> bares;
  for (std::size_t round = 0; round < rounds; ++round)
    bares.push_back(SecondsOf([&] { score = BareScore(definition, records); }));
  const double bare = Median(std::move(bares));
  const Folder folder(sizes);
  const std::string path = folder / "engine";
  Feed(From(records), parts, sizes.batch, OpenUnder(policy, path).get());
  const double read =
      ReadTag(path, policy, EngineOptions().profile_cache_bytes, rounds, parts, score);
  const double uncached = ReadTag(path, policy, 0, rounds, parts, score);
  Row("profile-tag")
      .Add("parts", parts)
      .Add("rounds", rounds)
      .Add("read_us", read * 1e6)
      .Add("uncached_read_us", uncached * 1e6)
      .Add("bare_us", bare * 1e6)
      .Add("of_bare", bare / read)
      .Add("uncached_of_bare", bare / uncached)
      .Print(sizes);
}

}  // namespace

void AddProfileMergeCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::size_t rounds = 101;
    std::size_t parts = 1'000;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddWorkload(
      app, "profile-merge", "Two people of 10, 100 ... 100,000 events, at most --events of both.",
      Events::kMade, &options->sizes);
  command->add_option("--rounds", options->rounds, "merges and splits of each size")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--parts", options->parts, "of the tag that decays")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->callback([options] {
    RunMerges(options->sizes, options->rounds);
    RunTag(options->sizes, options->parts, options->rounds);
  });
}

}  // namespace polyonym::workload
