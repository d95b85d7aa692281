// `bitmaps`: two random sets of people of one density after the other: met, joined, taken from each other and counted, beside the same on
// bare bitmaps of CRoaring with the same ids, in turns; kept in a store, a row a chunk, and loaded from it again after its pages were let
// go. And a number a person, in slices: compared, summed and ranked, beside a pass over an array of them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <roaring/roaring.h>
#include <unistd.h>

#include "absl/numeric/int128.h"
#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/id_set.h"
#include "polyonym/store/store.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/progress.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

using Ids = std::vector<std::uint32_t>;

struct Options {
  Sizes sizes;
  std::vector<double> percents = {0.1, 1, 10, 50};
  std::size_t rounds = 21;
};

std::uint32_t PeopleOf(const Sizes& sizes) {
  constexpr std::uint64_t kMost = 0xffff'ffff;
  return static_cast<std::uint32_t>(
      std::min(kMost, sizes.people != 0 ? sizes.people : 5 * sizes.events));
}

Ids RandomIds(std::uint32_t people, double percent, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = static_cast<std::uint64_t>(percent / 100 * 0x1p53);
  Ids ids;
  for (std::uint32_t id = 0; id < people; ++id) {
    if (random() >> 11 < below) ids.push_back(id);
  }
  if (ids.empty()) ids.push_back(0);
  return ids;
}

// ---- Operations, ours and bare ----

struct Free {
  void operator()(roaring_bitmap_t* bits) const { roaring_bitmap_free(bits); }
};
using Bare = std::unique_ptr<roaring_bitmap_t, Free>;

Bare BareOf(const Ids& ids) { return Bare(roaring_bitmap_of_ptr(ids.size(), ids.data())); }

// Of two sets, how many there are in what the operation makes. What it made is gone when the clock stops.
struct Operation {
  const char* name;
  std::function<std::uint64_t()> ours;
  std::function<std::uint64_t()> bare;
  std::vector<double> our_seconds = {};
  std::vector<double> bare_seconds = {};
};

struct Pair {
  Pair(const Ids& first, const Ids& second)
      : a(IdSet::Of(first)), b(IdSet::Of(second)), bare_a(BareOf(first)), bare_b(BareOf(second)) {}
  const IdSet a, b;
  const Bare bare_a, bare_b;
};

using Made = IdSet (*)(const IdSet&, const IdSet&);
using BareMade = roaring_bitmap_t* (*)(const roaring_bitmap_t*, const roaring_bitmap_t*);

Operation Making(const char* name, const Pair& pair, Made ours, BareMade bare) {
  return {name, [&pair, ours] { return ours(pair.a, pair.b).size(); },
          [&pair, bare] {
            return roaring_bitmap_get_cardinality(
                Bare(bare(pair.bare_a.get(), pair.bare_b.get())).get());
          }};
}

std::vector<Operation> Operations(const Pair& pair) {
  return {
      Making("and", pair, IdSet::And, roaring_bitmap_and),
      Making("or", pair, IdSet::Or, roaring_bitmap_or),
      Making("and_not", pair, IdSet::AndNot, roaring_bitmap_andnot),
      {"count_and", [&pair] { return IdSet::CountAnd(pair.a, pair.b); },
       [&pair] { return roaring_bitmap_and_cardinality(pair.bare_a.get(), pair.bare_b.get()); }}};
}

// Seconds of one, of as many as fill a millisecond or so.
double SecondsOfOne(const std::function<std::uint64_t()>& work, std::size_t times) {
  std::uint64_t sum = 0;
  const double seconds = SecondsOf([&] {
    for (std::size_t i = 0; i < times; ++i) sum += work();
  });
  Check(times == 0 || sum % times == 0, "an operation has not always the same result");
  return seconds / static_cast<double>(times);
}

std::size_t TimesOf(const std::function<std::uint64_t()>& work) {
  const double seconds = SecondsOf([&] { work(); });
  return static_cast<std::size_t>(std::clamp(1e-3 / (seconds + 1e-9), 1.0, 1e4));
}

void Measure(std::size_t rounds, std::vector<Operation>* operations) {
  for (Operation& operation : *operations) {
    Check(operation.ours() == operation.bare(),
          "an operation has another result than the bare one");
    const std::size_t times = TimesOf(operation.bare);
    for (std::size_t round = 0; round < rounds; ++round) {
      operation.our_seconds.push_back(SecondsOfOne(operation.ours, times));
      operation.bare_seconds.push_back(SecondsOfOne(operation.bare, times));
    }
  }
}

// ---- A store of chunks ----

std::string KeyOf(std::uint32_t set, std::uint32_t chunk) {
  std::string key;
  for (const std::uint32_t part : {set, chunk}) {
    key.push_back(static_cast<char>(part >> 8 & 0xff));
    key.push_back(static_cast<char>(part & 0xff));
  }
  return key;
}

