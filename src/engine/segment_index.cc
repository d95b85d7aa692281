#include "polyonym/engine/segment_index.h"

#include <algorithm>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/view_impl.h"

namespace polyonym {

using engine::kNone;
using engine::Node;

namespace {

constexpr std::uint64_t kPeopleAReport = 1024;

}  // namespace

// Whose answers time changes when. What is in the queue and is not the person's moment any more is void.
class SegmentIndex::Dues {
 public:
  void Set(Node id, std::int64_t ms) {
    if (ms == CompiledSegments::kNever) {
      of_.erase(id);
      return;
    }
    of_[id] = ms;
    queue_.emplace(ms, id);
  }
  // Adds everybody whose moment has come.
  void Take(std::int64_t now_ms, std::vector<Node>* ids) {
    while (!queue_.empty() && queue_.top().first <= now_ms) {
      const auto [ms, id] = queue_.top();
      queue_.pop();
      const auto at = of_.find(id);
      if (at != of_.end() && at->second == ms) ids->push_back(id);
    }
  }

 private:
  using Due = std::pair<std::int64_t, Node>;
  absl::flat_hash_map<Node, std::int64_t> of_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
};

// Puts people of a view into the columns.
class SegmentIndex::Reader {
 public:
  Reader(const View& view, SegmentIndex* index) : view_(*view.impl_), index_(*index) {}

  void Put(Node root, const engine::PersonFacts& facts) {
    const std::vector<Identifier> identifiers = view_.MembersOf(root);
    const Identifier anchor = view_.NameOf(view_.AnchorOf(root));
    SegmentSubject subject(*index_.definitions_, facts.rows, identifiers, anchor, view_.now_ms());
    const auto id = static_cast<Node>(view_.IdOf(root).value);
    index_.planner_->Put(id, &subject);
    index_.dues_->Set(id, index_.planner_->DueOf(&subject));
  }

  absl::Status PutEverybody(std::uint64_t total) {
    std::uint64_t done = 0;
    absl::Status status = view_.ForEachTold([&](Node root, const engine::PersonFacts& facts) {
      Put(root, facts);
      if (++done % kPeopleAReport == 0 && index_.options_.progress)
        index_.options_.progress(done, total);
      return true;
    });
    index_.planner_->Optimise();
    if (status.ok() && index_.options_.progress) index_.options_.progress(done, done);
    return status;
  }

  // Ids, once each; those that are nobody's are removed.
  absl::Status PutAgain(const std::vector<Node>& ids) {
    std::vector<Node> roots;
    for (const Node id : ids) {
      const Node root = view_.FindRoot(id);
      if (root != kNone) {
        roots.push_back(root);
      } else {
        index_.planner_->Remove(id);
        index_.dues_->Set(id, CompiledSegments::kNever);
      }
    }
    return view_.ForEachTold(roots, [&](std::size_t place, const engine::PersonFacts& facts) {
      Put(roots[place], facts);
      return true;
    });
  }

  // Profile ids of then and now of everybody of whose identifiers a cell was written since.
  void AddChanged(const View::Impl& before, std::vector<Node>* ids) const {
    const std::uint64_t since = before.state().sequence;
    for (Node n = 0; n < view_.state().nodes; ++n) {
      if (view_.index().nodes.PageCommit(n, view_.state().sequence) <= since) continue;
      ids->push_back(static_cast<Node>(view_.IdOf(view_.RootOf(n)).value));
      if (n < before.state().nodes)
        ids->push_back(static_cast<Node>(before.IdOf(before.RootOf(n)).value));
    }
  }

 private:
  const View::Impl& view_;
  SegmentIndex& index_;
};

SegmentIndex::SegmentIndex(View view, SegmentIndexOptions options)
    : view_(std::move(view)), options_(std::move(options)) {}
SegmentIndex::~SegmentIndex() = default;

absl::StatusOr<std::unique_ptr<SegmentIndex>> SegmentIndex::Build(const View& view,
                                                                  SegmentIndexOptions options) {
  std::unique_ptr<SegmentIndex> index(new SegmentIndex(view, std::move(options)));
  if (absl::Status status = index->BuildAll(); !status.ok()) return status;
  return index;
}

absl::Status SegmentIndex::BuildAll() {
  if (options_.definitions) {
    if (absl::Status status = Validate(*options_.definitions); !status.ok()) return status;
  }
  definitions_ = std::make_shared<const Definitions>(
      options_.definitions ? *options_.definitions : view_.policy().definitions);
  auto planner = SegmentPlanner::Make(definitions_);
  if (!planner.ok()) return planner.status();
  planner_ = *std::move(planner);
  dues_ = std::make_unique<Dues>();
  return Reader(view_, this).PutEverybody(view_.CountProfiles());
}

absl::StatusOr<SegmentIndex::Refreshed> SegmentIndex::Refresh(const View& view) {
  const View::Impl& before = *view_.impl_;
  const View::Impl& now = *view.impl_;
  if (&now.index() != &before.index())
    return absl::InvalidArgumentError("view: is of another graph or another store");
  const std::uint64_t since = before.state().sequence;
  if (now.state().sequence < since)
    return absl::InvalidArgumentError("view: is earlier than what the index shows");
  Refreshed refreshed;
  if (now.rules().version() != before.rules().version() || now.state().last_flip > since ||
      now.state().horizons->sequence() > since) {
    view_ = view;
    refreshed.all = true;
    if (absl::Status status = BuildAll(); !status.ok()) return status;
    refreshed.people = planner_->people().size();
    return refreshed;
  }
  std::vector<Node> ids;
  Reader reader(view, this);
  reader.AddChanged(before, &ids);
  dues_->Take(view.now_ms(), &ids);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (absl::Status status = reader.PutAgain(ids); !status.ok()) return status;
  view_ = view;
  refreshed.people = ids.size();
  return refreshed;
}

}  // namespace polyonym
