#include "counted_events.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "fact_json.h"
#include "progress.h"
#include "session.h"

namespace polyonym::driver {

namespace {

constexpr char kAnyType[] = "any";

// Types of all filters; none where one of them takes any.
std::vector<std::string> TypesOf(const std::vector<EventFilter>& filters) {
  std::vector<std::string> types;
  for (const EventFilter& filter : filters) {
    if (filter.types.empty()) return {};
    types.insert(types.end(), filter.types.begin(), filter.types.end());
  }
  return types;
}

}  // namespace

EventFilter EventsNamed(const std::string& argument, const std::string& text) {
  EventFilter filter;
  if (text == kAnyType) return filter;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) Fail(kUsage, argument + ": expected TYPE, TYPE,TYPE or any");
    filter.types.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return filter;
}

Json TypesJson(const EventFilter& filter) {
  return filter.types.empty() ? Json() : Json::ListFrom(filter.types);
}

EventTable ReadCounted(const View& view, const std::vector<EventFilter>& filters,
                       EventReadOptions options) {
  Progress progress("people");
  options.types = TypesOf(filters);
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Update(done, {done, total});
  };
  auto table = ReadEvents(view, options);
  if (absl::IsNotFound(table.status())) {
    Fail(kAnsweredNo, "--segment: the definitions in force have no segment " + options.segment);
  }
  if (absl::IsInvalidArgument(table.status()) || absl::IsResourceExhausted(table.status()))
    Fail(kUsage, table.status());
  return FromStore(std::move(table));
}

void OfferSegment(CLI::App* command, std::string* segment) {
  command->add_option("--segment", *segment, "only its members: a segment in force")
      ->type_name("NAME");
}

void SetDurations(const std::string& name, const Durations& durations, Json* row) {
  const bool some = durations.count > 0;
  row->Set("mean_" + name + "_ms", some ? NumberJson(durations.mean_ms) : Json())
      .Set("median_" + name + "_ms", some ? Json(durations.median_ms) : Json());
}

std::string DurationText(double ms) {
  const auto in = [&](double unit_ms, const char* unit) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.1f %s", ms / unit_ms, unit);
    return std::string(text);
  };
  if (ms >= 86'400'000) return in(86'400'000, "d");
  if (ms >= 3'600'000) return in(3'600'000, "h");
  return ms >= 60'000 ? in(60'000, "m") : in(1'000, "s");
}

}  // namespace polyonym::driver
