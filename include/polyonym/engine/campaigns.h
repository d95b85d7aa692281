// engine/campaigns.h - the campaigns of a store: who is enrolled, what became of them, and whether a message may go out.
//
//   Enrolled enrolled = *EnrolIn(engine.get(), "spring");       // who is in the audience now: one record each
//   auto board = CampaignBoard::Build(engine->Read());          // one pass over everybody
//   CampaignReport report = *(*board)->Report("spring");        // by variant: reached, clicked, bought; lift over the control
//   ...
//   (*board)->Refresh(engine->Read());                          // reads only those who changed
//
// Campaigns are definitions of the policy in force (model/campaigns.h), and so are the rules of reach (model/reach_rules.h). All else is read
// from records: enrolment is a fact, and so is what people did. So numbers follow every merge, split and retraction, and two
// reports of one view agree.
//
// THREADS: functions are thread-safe; a CampaignBoard is thread-compatible.
#ifndef POLYONYM_ENGINE_CAMPAIGNS_H_
#define POLYONYM_ENGINE_CAMPAIGNS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/reach.h"
#include "polyonym/campaign/report.h"
#include "polyonym/campaign/tally.h"
#include "polyonym/engine/engine.h"
#include "polyonym/engine/view.h"

namespace polyonym {

namespace engine {
class PeopleFollower;  // of src/engine alone
}  // namespace engine

struct EnrolOptions {
  std::string graph;     // DEFAULT: the first
  bool dry_run = false;  // says who would be enrolled, and writes nothing
  // Of campaigns that are not frozen: records a call.  DEFAULT: 10,000. RANGE: 1 or more
  std::size_t records_a_call = 10'000;
  // Called now and then: people done, and how many there are. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct Enrolled {
  std::uint64_t people = 0;    // who were looked at
  std::uint64_t audience = 0;  // of these in the audience now
  std::uint64_t before = 0;    // enrolled already, in the audience or not
  // Who are enrolled now and were not, by variant; kHoldoutVariant: held out. Records that the policy holds are none of them: `held`.
  std::map<std::string, std::uint64_t, std::less<>> variants;
  std::uint64_t held = 0;
  std::uint64_t total() const;
};

// Enrols who is in the campaign's audience at the newest view and is not enrolled, as of that view's now_ms(). A frozen campaign enrols once: where
// anybody is enrolled, nobody else is. Its records are one commit, all or none; those of others are several, and a call that failed in
// the middle is called again. Doing it twice changes nothing.
// ERRORS: NotFound (no such campaign, or graph), FailedPrecondition (it does not run now), InvalidArgument (the definitions have no meaning;
// records_a_call), as View::ForEachPerson() and Engine::Apply().
// COST: a pass over everybody, and a record for each who is enrolled, of which a frozen campaign's are kept in memory until the end.
absl::StatusOr<Enrolled> EnrolIn(Engine* engine, std::string_view campaign,
                                 const EnrolOptions& options = {});

// Whether a message may go out to the person, by the rules in force and the campaigns' labels.
// ERRORS: as View::ReadPerson(), and Reach() of campaign/reach.h.  COST: that of reading the person, and a copy of the definitions: of many people ask
// Reach() itself.
absl::StatusOr<ReachAnswer> ReachOf(const View& view, ProfileId profile,
                                    const OutboundMessage& message);

// What became of everybody in every campaign, as of a view.
//
// Memory: some 200 bytes for each person and campaign that they are enrolled in; and it holds on to its view, as SegmentIndex does.
class CampaignBoard {
 public:
  // `progress`: called now and then in a pass over everybody. May not call the engine.
  // ERRORS: InvalidArgument (definitions), as View::ForEachPerson().  COST: that, and the events of who is enrolled, a campaign.
  static absl::StatusOr<std::unique_ptr<CampaignBoard>> Build(
      const View& view,
      std::function<void(std::uint64_t done, std::uint64_t total)> progress = nullptr);
  ~CampaignBoard();
  CampaignBoard(const CampaignBoard&) = delete;
  CampaignBoard& operator=(const CampaignBoard&) = delete;

  struct Refreshed {
    std::uint64_t people = 0;  // that were read again
    bool all =
        false;  // it was built again: another policy, a guard that flipped, a horizon that moved
  };
  // Brings it to a later view of the same graph.  ERRORS: InvalidArgument (an earlier view, or another graph's), as Build().
  // ENSURES: it says what one that is built of that view says.
  absl::StatusOr<Refreshed> Refresh(const View& view);

  const CompiledCampaigns& campaigns() const;
  // ERRORS: NotFound (no such campaign).
  absl::StatusOr<const CampaignTally*> Tally(std::string_view campaign) const;
  // ERRORS: NotFound (no such campaign), as ReportOf().
  absl::StatusOr<CampaignReport> Report(std::string_view campaign,
                                        const CampaignReportOptions& options = {}) const;
  std::uint64_t sequence() const;
  std::int64_t now_ms() const;

 private:
  class Keeper;
  CampaignBoard();

  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<engine::PeopleFollower> follower_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_CAMPAIGNS_H_
