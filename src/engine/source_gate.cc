#include "engine/source_gate.h"

namespace polyonym::engine {

// Null where too many sources are counted already.
SourceGate::Window* SourceGate::WindowOf(std::string_view source) {
  const std::uint64_t window = ticks_ns_() / 1'000'000 / limits_.window_ms;
  if (window != window_) windows_.clear();
  window_ = window;
  if (const auto at = windows_.find(source); at != windows_.end()) return &at->second;
  if (windows_.size() >= kMaxSources) return nullptr;
  return &windows_[std::string(source)];
}

bool SourceGate::Judge(std::string_view source, const Window& window) {
  const auto passed = [](std::uint64_t count, std::uint64_t limit) {
    return limit != 0 && count > limit;
  };
  const char* limit = passed(window.records, limits_.records)                   ? "records"
                      : passed(window.rejected, limits_.rejected_records)       ? "rejected_records"
                      : passed(window.new_identifiers, limits_.new_identifiers) ? "new_identifiers"
                                                                                : nullptr;
  if (limit == nullptr) return false;
  if (quarantined_.size() < kMaxSources && !quarantined_.contains(source))
    quarantined_[std::string(source)] = {std::string(source), limit, 0};
  return true;
}

bool SourceGate::Admit(std::string_view source) {
  const std::lock_guard lock(mutex_);
  auto kept_out = quarantined_.find(source);
  if (kept_out == quarantined_.end()) {
    Window* window = WindowOf(source);
    if (window == nullptr) return true;
    ++window->records;
    if (!Judge(source, *window)) return true;
    kept_out = quarantined_.find(source);
    if (kept_out == quarantined_.end()) return false;
  }
  ++kept_out->second.rejected_records;
  return false;
}

void SourceGate::Count(std::string_view source, std::uint64_t rejected,
                       std::uint64_t new_identifiers) {
  if (rejected == 0 && new_identifiers == 0) return;
  const std::lock_guard lock(mutex_);
  Window* window = WindowOf(source);
  if (window == nullptr) return;
  window->rejected += rejected;
  window->new_identifiers += new_identifiers;
  Judge(source, *window);
}

std::vector<QuarantinedSource> SourceGate::Quarantined() const {
  const std::lock_guard lock(mutex_);
  std::vector<QuarantinedSource> out;
  for (const auto& [source, quarantined] : quarantined_) out.push_back(quarantined);
  return out;
}

bool SourceGate::Release(std::string_view source) {
  const std::lock_guard lock(mutex_);
  const auto at = quarantined_.find(source);
  if (at == quarantined_.end()) return false;
  quarantined_.erase(at);
  windows_.erase(std::string(source));
  return true;
}

}  // namespace polyonym::engine
