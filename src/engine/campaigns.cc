#include "polyonym/engine/campaigns.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/people_follower.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kPeopleAReport = 1024;

absl::Status NoCampaign() { return absl::NotFoundError("campaign: none of that name is defined"); }

absl::StatusOr<std::shared_ptr<const CompiledCampaign>> FindCampaign(const Definitions& definitions,
                                                                     std::string_view name) {
  auto campaigns = CompiledCampaigns::Compile(definitions, definitions.campaigns);
  if (!campaigns.ok()) return campaigns.status();
  const std::size_t at = (*campaigns)->Find(name);
  if (at == CompiledCampaigns::kNone) return NoCampaign();
  return (*campaigns)->at(at);
}

// Goes through everybody, and writes who is to be enrolled.
class Enroller {
 public:
  Enroller(Engine* engine, const CompiledCampaign& campaign, const EnrolOptions& options)
      : engine_(*engine), campaign_(campaign), options_(options) {}

  absl::StatusOr<Enrolled> Enrol(const View& view) {
    const Definitions definitions = view.policy().definitions;
    const std::uint64_t total = view.CountProfiles();
    absl::Status problem;
    absl::Status status = view.ForEachPerson([&](const Person& person) {
      SegmentSubject subject(definitions, *person.rows, person.identifiers, person.anchor,
                             view.now_ms());
      problem = Look(person.anchor, &subject);
      if (++enrolled_.people % kPeopleAReport == 0 && options_.progress)
        options_.progress(enrolled_.people, total);
      return problem.ok();
    });
    if (status.ok()) status = problem;
    const bool is_over = campaign_.definition().frozen && enrolled_.before > 0;
    if (status.ok() && !is_over) status = Write();
    if (!status.ok()) return status;
    if (options_.progress) options_.progress(enrolled_.people, enrolled_.people);
    return std::move(enrolled_);
  }

 private:
  absl::Status Look(const Identifier& anchor, SegmentSubject* person) {
    if (campaign_.IsInAudience(person) == true) ++enrolled_.audience;
    if (EnrolmentIn(campaign_, person)) {
      ++enrolled_.before;
      return absl::OkStatus();
    }
    auto record = EnrolmentOf(campaign_, person);
    if (!record) return absl::OkStatus();
    records_.push_back(*std::move(record));
    variants_.emplace_back(VariantFor(campaign_, anchor));
    const bool is_full = records_.size() >= options_.records_a_call;
    return is_full && !campaign_.definition().frozen ? Write() : absl::OkStatus();
  }

  absl::Status Write() {
    if (options_.dry_run) {
      for (const std::string& variant : variants_) ++enrolled_.variants[variant];
    } else if (!records_.empty()) {
      auto applied = engine_.Apply(records_);
      if (!applied.ok()) return applied.status();
      for (std::size_t i = 0; i < variants_.size(); ++i) Count(applied->records[i], variants_[i]);
    }
    records_.clear();
    variants_.clear();
    return absl::OkStatus();
  }
  void Count(const RecordResult& result, const std::string& variant) {
    if (result.outcome == Outcome::kApplied) ++enrolled_.variants[variant];
    if (result.outcome == Outcome::kHeld) ++enrolled_.held;
  }

  Engine& engine_;
  const CompiledCampaign& campaign_;
  const EnrolOptions& options_;
  std::vector<Record> records_;
  std::vector<std::string> variants_;  // of each record
  Enrolled enrolled_;
};

}  // namespace

std::uint64_t Enrolled::total() const {
  std::uint64_t sum = 0;
  for (const auto& [variant, people] : variants) sum += people;
  return sum;
}

absl::StatusOr<Enrolled> EnrolIn(Engine* engine, std::string_view campaign,
                                 const EnrolOptions& options) {
  if (options.records_a_call == 0)
    return absl::InvalidArgumentError("records_a_call: must be 1 or more");
  auto view = engine->Read(options.graph);
  if (!view.ok()) return view.status();
  auto compiled = FindCampaign(view->policy().definitions, campaign);
  if (!compiled.ok()) return compiled.status();
  if (!(*compiled)->Runs(view->now_ms())) {
    return absl::FailedPreconditionError(
        "campaign: it does not run now; see its from_ms and to_ms, and the store's clock");
  }
  return Enroller(engine, **compiled, options).Enrol(*view);
}

