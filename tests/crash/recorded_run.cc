#include "crash/recorded_run.h"

#include <algorithm>
#include <memory>

#include "crash/fault_file_system.h"
#include "harness/engine_state.h"
#include "store/rocks_store.h"

namespace polyonym::harness {
RecordedRun::RecordedRun(const Plan& plan, const EngineOptions& options) {
  const TempFolder folder;
  FaultFileSystem files(folder / "store");
  {
    const std::unique_ptr<Engine> engine = Must(Engine::OpenOn(
        Must(OpenRocksStoreIn(folder / "store", options.rocks, files.env())), options));
    std::size_t stable = 0;
    for (const Step& step : plan.lanes[0]) {
      const std::uint64_t sequence = Must(Run(step, engine.get()));
      acknowledged_.push_back(files.events());
      if (options.durability == Durability::kSync || IsStable(step, sequence))
        stable = acknowledged_.size();
      stable_.push_back(stable);
    }
  }
  fault_ = files.CompareWithFolder();
  journal_ = files.journal();
}

std::size_t RecordedRun::AcknowledgedAt(std::size_t events) const {
  const auto end = std::upper_bound(acknowledged_.begin(), acknowledged_.end(), events);
  return static_cast<std::size_t>(end - acknowledged_.begin());
}

std::size_t RecordedRun::StableAt(std::size_t events) const {
  const std::size_t acknowledged = AcknowledgedAt(events);
  return acknowledged == 0 ? 0 : stable_[acknowledged - 1];
}

}  // namespace polyonym::harness
