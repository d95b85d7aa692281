#include "engine/people_follower.h"

#include <algorithm>

#include "engine/view_impl.h"

namespace polyonym::engine {
namespace {

constexpr std::uint64_t kPeopleAReport = 1024;

// Profile ids of then and now of everybody of whose identifiers a cell was written since.
void AddChanged(const View::Impl& before, const View::Impl& now, std::vector<Node>* ids) {
  const std::uint64_t since = before.state().sequence;
  for (Node n = 0; n < now.state().nodes; ++n) {
    if (now.index().nodes.PageCommit(n, now.state().sequence) <= since) continue;
    ids->push_back(static_cast<Node>(now.IdOf(now.RootOf(n)).value));
    if (n < before.state().nodes)
      ids->push_back(static_cast<Node>(before.IdOf(before.RootOf(n)).value));
  }
}

}  // namespace

void PeopleFollower::Dues::Set(Node id, std::int64_t ms) {
  if (ms == CompiledSegments::kNever) {
    of_.erase(id);
    return;
  }
  of_[id] = ms;
  queue_.emplace(ms, id);
}

void PeopleFollower::Dues::Take(std::int64_t now_ms, std::vector<Node>* ids) {
  while (!queue_.empty() && queue_.top().first <= now_ms) {
    const auto [ms, id] = queue_.top();
    queue_.pop();
    const auto at = of_.find(id);
    if (at != of_.end() && at->second == ms) ids->push_back(id);
  }
}

void PeopleFollower::Put(const View& view, Node root, const std::vector<FactRow>& rows) {
  const View::Impl& now = *view.impl_;
  const std::vector<Identifier> identifiers = now.MembersOf(root);
  const Identifier anchor = now.NameOf(now.AnchorOf(root));
  SegmentSubject person(*definitions_, rows, identifiers, anchor, now.now_ms());
  const auto id = static_cast<Node>(now.IdOf(root).value);
  dues_.Set(id, keeper_.Put(id, &person));
}

absl::Status PeopleFollower::PutEverybody() {
  const auto definitions = keeper_.Begin(view_);
  if (!definitions.ok()) return definitions.status();
  definitions_ = *definitions;
  dues_.Clear();
  const std::uint64_t total = view_.CountProfiles();
  std::uint64_t done = 0;
  absl::Status status = view_.impl_->ForEachTold([&](Node root, const PersonFacts& facts) {
    Put(view_, root, facts.rows);
    if (++done % kPeopleAReport == 0 && report_) report_(done, total);
    return true;
  });
  keeper_.End();
  if (status.ok() && report_) report_(done, done);
  return status;
}

// Ids, once each; those that are nobody's are removed.
absl::Status PeopleFollower::PutAgain(const View& view, const std::vector<Node>& ids) {
  std::vector<Node> roots;
  for (const Node id : ids) {
    const Node root = view.impl_->FindRoot(id);
    if (root != kNone) {
      roots.push_back(root);
    } else {
      keeper_.Remove(id);
      dues_.Set(id, CompiledSegments::kNever);
    }
  }
  return view.impl_->ForEachTold(roots, [&](std::size_t place, const PersonFacts& facts) {
    Put(view, roots[place], facts.rows);
    return true;
  });
}

absl::StatusOr<PeopleFollower::Followed> PeopleFollower::Follow(const View& view) {
  const View::Impl& before = *view_.impl_;
  const View::Impl& now = *view.impl_;
  if (&now.index() != &before.index())
    return absl::InvalidArgumentError("view: is of another graph or another store");
  const std::uint64_t since = before.state().sequence;
  if (now.state().sequence < since)
    return absl::InvalidArgumentError("view: is earlier than what is shown");
  Followed followed;
  if (now.rules().version() != before.rules().version() || now.state().last_flip > since ||
      now.state().horizons->sequence() > since) {
    view_ = view;
    followed.all = true;
    followed.people = view.CountProfiles();
    if (absl::Status status = PutEverybody(); !status.ok()) return status;
    return followed;
  }
  std::vector<Node> ids;
  AddChanged(before, now, &ids);
  dues_.Take(view.now_ms(), &ids);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (absl::Status status = PutAgain(view, ids); !status.ok()) return status;
  view_ = view;
  followed.people = ids.size();
  return followed;
}

}  // namespace polyonym::engine
