// `why`: why two random identifiers of one profile are one, and that two of different ones are not.
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

class Asker {
 public:
  Asker(const View& view, const std::vector<Record>& records) : view_(view), records_(records) {}

  std::vector<double> Connected(std::size_t count) {
    std::vector<double> seconds;
    while (seconds.size() < count) {
      const Identifier a = Random();
      const auto members = OrStop(view_.Members(*view_.Resolve(a).profile));
      const Identifier& b = members[random_() % members.size()];
      seconds.push_back(Ask(a, b, true));
    }
    return seconds;
  }

  std::vector<double> Apart(std::size_t count) {
    std::vector<double> seconds;
    while (seconds.size() < count) {
      const Identifier a = Random(), b = Random();
      if (view_.Resolve(a).profile != view_.Resolve(b).profile) seconds.push_back(Ask(a, b, false));
    }
    return seconds;
  }

 private:
  Identifier Random() {
    const auto& named = records_[random_() % records_.size()].identifiers;
    const RecordIdentifier& i = named[random_() % named.size()];
    return {i.ns, i.value};
  }

  double Ask(const Identifier& a, const Identifier& b, bool connected) const {
    const Stopwatch watch;
    const WhyAnswer answer = OrStop(view_.Why(a, b));
    const double seconds = watch.Seconds();
    Check(answer.connected == connected, "Why() contradicts Resolve()");
    return seconds;
  }

  const View& view_;
  const std::vector<Record>& records_;
  std::mt19937_64 random_{11};
};

double QuantileUs(std::vector<double> seconds, double q) {
  std::sort(seconds.begin(), seconds.end());
  return seconds[static_cast<std::size_t>(q * static_cast<double>(seconds.size() - 1))] * 1e6;
}

void RunWhy(const Sizes& sizes, std::size_t count) {
  const std::vector<Record> records = EventsOf(sizes);
  const Folder folder(sizes);
  const auto engine = OpenUnder(Traffic::MakePolicy(), folder / "engine");
  Feed(From(records), records.size(), sizes.batch, engine.get());
  const View view = engine->Read();
  Check(view.GetStats().profiles > 1, "there is one profile only: nobody can be apart");
  Asker asker(view, records);
  const std::vector<double> connected = asker.Connected(count);
  const std::vector<double> apart = asker.Apart(count);
  Row("why")
      .Add("events", records.size())
      .Add("questions", count)
      .Add("connected_us", QuantileUs(connected, 0.5))
      .Add("connected_p99_us", QuantileUs(connected, 0.99))
      .Add("apart_us", QuantileUs(apart, 0.5))
      .Add("apart_p99_us", QuantileUs(apart, 0.99))
      .Print(sizes);
}

}  // namespace

void AddWhyCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::size_t questions = 20'000;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "why", "Why two random identifiers are one person, and that two are not.",
                  Events::kOfFile, &options->sizes);
  command->add_option("--questions", options->questions, "pairs of each kind")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  command->callback([options] { RunWhy(options->sizes, options->questions); });
}

}  // namespace polyonym::workload