std::uint32_t ChunkOf(std::string_view key) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(key[2])) << 8 |
         static_cast<unsigned char>(key[3]);
}

// Hands the files of a folder back, so that the next reader finds them on the disk.
void LetGoOfPages(const std::string& path) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    const int file = ::open(entry.path().c_str(), O_RDONLY);
    if (file < 0) continue;
    ::fdatasync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

struct Stored {
  std::uint64_t bytes = 0;  // of values
  std::vector<double> encode_seconds;
  std::vector<double> load_seconds;
};

Stored Keep(const std::string& path, const std::array<const IdSet*, 2>& sets) {
  const auto store = OrStop(OpenRocksStore(path, {}));
  Stored stored;
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::uint32_t set = 0; set < sets.size(); ++set) {
    const Stopwatch watch;
    for (const std::uint32_t chunk : sets[set]->Chunks())
      rows.emplace_back(KeyOf(set, chunk), sets[set]->EncodeChunk(chunk));
    stored.encode_seconds.push_back(watch.Seconds());
  }
  for (const auto& [key, value] : rows) stored.bytes += value.size();
  OrStop(store->Ingest(Table::kState, rows));
  return stored;
}

IdSet Load(const Store& store, std::uint32_t number) {
  IdSet set;
  absl::Status status;
  OrStop(store.Scan(Table::kState, KeyOf(number, 0), KeyOf(number + 1, 0),
                    [&](std::string_view key, std::string_view value) {
                      status = set.AddChunk(ChunkOf(key), value);
                      return status.ok();
                    }));
  OrStop(status);
  return set;
}

Stored Reload(const std::string& path, const Pair& pair, std::size_t rounds) {
  const std::array<const IdSet*, 2> sets = {&pair.a, &pair.b};
  Stored stored = Keep(path, sets);
  for (std::size_t round = 0; round < rounds; ++round) {
    LetGoOfPages(path);
    const auto store = OrStop(OpenRocksStore(path, {}));
    for (std::uint32_t number = 0; number < sets.size(); ++number) {
      IdSet loaded;
      stored.load_seconds.push_back(SecondsOf([&] { loaded = Load(*store, number); }));
      Check(loaded == *sets[number], "a set was loaded that is another");
    }
  }
  return stored;
}

// ---- One density ----

void PrintDensity(const Options& options, double percent, const Pair& pair,
                  const std::vector<Operation>& operations, const Stored& stored) {
  std::ostringstream name;
  name << "bitmaps-" << percent << "-percent";
  Row row(name.str());
  const auto ids = static_cast<double>(pair.a.size() + pair.b.size());
  row.Add("people", PeopleOf(options.sizes)).Add("ids", ids / 2);
  for (const Operation& operation : operations) {
    const double ours = Median(operation.our_seconds);
    const std::string field = operation.name;
    row.Add((field + "_us").c_str(), ours * 1e6)
        .Add((field + "_of_bare").c_str(), Median(operation.bare_seconds) / ours);
  }
  const auto bytes = static_cast<double>(stored.bytes);
  const double load = Median(stored.load_seconds);
  row.Add("memory_bytes_per_id", static_cast<double>(pair.a.bytes() + pair.b.bytes()) / ids)
      .Add("stored_bytes_per_id", bytes / ids)
      .Add("encode_us", Median(stored.encode_seconds) * 1e6)
      .Add("cold_load_us", load * 1e6)
      .Add("cold_load_mb_per_second", bytes / 2 / load / 1e6)
      .Print(options.sizes);
}

void RunDensity(const Options& options, double percent) {
  const std::uint32_t people = PeopleOf(options.sizes);
  const Pair pair(RandomIds(people, percent, 1), RandomIds(people, percent, 2));
  std::vector<Operation> operations = Operations(pair);
  Measure(options.rounds, &operations);
  const Folder folder(options.sizes);
  const std::size_t loads = std::min<std::size_t>(options.rounds, 5);
  PrintDensity(options, percent, pair, operations, Reload(folder / "store", pair, loads));
}

// ---- Numbers in slices ----

// What somebody spent, in minor units: few spend much. One in twenty has returned more than they bought.
std::vector<std::int64_t> Spent(std::uint32_t people) {
  std::mt19937_64 random(3);
  std::vector<std::int64_t> spent(people);
  for (std::int64_t& number : spent) {
    const std::uint64_t any = random();
    number = static_cast<std::int64_t>(any >> (44 + any % 16));
    if (random() % 20 == 0) number = -number;
  }
  return spent;
}

struct Numbers {
  std::vector<std::int64_t> array;
  BitSliced sliced;
  IdSet all, half, some;  // half, and one in a hundred, at random
  double build_seconds = 0;
};

