// `merge-heavy`: every event joins two profiles that are there. People are loaded in clusters of 64; then the profiles of each cluster
// join two by two until it is one, all clusters at each step, so that an event touches memory far from the one before.
#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::uint64_t kCluster = 64;

class Joins {
 public:
  explicit Joins(std::uint64_t clusters) : clusters_(clusters) {}

  // The openids of a random person in each of two neighbouring profiles of 1, 2, 4, ... people.
  Record operator()(std::uint64_t number) {
    if (at_ == clusters_ * kCluster) {
      at_ = 0;
      width_ *= 2;
    }
    Record r = Numbered(number);
    for (const std::uint64_t from : {at_, at_ + width_})
      r.identifiers.push_back({"openid/wx1", "o" + std::to_string(from + random_() % width_)});
    at_ += 2 * width_;
    return r;
  }

 private:
  const std::uint64_t clusters_;
  std::uint64_t at_ = 0;
  std::uint64_t width_ = 1;
  std::mt19937_64 random_{7};
};

void RunMerges(const Sizes& sizes) {
  const std::uint64_t clusters = std::max<std::uint64_t>(1, sizes.events / (kCluster - 1));
  const std::uint64_t people = clusters * kCluster;
  const Folder folder(sizes);
  const auto engine = OpenUnder(Traffic::MakePolicy(), folder / "engine");
  const Commits load = Feed(Made([](std::uint64_t person) {
                              Record r = Traffic::Whole(person);
                              r.identifiers.resize(2);
                              return r;
                            }),
                            people, sizes.batch, engine.get());
  Check(engine->Read().GetStats().profiles == people, "each person is a profile at first");
  const Commits merges =
      Feed(Made(Joins(clusters)), clusters * (kCluster - 1), sizes.batch, engine.get());
  Check(engine->Read().GetStats().profiles == clusters, "each cluster is a profile in the end");
  Row("merge-heavy")
      .Add("events", merges.events)
      .Add("people", people)
      .Add("events_per_second", merges.rate())
      .Add("of_load", merges.rate() / load.rate())
      .Add("slowest_of_median", merges.slowest() / merges.median())
      .Print(sizes);
}

}  // namespace

void AddMergeHeavyCommand(CLI::App* app) {
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "merge-heavy", "Every event joins two profiles.", Events::kMade, sizes.get())
      ->callback([sizes] { RunMerges(*sizes); });
}

}  // namespace polyonym::workload
