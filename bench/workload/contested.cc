// `contested`: a stream in which one event in a hundred names somebody else's identifier, so that a limit of one openid a person refuses
// a link, against the same stream without. All people are there before.
#include <memory>

#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

struct Run {
  Commits commits;
  Stats stats;
};

Run RunOnce(const Sizes& sizes, const std::string& path, std::uint64_t wrong_one_in) {
  Policy policy = Traffic::MakePolicy();
  policy.namespaces[0].limits = {{1, false, 0}};
  const auto engine = OpenUnder(policy, path);
  const std::uint64_t people = PeopleOf(sizes);
  Feed(Made(Traffic::Whole), people, sizes.batch, engine.get());
  Traffic traffic(people, wrong_one_in);
  Run run;
  run.commits = Feed(Made([&](std::uint64_t number) { return traffic.Next(people + number); }),
                     sizes.events, sizes.batch, engine.get());
  run.stats = engine->Read().GetStats();
  return run;
}

void RunContested(const Sizes& sizes) {
  const Folder folder(sizes);
  const Run none = RunOnce(sizes, folder / "none", 0);
  const Run contested = RunOnce(sizes, folder / "contested", 100);
  Check(none.stats.refused_links == 0, "a link is refused where nobody is wrong");
  Check(contested.stats.refused_links > 0, "no link is refused where some are wrong");
  Row("contested")
      .Add("events", contested.commits.events)
      .Add("people", PeopleOf(sizes))
      .Add("refused_links", contested.stats.refused_links)
      .Add("replays", contested.stats.replays)
      .Add("events_per_second", contested.commits.rate())
      .Add("of_uncontested", contested.commits.rate() / none.commits.rate())
      .Add("slowest_of_median", contested.commits.slowest() / contested.commits.median())
      .Print(sizes);
}

}  // namespace

void AddContestedCommand(CLI::App* app) {
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "contested", "1 % of events refuse a link, against none.", Events::kMade,
              sizes.get())
      ->callback([sizes] { RunContested(*sizes); });
}

}  // namespace polyonym::workload