absl::StatusOr<ReachAnswer> ReachOf(const View& view, ProfileId profile,
                                    const OutboundMessage& message) {
  auto person = view.ReadPerson(profile);
  if (!person.ok()) return person.status();
  const Definitions definitions = view.policy().definitions;
  SegmentSubject subject(definitions, *person->rows, person->identifiers, person->anchor,
                         view.now_ms());
  return Reach(definitions.reach, LabelsOf(definitions), &subject, message);
}

// The tallies, and what each person adds to them.
class CampaignBoard::Keeper : public engine::PeopleFollower::Keeper {
 public:
  absl::StatusOr<const Definitions*> Begin(const View& view) override {
    definitions_ = std::make_shared<const Definitions>(view.policy().definitions);
    auto campaigns = CompiledCampaigns::Compile(*definitions_, definitions_->campaigns);
    if (!campaigns.ok()) return campaigns.status();
    campaigns_ = *std::move(campaigns);
    tallies_.clear();
    outcomes_.clear();
    for (std::size_t i = 0; i < campaigns_->size(); ++i) tallies_.emplace_back(campaigns_->at(i));
    return definitions_.get();
  }

  std::int64_t Put(engine::Node id, SegmentSubject* person) override {
    Remove(id);
    std::int64_t due = CompiledSegments::kNever;
    std::vector<Told> told;
    for (std::size_t i = 0; i < campaigns_->size(); ++i) {
      const CompiledCampaign& campaign = *campaigns_->at(i);
      due = std::min(due, NextOutcomeChange(campaign, person));
      PersonOutcome outcome = OutcomeOf(campaign, person);
      if (!outcome.enrolled) continue;
      tallies_[i].Add(outcome);
      told.push_back({i, std::move(outcome)});
    }
    if (!told.empty()) outcomes_[id] = std::move(told);
    return due;
  }

  void Remove(engine::Node id) override {
    const auto at = outcomes_.find(id);
    if (at == outcomes_.end()) return;
    for (const Told& told : at->second) tallies_[told.campaign].Subtract(told.outcome);
    outcomes_.erase(at);
  }

  const CompiledCampaigns& campaigns() const { return *campaigns_; }
  const CampaignTally& tally(std::size_t campaign) const { return tallies_[campaign]; }

 private:
  struct Told {
    std::size_t campaign;
    PersonOutcome outcome;
  };
  std::shared_ptr<const Definitions> definitions_;
  std::shared_ptr<const CompiledCampaigns> campaigns_;
  std::vector<CampaignTally> tallies_;
  absl::flat_hash_map<engine::Node, std::vector<Told>> outcomes_;
};

CampaignBoard::CampaignBoard() : keeper_(std::make_unique<Keeper>()) {}
CampaignBoard::~CampaignBoard() = default;

absl::StatusOr<std::unique_ptr<CampaignBoard>> CampaignBoard::Build(
    const View& view, std::function<void(std::uint64_t done, std::uint64_t total)> progress) {
  std::unique_ptr<CampaignBoard> board(new CampaignBoard());
  board->follower_ =
      std::make_unique<engine::PeopleFollower>(view, board->keeper_.get(), std::move(progress));
  if (absl::Status status = board->follower_->PutEverybody(); !status.ok()) return status;
  return board;
}

absl::StatusOr<CampaignBoard::Refreshed> CampaignBoard::Refresh(const View& view) {
  auto followed = follower_->Follow(view);
  if (!followed.ok()) return followed.status();
  return Refreshed{followed->people, followed->all};
}

const CompiledCampaigns& CampaignBoard::campaigns() const { return keeper_->campaigns(); }

absl::StatusOr<const CampaignTally*> CampaignBoard::Tally(std::string_view campaign) const {
  const std::size_t at = keeper_->campaigns().Find(campaign);
  if (at == CompiledCampaigns::kNone) return NoCampaign();
  return &keeper_->tally(at);
}

absl::StatusOr<CampaignReport> CampaignBoard::Report(std::string_view campaign,
                                                     const CampaignReportOptions& options) const {
  auto tally = Tally(campaign);
  if (!tally.ok()) return tally.status();
  return ReportOf(**tally, options);
}

std::uint64_t CampaignBoard::sequence() const { return follower_->view().sequence(); }
std::int64_t CampaignBoard::now_ms() const { return follower_->view().now_ms(); }

}  // namespace polyonym
