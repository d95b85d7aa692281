// `profile-stream`: records with facts into an engine on disk, and in the same run bare RocksDB appends of the bytes that it wrote, in as
// many commits. bench/rivals/run.py runs it beside other systems on the same records.
#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "workload/commands.h"
#include "workload/limits.h"
#include "workload/measure.h"
#include "workload/profile_traffic.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::size_t kCompared = 1'000;  // profiles

// What the records of one person say in sum.
struct Sum {
  std::uint64_t events = 0;
  std::int64_t spent = 0;
  std::int64_t weight_micros = 0;  // of all tags
  std::string city;
  friend bool operator==(const Sum&, const Sum&) = default;
};

Sum SumOf(const Profile& profile) {
  Sum out;
  out.events = profile.events;
  for (const ProfileTrait& trait : profile.traits) {
    const Value& value = trait.values.front();
    if (trait.name == "spent") out.spent = std::get<Money>(value.is).minor_units;
    if (trait.name == "city") out.city = std::get<std::string>(value.is);
  }
  for (const ProfileTag& tag : profile.tags) out.weight_micros += std::llround(tag.score * 1e6);
  return out;
}

// Stops the program where a profile is not what the records say, whose first identifiers lead to it.
void CheckProfiles(const View& view, std::span<const Record> records) {
  absl::flat_hash_map<std::uint64_t, Sum> sums;
  for (std::size_t n = 0; n < records.size(); ++n) {
    const RecordIdentifier& first = records[n].identifiers.front();
    Sum& sum = sums[view.Resolve({first.ns, first.value}).profile->value];
    const Facts facts = MadeFacts(n);
    ++sum.events;
    sum.spent += facts.events.front().value->minor_units;
    for (const Tag& tag : facts.tags) sum.weight_micros += tag.weight_micros;
    sum.city = std::get<std::string>(facts.traits.front().value.is);
  }
  Check(view.GetStats().profiles == sums.size(), "somebody's profile has no record");
  std::size_t compared = 0;
  for (const auto& [id, sum] : sums) {
    Check(SumOf(OrStop(view.ReadProfile(ProfileId{id}))) == sum,
          "a profile is not the sum of its records");
    if (++compared == kCompared) break;
  }
}

void WriteGroups(const View& view, const std::string& path) {
  std::ofstream file(path);
  view.ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    for (const Identifier& i : members) file << i.ns << ':' << i.value << '\t';
    file << '\n';
    return true;
  });
}

void RunProfileStream(const Sizes& sizes, const std::string& groups) {
  const std::vector<Record> records = EventsWithFacts(sizes);
  std::uint64_t facts_bytes = 0;
  for (const Record& r : records) facts_bytes += r.facts.size();
  const Folder folder(sizes);
  Commits commits;
  Stats stats;
  std::uint64_t logged = 0;
  {
    const auto engine = OpenUnder(ProfilePolicy(), folder / "engine");
    commits = Feed(From(records), records.size(), sizes.batch, engine.get());
    const View view = engine->Read();
    stats = view.GetStats();
    logged = engine->Metrics().logged_bytes;
    CheckProfiles(view, records);
    if (!groups.empty()) WriteGroups(view, groups);
  }
  Check(stats.profiles == UniteBare(records).components,
        "profiles are not the components of union-find");
  const double appends =
      BareAppends(folder / "bare", commits.seconds.size(), logged, /*sync=*/false);
  const auto events = static_cast<double>(commits.events);
  Row("profile-stream")
      .Add("events", commits.events)
      .Add("batch", sizes.batch)
      .Add("profiles", stats.profiles)
      .Add("seconds", commits.total())
      .Add("events_per_second", commits.rate())
      .Add("slowest_of_median", commits.slowest() / commits.median())
      .Add("of_bare_appends", appends / commits.total())
      .Add("facts_bytes_per_event", static_cast<double>(facts_bytes) / events)
      .Add("logged_bytes_per_event", static_cast<double>(logged) / events)
      .Add("disk_bytes_per_event", static_cast<double>(stats.store_bytes) / events)
      .Add("disk_bytes", stats.store_bytes)
      .Add("memory_bytes", stats.resident_bytes)
      .Print(sizes);
}

}  // namespace

void AddProfileStreamCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::string groups;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddWorkload(app, "profile-stream",
                                  "Records with facts, beside bare appends of the same bytes.",
                                  Events::kOfFile, &options->sizes);
  command->add_option("--groups", options->groups,
                      "where the identifiers of each profile are written, a line each");
  command->callback([options] { RunProfileStream(options->sizes, options->groups); });
}

}  // namespace polyonym::workload
