// engine/prometheus.h - metrics in the text exposition format of Prometheus, version 0.0.4: what a scraper reads.
//
//   http_reply(polyonym::PrometheusText(engine->Metrics()));          // text/plain; version=0.0.4
//
// Names begin with `polyonym_`, are in base units (seconds, bytes), and are listed in docs/operations.md. Of a histogram's buckets each
// doubling is written.
//
// THREADS: pure functions.
#ifndef POLYONYM_ENGINE_PROMETHEUS_H_
#define POLYONYM_ENGINE_PROMETHEUS_H_

#include <span>
#include <string>

#include "polyonym/engine/metrics.h"

namespace polyonym {

std::string PrometheusText(const EngineMetrics& metrics);

// Of many stores together: every sample carries the label `store`.  REQUIRES: names are distinct, in UTF-8.
struct StoreMetrics {
  std::string store;
  EngineMetrics metrics;
};
std::string PrometheusText(std::span<const StoreMetrics> stores);

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_PROMETHEUS_H_
