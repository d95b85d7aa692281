#include "polyonym/engine/segment_index.h"

#include <utility>

#include "engine/people_follower.h"

namespace polyonym {

// The columns.
class SegmentIndex::Keeper : public engine::PeopleFollower::Keeper {
 public:
  explicit Keeper(std::optional<Definitions> definitions) : given_(std::move(definitions)) {}

  absl::StatusOr<const Definitions*> Begin(const View& view) override {
    if (given_) {
      if (absl::Status status = Validate(*given_); !status.ok()) return status;
    }
    definitions_ =
        std::make_shared<const Definitions>(given_ ? *given_ : view.policy().definitions);
    auto planner = SegmentPlanner::Make(definitions_);
    if (!planner.ok()) return planner.status();
    planner_ = *std::move(planner);
    return definitions_.get();
  }
  std::int64_t Put(engine::Node id, SegmentSubject* person) override {
    planner_->Put(id, person);
    return planner_->DueOf(person);
  }
  void Remove(engine::Node id) override { planner_->Remove(id); }
  void End() override { planner_->Optimise(); }

  const SegmentPlanner& planner() const { return *planner_; }

 private:
  std::optional<Definitions> given_;
  std::shared_ptr<const Definitions> definitions_;
  std::unique_ptr<SegmentPlanner> planner_;
};

SegmentIndex::SegmentIndex(SegmentIndexOptions options)
    : keeper_(std::make_unique<Keeper>(std::move(options.definitions))) {}
SegmentIndex::~SegmentIndex() = default;

absl::StatusOr<std::unique_ptr<SegmentIndex>> SegmentIndex::Build(const View& view,
                                                                  SegmentIndexOptions options) {
  const auto progress = options.progress;
  std::unique_ptr<SegmentIndex> index(new SegmentIndex(std::move(options)));
  index->follower_ = std::make_unique<engine::PeopleFollower>(view, index->keeper_.get(), progress);
  if (absl::Status status = index->follower_->PutEverybody(); !status.ok()) return status;
  return index;
}

absl::StatusOr<SegmentIndex::Refreshed> SegmentIndex::Refresh(const View& view) {
  auto followed = follower_->Follow(view);
  if (!followed.ok()) return followed.status();
  return Refreshed{followed->people, followed->all};
}

const SegmentPlanner& SegmentIndex::planner() const { return keeper_->planner(); }
std::uint64_t SegmentIndex::sequence() const { return follower_->view().sequence(); }
std::int64_t SegmentIndex::now_ms() const { return follower_->view().now_ms(); }

}  // namespace polyonym