Numbers MakeNumbers(std::uint32_t people) {
  Numbers numbers;
  numbers.array = Spent(people);
  std::vector<BitSliced::Entry> entries;
  entries.reserve(people);
  for (std::uint32_t id = 0; id < people; ++id) entries.emplace_back(id, numbers.array[id]);
  numbers.build_seconds = SecondsOf([&] { numbers.sliced = BitSliced::Build(entries); });
  numbers.all = IdSet::Range(0, people);
  numbers.half = IdSet::Of(RandomIds(people, 50, 4));
  numbers.some = IdSet::Of(RandomIds(people, 1, 5));
  return numbers;
}

// The same without slices: who is above, as bits, and how many they are.
std::uint64_t CountAbove(const std::vector<std::int64_t>& array, std::int64_t literal,
                         std::vector<std::uint64_t>* bits) {
  bits->assign(array.size() / 64 + 1, 0);
  std::uint64_t count = 0;
  for (std::size_t id = 0; id < array.size(); ++id) {
    const std::uint64_t above = array[id] > literal ? 1 : 0;
    (*bits)[id / 64] |= above << id % 64;
    count += above;
  }
  return count;
}

std::uint64_t SumOf(const std::vector<std::int64_t>& array) {
  std::int64_t sum = 0;
  for (const std::int64_t number : array) sum += number;
  return static_cast<std::uint64_t>(sum);
}

void RunNumbers(const Options& options) {
  const Numbers is = MakeNumbers(PeopleOf(options.sizes));
  const std::int64_t literal = 20'000;
  std::vector<std::uint64_t> bits;
  const auto greater = [&](const IdSet* among) {
    return is.sliced.Compare(ExpressionOp::kGreater, literal, among).size();
  };
  std::vector<Operation> operations = {
      {"compare", [&] { return greater(nullptr); },
       [&] { return CountAbove(is.array, literal, &bits); }},
      {"sum", [&] { return absl::Int128Low64(is.sliced.Sum(is.all)); },
       [&] { return SumOf(is.array); }}};
  Measure(options.rounds, &operations);
  const auto seconds_of = [&](const std::function<std::uint64_t()>& work) {
    std::vector<double> seconds;
    const std::size_t times = TimesOf(work);
    for (std::size_t i = 0; i < options.rounds; ++i) seconds.push_back(SecondsOfOne(work, times));
    return Median(seconds);
  };
  const double compare = Median(operations[0].our_seconds);
  const double sum = Median(operations[1].our_seconds);
  const auto people = static_cast<double>(is.array.size());
  Row("bitmaps-numbers")
      .Add("people", people)
      .Add("slices", is.sliced.slices().size())
      .Add("bytes_per_person", static_cast<double>(is.sliced.bytes()) / people)
      .Add("build_ns_per_person", is.build_seconds * 1e9 / people)
      .Add("compare_us", compare * 1e6)
      .Add("compare_of_array", Median(operations[0].bare_seconds) / compare)
      .Add("compare_some_us", 1e6 * seconds_of([&] { return greater(&is.some); }))
      .Add("equal_us", 1e6 * seconds_of([&] {
                         return is.sliced.Compare(ExpressionOp::kEqual, literal).size();
                       }))
      .Add("sum_us", sum * 1e6)
      .Add("sum_of_array", Median(operations[1].bare_seconds) / sum)
      .Add("sum_half_us",
           1e6 * seconds_of([&] { return absl::Int128Low64(is.sliced.Sum(is.half)); }))
      .Add("sum_some_us",
           1e6 * seconds_of([&] { return absl::Int128Low64(is.sliced.Sum(is.some)); }))
      .Add("top_us", 1e6 * seconds_of([&] { return is.sliced.Top(1'000, is.all).size(); }))
      .Print(options.sizes);
}

// The allocator would give memory back to the system and ask for it again at every operation whose result happens to lie last: tens of
// times what the operation takes, and of ours or of the bare one as it comes.
void KeepMemory() {
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
}

void RunBitmaps(const Options& options) {
  KeepMemory();
  Progress progress("rows", options.percents.size() + 1);
  std::uint64_t done = 0;
  for (const double percent : options.percents) {
    RunDensity(options, percent);
    progress.Update(++done);
  }
  RunNumbers(options);
}

}  // namespace

void AddBitmapsCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "bitmaps", "Sets of people, and numbers of people in slices.", Events::kMade,
                  &options->sizes);
  command->get_option("--events")->description("people, by five, where --people is 0");
  command->get_option("--people")->description("people; 0: five for each of --events");
  command->add_option("--percents", options->percents, "of the people in a set, a row for each")
      ->check(CLI::Range(0.0001, 100.0))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "of each operation, ours and bare in turn")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->callback([options] { RunBitmaps(*options); });
}

}  // namespace polyonym::workload
