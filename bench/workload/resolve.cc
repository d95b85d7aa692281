// `resolve`: from identifier to profile, warm, one thread, beside what the machine allows: a bare look-up of the same keys in a hash table,
// prefetched in groups.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::size_t kGroup = 32;

// From identifier to a number, by XXH3: the table's memory latency and a comparison of bytes, nothing else.
class BareTable {
 public:
  void Add(const Identifier& key) {
    const Entry entry{text_.size(), static_cast<std::uint32_t>(entries_.size())};
    if (entries_.try_emplace(HashOf(key), entry).second) text_ += key.ns + key.value;
  }

  // How many of the keys are there.
  std::size_t Find(std::span<const Identifier> keys) const {
    std::size_t found = 0;
    for (; !keys.empty(); keys = keys.subspan(std::min(kGroup, keys.size())))
      found += FindGroup(keys.first(std::min(kGroup, keys.size())));
    return found;
  }

 private:
  struct Entry {
    std::size_t text;
    std::uint32_t number;
  };
  struct AsItIs {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };

  static std::uint64_t HashOf(const Identifier& key) {
    return XXH3_64bits_withSeed(key.value.data(), key.value.size(),
                                XXH3_64bits(key.ns.data(), key.ns.size()));
  }

  std::size_t FindGroup(std::span<const Identifier> keys) const {
    std::uint64_t hashes[kGroup];
    const char* texts[kGroup];
    for (std::size_t i = 0; i < keys.size(); ++i) {
      hashes[i] = HashOf(keys[i]);
      entries_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto at = entries_.find(hashes[i]);
      texts[i] = at == entries_.end() ? nullptr : text_.data() + at->second.text;
      __builtin_prefetch(texts[i]);
    }
    std::size_t found = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto& [ns, value] = keys[i];
      if (texts[i] != nullptr && std::memcmp(texts[i], ns.data(), ns.size()) == 0 &&
          std::memcmp(texts[i] + ns.size(), value.data(), value.size()) == 0)
        ++found;
    }
    return found;
  }

  absl::flat_hash_map<std::uint64_t, Entry, AsItIs> entries_;
  std::string text_;
};

// Random among all identifiers, so that nearly each look-up leaves the cache.
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

// What `ask` says for each call over a part of the questions, in sum.
template <class Ask>
double RateOf(std::span<const Identifier> questions, std::size_t batch, const Ask& ask) {
  std::size_t found = 0;
  const Stopwatch watch;
  for (std::size_t i = 0; i < questions.size(); i += batch)
    found += ask(questions.subspan(i, std::min(batch, questions.size() - i)));
  const double seconds = watch.Seconds();
  Check(found == questions.size(), "an identifier was not found");
  return static_cast<double>(questions.size()) / seconds;
}

void RunResolve(const Sizes& sizes, std::size_t count) {
  const std::vector<Record> records = EventsOf(sizes);
  EngineOptions options;
  const auto engine = OrStop(Engine::OpenInMemory(options));
  OrStop(engine->SetPolicy(Traffic::MakePolicy()).status());
  Feed(From(records), records.size(), 1000, engine.get());
  BareTable table;
  for (const Record& r : records)
    for (const RecordIdentifier& i : r.identifiers) table.Add({i.ns, i.value});
  const std::vector<Identifier> questions = Questions(records, count);

  const View view = engine->Read();
  const auto many = [&](std::span<const Identifier> keys) {
    const auto answers = view.Resolve(keys);
    return static_cast<std::size_t>(std::count_if(
        answers.begin(), answers.end(), [](const Resolution& r) { return r.profile.has_value(); }));
  };
  const auto one = [&](std::span<const Identifier> keys) {
    return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), [&](const auto& key) {
      return view.Resolve(key).profile.has_value();
    }));
  };
  const auto bare = [&](std::span<const Identifier> keys) { return table.Find(keys); };
  RateOf(questions, sizes.batch, many);  // warm
  RateOf(questions, sizes.batch, bare);
  const double resolved = RateOf(questions, sizes.batch, many);
  const double looked_up = RateOf(questions, sizes.batch, bare);
  const double one_by_one = RateOf(questions, sizes.batch, one);
  Row("resolve")
      .Add("questions", count)
      .Add("batch", sizes.batch)
      .Add("identifiers", view.GetStats().identifiers)
      .Add("resolved_per_second", resolved)
      .Add("one_by_one_per_second", one_by_one)
      .Add("bare_per_second", looked_up)
      .Add("of_bare", resolved / looked_up)
      .Print(sizes);
}

}  // namespace

void AddResolveCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::size_t questions = 2'000'000;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "resolve", "From identifiers to profiles, beside a bare hash table.",
                  Events::kOfFile, &options->sizes);
  command->add_option("--questions", options->questions, "identifiers asked for, --batch a call")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  command->callback([options] { RunResolve(options->sizes, options->questions); });
}

}  // namespace polyonym::workload
