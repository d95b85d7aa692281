// The clock: links whose lifetime is over count for nothing, until they are seen again. docs/rule.md section 4.
#include <limits>
#include <utility>

#include "engine/core.h"

namespace polyonym::engine {

bool Core::ExpiredNow(const LinkCell& link, const identity::Evidence& evidence) const {
  if (!evidence.any() || evidence.forced > 0 || evidence.last_ms >= clock_ms_) return false;
  const std::int64_t lifetime = rules_->LinkLifetime(graph_.KindOf(link.a), graph_.KindOf(link.b));
  return lifetime != 0 &&
         static_cast<std::uint64_t>(clock_ms_) - static_cast<std::uint64_t>(evidence.last_ms) >
             static_cast<std::uint64_t>(lifetime);
}

// Has the link looked at when its lifetime is over, where it is not to be looked at already.
void Core::Schedule(Link link, const identity::Evidence& evidence) {
  if (!rules_->policy().HasLifetimes() || !evidence.any() || evidence.forced > 0) return;
  const LinkCell& cell = graph_.link(link);
  if (cell.expired()) return;
  const std::int64_t lifetime = rules_->LinkLifetime(graph_.KindOf(cell.a), graph_.KindOf(cell.b));
  if (lifetime == 0 || evidence.last_ms > std::numeric_limits<std::int64_t>::max() - lifetime)
    return;
  const std::int64_t due = evidence.last_ms + lifetime;
  const auto [at, is_new] = scheduled_.emplace(link, due);
  if (!is_new && at->second <= due) return;
  at->second = due;
  due_.emplace(due, link);
}

void Core::ScheduleAll() {
  due_ = {};
  scheduled_.clear();
  if (!rules_->policy().HasLifetimes()) return;
  for (Link l = 0; l < index_->links.size(); ++l) Schedule(l, graph_.link(l).evidence);
}

Core::Effect Core::AdvanceTo(std::int64_t now_ms) {
  Effect effect;
  tracker_.SetCause(Cause::kTime, 0);
  deferred_.Begin(true);
  clock_ms_ = now_ms;
  while (!due_.empty() && due_.top().first < now_ms) {
    const auto [due, link] = due_.top();
    due_.pop();
    const auto at = scheduled_.find(link);
    if (at == scheduled_.end() || at->second != due) continue;
    scheduled_.erase(at);
    const LinkCell cell = graph_.link(link);
    if (!cell.expired() && ExpiredNow(cell, cell.evidence)) {
      SetLink(link, cell.evidence, true);
      ++effect.expired_links;
    } else {
      Schedule(link, cell.evidence);  // seen again since
    }
  }
  effect.replayed_profiles = ReplayDeferred();
  return effect;
}

}  // namespace polyonym::engine
