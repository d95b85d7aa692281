// What an engine did and holds, in numbers for monitoring.
#include <cstdint>
#include <memory>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "polyonym/engine/metrics.h"
#include "polyonym/engine/prometheus.h"
#include "values.h"

namespace polyonym::python {
namespace {

double Milliseconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

nb::object ToPython(const LatencyHistogram& histogram) {
  const std::uint64_t count = histogram.count();
  const auto quantile = [&](double q) {
    return count == 0 ? nb::none() : nb::object(nb::cast(Milliseconds(histogram.QuantileNs(q))));
  };
  return Result("Latency")("count"_a = count, "total_ms"_a = Milliseconds(histogram.sum_ns),
                           "p50_ms"_a = quantile(0.5), "p90_ms"_a = quantile(0.9),
                           "p99_ms"_a = quantile(0.99), "p999_ms"_a = quantile(0.999));
}

EngineMetrics Read(const EngineHandle& handle) {
  const std::shared_ptr<Engine> engine = handle.Get();
  return Call([&] { return engine->Metrics(); });
}

nb::object Metrics(const EngineHandle& handle) {
  const EngineMetrics m = Read(handle);
  nb::dict changes;
  for (std::size_t kind = 0; kind < kChangeKinds; ++kind)
    changes[nb::cast(ToString(static_cast<ChangeKind>(kind)))] = m.changes[kind];
  nb::dict latencies;
  latencies["apply"] = ToPython(m.apply);
  latencies["retract"] = ToPython(m.retract);
  latencies["set_policy"] = ToPython(m.set_policy);
  latencies["advance_to"] = ToPython(m.advance_to);
  latencies["move_horizon"] = ToPython(m.move_horizon);
  latencies["commit"] = ToPython(m.commit);
  latencies["sync"] = ToPython(m.sync);
  latencies["checkpoint"] = ToPython(m.checkpoint);
  return Result("Metrics")(
      "sequence"_a = m.sequence, "latencies"_a = latencies, "changes"_a = changes,
      "records_applied"_a = m.records_applied, "records_unchanged"_a = m.records_unchanged,
      "records_held"_a = m.records_held, "records_rejected"_a = m.records_rejected,
      "retracted_records"_a = m.retracted_records, "rejudged_records"_a = m.rejudged_records,
      "expired_links"_a = m.expired_links, "folded_records"_a = m.folded_records,
      "guards_tripped"_a = m.guards_tripped, "guards_released"_a = m.guards_released,
      "logged_bytes"_a = m.logged_bytes, "checkpoint_failures"_a = m.checkpoint_failures,
      "write_stalled_ms"_a = Milliseconds(m.write_stalled_ns), "slow_batches"_a = m.slow_batches,
      "policy_version"_a = m.policy_version, "graphs"_a = m.graphs, "records"_a = m.records,
      "standing_records"_a = m.standing_records, "held_records"_a = m.held_records,
      "identifiers"_a = m.identifiers, "live_identifiers"_a = m.live_identifiers,
      "shared_identifiers"_a = m.shared_identifiers, "profiles"_a = m.profiles, "links"_a = m.links,
      "refused_links"_a = m.refused_links, "unsynced_commits"_a = m.unsynced_commits,
      "pinned_views"_a = m.pinned_views, "oldest_pin_commits"_a = m.oldest_pin_commits,
      "waiting_calls"_a = m.waiting_calls,
      "log_since_checkpoint_bytes"_a = m.log_since_checkpoint_bytes,
      "resident_bytes"_a = m.resident.total(), "store_bytes"_a = m.store_bytes,
      "write_stalled"_a = m.write_stalled, "read_only"_a = m.read_only);
}

}  // namespace

void BindMetrics(nb::module_& module) {
  module.def("metrics", &Metrics, "engine"_a);
  module.def(
      "prometheus", [](const EngineHandle& handle) { return PrometheusText(Read(handle)); },
      "engine"_a);
}

}  // namespace polyonym::python
