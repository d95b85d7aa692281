// `profile-read`: profiles by identifiers at random, one thread, after the store was opened again and then warm, beside what a table of
// finished profiles would take: a look-up in a hash table, and decoding bytes of about the same content.
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

void RunProfileRead(const Sizes& sizes, std::size_t count) {
  const std::vector<Record> records = EventsWithFacts(sizes);
  const std::vector<Identifier> questions = Questions(records, count);
  const auto first = std::span(questions).first(std::max<std::size_t>(1, count / 20));
  const Folder folder(sizes);
  const std::string path = folder / "engine";
  {
    const auto engine = OpenUnder(ProfilePolicy(), path);
    Feed(From(records), records.size(), sizes.batch, engine.get());
    OrStop(engine->Checkpoint());
  }
  LetGoOfPages(path);
  const auto engine = OrStop(Engine::Open(path, {.durability = Durability::kWal}));
  const View view = engine->Read();
  const auto read = [&](const Identifier& i) {
    const Profile profile = OrStop(view.ReadProfile(i));
    return profile.traits.size() + profile.tags.size() + profile.timeline.size();
  };
  const Reads cold = ReadAll(first, read);

  const FinishedProfiles finished(view);
  const auto decode = [&](const Identifier& i) {
    const Facts facts = finished.Read(i);
    return facts.traits.size() + facts.tags.size() + facts.events.size();
  };
  Check(cold.facts == ReadAll(first, decode).facts, "the reopened store says something else");
  ReadAll(questions, read);  // warm
  const Reads warm = ReadAll(questions, read);
  ReadAll(questions, decode);
  const Reads bare = ReadAll(questions, decode);
  Check(warm.facts == bare.facts, "a profile is not what it was when it was finished");

  const auto asked = static_cast<double>(count);
  Row("profile-read")
      .Add("events", records.size())
      .Add("questions", count)
      .Add("profiles", view.GetStats().profiles)
      .Add("bytes_per_profile", finished.bytes_per_profile())
      .Add("facts_per_read", static_cast<double>(warm.facts) / asked)
      .Add("cold_reads_per_second", static_cast<double>(first.size()) / cold.seconds)
      .Add("reads_per_second", asked / warm.seconds)
      .Add("bare_per_second", asked / bare.seconds)
      .Add("of_bare", bare.seconds / warm.seconds)
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
