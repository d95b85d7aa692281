// `profile-read`: profiles by identifiers at random, one thread, beside what a table of finished profiles would take: a look-up in a hash
// table, and decoding bytes of about the same content. Of a store that is opened again, then warm, with and without the engine's cache of
// facts; and of a few people again and again, whom the cache holds.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "absl/container/flat_hash_map.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/profile_traffic.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::size_t kFew = 1'000;  // questions, of people whose facts the engine can keep

// The profile as facts: its traits, its tags with their scores, and the page of its timeline.
Facts Finished(const Profile& profile) {
  Facts out;
  for (const ProfileTrait& trait : profile.traits)
    out.traits.push_back({trait.name, trait.values.front(), {}, ""});
  for (const ProfileTag& tag : profile.tags) {
    Tag& finished = out.tags.emplace_back();
    finished.name = tag.name;
    finished.weight_micros = static_cast<std::int64_t>(tag.score * 1e6);
    finished.time_ms = tag.last_ms;
  }
  for (const TimelineEvent& told : profile.timeline) {
    out.events.push_back(told.event);
    out.events.back().time_ms = told.from.time_ms;
  }
  return out;
}

class FinishedProfiles {
 public:
  explicit FinishedProfiles(const View& view) {
    view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
      for (const Identifier& i : members) numbers_.try_emplace(i, profiles_.size());
      profiles_.push_back(WriteFacts(Finished(OrStop(view.ReadProfile(id)))));
      bytes_ += profiles_.back().size();
      return true;
    });
  }
  Facts Read(const Identifier& identifier) const {
    return OrStop(ReadFacts(profiles_[numbers_.at(identifier)]));
  }
  double bytes_per_profile() const {
    return static_cast<double>(bytes_) / static_cast<double>(profiles_.size());
  }

 private:
  absl::flat_hash_map<Identifier, std::size_t> numbers_;
  std::vector<std::string> profiles_;
  std::uint64_t bytes_ = 0;
};

std::vector<Identifier> Questions(std::span<const Record> records, std::size_t count) {
  std::mt19937_64 random(11);
  std::vector<Identifier> out;
  while (out.size() < count) {
    const auto& named = records[random() % records.size()].identifiers;
    const RecordIdentifier& i = named[random() % named.size()];
    out.push_back({i.ns, i.value});
  }
  return out;
}

// `read` says how many traits, tags and events it has.
struct Reads {
  double seconds = 0;
  std::uint64_t facts = 0;
};
template <class Read>
Reads ReadAll(std::span<const Identifier> questions, const Read& read) {
  Reads out;
  out.seconds = SecondsOf([&] {
    for (const Identifier& i : questions) out.facts += read(i);
  });
  return out;
}

// So that a store that is opened again is read from the disk, where the system heeds it.
void LetGoOfPages(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::fdatasync(file);  // pages that are not written are kept
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

// Of an engine that is opened again; `first` is read before anything else.
struct Opened {
  Reads cold;
  Reads warm;
  Reads few;
};

Opened ReadOpened(const Engine& engine, std::span<const Identifier> first,
                  std::span<const Identifier> questions, std::span<const Identifier> few) {
  const View view = engine.Read();
  const auto read = [&](const Identifier& i) {
    const Profile profile = OrStop(view.ReadProfile(i));
    return profile.traits.size() + profile.tags.size() + profile.timeline.size();
  };
  Opened out;
  out.cold = ReadAll(first, read);
  ReadAll(questions, read);
  out.warm = ReadAll(questions, read);
  ReadAll(few, read);
  out.few = ReadAll(few, read);
  return out;
}

void RunProfileRead(const Sizes& sizes, std::size_t count) {
  const std::vector<Record> records = EventsWithFacts(sizes);
  const std::vector<Identifier> questions = Questions(records, count);
  const auto first = std::span(questions).first(std::max<std::size_t>(1, count / 20));
  std::vector<Identifier> few;
  for (std::size_t i = 0; i < count; ++i) few.push_back(questions[i % std::min(kFew, count)]);
  const Folder folder(sizes);
  const std::string path = folder / "engine";
  {
    const auto engine = OpenUnder(ProfilePolicy(), path);
    Feed(From(records), records.size(), sizes.batch, engine.get());
    OrStop(engine->Checkpoint());
  }
  EngineOptions options;
  options.durability = Durability::kWal;
  options.profile_cache_bytes = 0;
  const Opened uncached = ReadOpened(*OrStop(Engine::Open(path, options)), first, questions, few);
  LetGoOfPages(path);
  options.profile_cache_bytes = EngineOptions().profile_cache_bytes;
  const auto engine = OrStop(Engine::Open(path, options));
  const Opened cached = ReadOpened(*engine, first, questions, few);

  const FinishedProfiles finished(engine->Read());
  const auto decode = [&](const Identifier& i) {
    const Facts facts = finished.Read(i);
    return facts.traits.size() + facts.tags.size() + facts.events.size();
  };
  ReadAll(questions, decode);
  const Reads bare = ReadAll(questions, decode);
  ReadAll(few, decode);
  const Reads bare_few = ReadAll(few, decode);
  Check(cached.cold.facts == ReadAll(first, decode).facts,
        "the reopened store says something else");
  Check(cached.warm.facts == bare.facts && uncached.warm.facts == bare.facts &&
            cached.few.facts == bare_few.facts && uncached.few.facts == bare_few.facts,
        "a profile is not what it was when it was finished");

  const auto asked = static_cast<double>(count);
  Row("profile-read")
      .Add("events", records.size())
      .Add("questions", count)
      .Add("profiles", engine->Read().GetStats().profiles)
      .Add("bytes_per_profile", finished.bytes_per_profile())
      .Add("facts_per_read", static_cast<double>(bare.facts) / asked)
      .Add("cold_reads_per_second", static_cast<double>(first.size()) / cached.cold.seconds)
      .Add("reads_per_second", asked / cached.warm.seconds)
      .Add("uncached_reads_per_second", asked / uncached.warm.seconds)
      .Add("few_reads_per_second", asked / cached.few.seconds)
      .Add("bare_per_second", asked / bare.seconds)
      .Add("of_bare", bare.seconds / cached.warm.seconds)
      .Add("uncached_of_bare", bare.seconds / uncached.warm.seconds)
      .Add("few_of_bare", bare_few.seconds / cached.few.seconds)
      .Print(sizes);
}

}  // namespace

void AddProfileReadCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::size_t questions = 50'000;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddWorkload(app, "profile-read",
                                  "Profiles by identifiers, beside bare look-ups of finished ones.",
                                  Events::kOfFile, &options->sizes);
  command->add_option("--questions", options->questions, "identifiers asked for")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->callback([options] { RunProfileRead(options->sizes, options->questions); });
}

}  // namespace polyonym::workload
