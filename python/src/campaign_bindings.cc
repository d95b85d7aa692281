// Campaigns: who is enrolled, what became of them, and whether a message may go out.
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/unique_ptr.h>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "measure_values.h"
#include "polyonym/engine/campaigns.h"
#include "values.h"

namespace polyonym::python {
namespace {

nb::object StepOf(const StepReport& step) {
  return Result("StepReport")("name"_a = step.name, "people"_a = step.tally.people,
                              "times"_a = step.tally.times, "rate"_a = step.rate,
                              "passed_people"_a = step.tally.passed, "passed"_a = step.passed);
}

nb::object RevenueOf(const RevenueReport& revenue) {
  return Result("RevenueReport")("total"_a = SumOf(revenue.minor_units, revenue.currency),
                                 "per_person"_a = revenue.per_person);
}

nb::object LiftOrNone(const std::optional<LiftResult>& lift) {
  return lift ? ToPython(*lift) : nb::none();
}
nb::object RatioOrNone(const std::optional<SampleRatio>& ratio) {
  return ratio ? ToPython(*ratio) : nb::none();
}

nb::object VariantOf(const VariantReport& variant) {
  return Result("VariantReport")(
      "name"_a = TextOrNone(variant.name), "is_control"_a = variant.is_control,
      "enrolled"_a = variant.enrolled, "steps"_a = ListOf(variant.steps, StepOf),
      "converted"_a = variant.converted,
      "conversion_rate"_a = RatioOf(variant.conversion_rate, variant.enrolled),
      "conversions"_a = variant.conversions, "revenue"_a = ListOf(variant.revenue, RevenueOf),
      "left_out"_a = variant.left_out, "median_days_to_convert"_a = variant.median_days_to_convert,
      "lift"_a = LiftOrNone(variant.lift));
}

nb::object ReportObject(const CampaignReport& report, const std::string& campaign,
                        std::int64_t now_ms) {
  return Result("CampaignReport")("campaign"_a = campaign, "now"_a = TimeOf(now_ms),
                                  "variants"_a = ListOf(report.variants, VariantOf),
                                  "control"_a = TextOrNone(report.control),
                                  "cost"_a = report.cost ? ToPython(*report.cost) : nb::none(),
                                  "overall"_a = LiftOrNone(report.overall),
                                  "variants_ratio"_a = RatioOrNone(report.variants_ratio),
                                  "holdout_ratio"_a = RatioOrNone(report.holdout_ratio));
}

// Python's threads may share one, and the board is thread-compatible.
class Board {
 private:
  // The lock is taken without the GIL, which who holds it may need.
  template <class F>
  auto Locked(const F& f) {
    return Call([&] {
      const std::lock_guard lock(mutex_);
      return f();
    });
  }

 public:
  explicit Board(std::unique_ptr<CampaignBoard> board) : board_(std::move(board)) {}

  static std::unique_ptr<Board> Build(const View& view, nb::handle progress) {
    const Progress report = ProgressOf(progress);
    return std::make_unique<Board>(Call([&] { return CampaignBoard::Build(view, report); }));
  }

  nb::object Refresh(const View& view) {
    const CampaignBoard::Refreshed refreshed = Locked([&] { return board_->Refresh(view); });
    return Result("Refreshed")("people"_a = refreshed.people, "all"_a = refreshed.all);
  }

  nb::object Report(const std::string& campaign, double confidence) {
    std::int64_t now_ms = 0;
    const CampaignReport report = Locked([&] {
      now_ms = board_->now_ms();
      return board_->Report(campaign, {.confidence = confidence});
    });
    return ReportObject(report, campaign, now_ms);
  }

  // Of each campaign its name, from when to when it runs, and how many are enrolled.
  nb::list Campaigns() {
    struct Row {
      CampaignDefinition defined;
      bool runs;
      std::uint64_t enrolled;
    };
    const auto rows = Locked([&]() -> absl::StatusOr<std::vector<Row>> {
      std::vector<Row> all;
      const std::int64_t now_ms = board_->now_ms();
      for (std::size_t c = 0; c < board_->campaigns().size(); ++c) {
        const CompiledCampaign& campaign = *board_->campaigns().at(c);
        const auto tally = board_->Tally(campaign.definition().name);
        if (!tally.ok()) return tally.status();
        all.push_back({campaign.definition(), campaign.Runs(now_ms), (*tally)->enrolled()});
      }
      return all;
    });
    return ListOf(rows, [](const Row& row) {
      return Result("CampaignState")(
          "name"_a = row.defined.name, "runs"_a = row.runs, "start"_a = TimeOf(row.defined.from_ms),
          "end"_a = TimeOf(row.defined.to_ms), "frozen"_a = row.defined.frozen,
          "enrolled"_a = row.enrolled,
          "variants"_a = ListOf(row.defined.variants,
                                [](const CampaignVariant& v) { return nb::cast(v.name); }));
    });
  }

  std::uint64_t sequence() {
    return Locked([&] { return board_->sequence(); });
  }
  std::int64_t now_ms() {
    return Locked([&] { return board_->now_ms(); });
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<CampaignBoard> board_;
};

nb::object Enrol(const EngineHandle& handle, const std::string& campaign, const std::string& graph,
                 bool dry_run, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  EnrolOptions options;
  options.graph = graph;
  options.dry_run = dry_run;
  options.progress = ProgressOf(progress);
  const Enrolled enrolled = Call([&] { return EnrolIn(engine.get(), campaign, options); });
  nb::dict variants;
  for (const auto& [variant, people] : enrolled.variants) variants[nb::cast(variant)] = people;
  return Result("Enrolled")("people"_a = enrolled.people, "audience"_a = enrolled.audience,
                            "before"_a = enrolled.before, "variants"_a = variants,
                            "held"_a = enrolled.held);
}

nb::object ChannelOf(const ChannelReach& reach) {
  const auto hold = [](const ReachHold& of) {
    return Result("ReachHold")("kind"_a = TextOf(ToString(of.kind)), "rule"_a = TextOrNone(of.rule),
                               "until"_a = TimeOf(of.until_ms));
  };
  return Result("ChannelReach")("channel"_a = reach.channel, "holds"_a = ListOf(reach.holds, hold),
                                "identifiers"_a = ToPython(reach.identifiers),
                                "open_at"_a = TimeOf(reach.open_ms));
}

const char* ZoneSourceOf(ZoneSource from) {
  switch (from) {
    case ZoneSource::kPerson:
      return "person";
    case ZoneSource::kUnknown:
      return "unknown";
    case ZoneSource::kDefault:
      break;
  }
  return "default";
}

nb::object ReachTo(const View& view, const std::string& profile, const std::string& campaign,
                   const std::vector<std::string>& channels, const std::vector<std::string>& labels,
                   bool profiled, bool urgent) {
  const OutboundMessage message{campaign, channels, labels, profiled, urgent};
  const ReachAnswer answer = Call([&]() -> absl::StatusOr<ReachAnswer> {
    const auto id = ParseProfileId(profile);
    if (!id.ok()) return id.status();
    return ReachOf(view, *id, message);
  });
  return Result("ReachAnswer")("zone"_a = answer.zone.empty() ? "UTC" : answer.zone,
                               "zone_from"_a = ZoneSourceOf(answer.zone_from),
                               "channels"_a = ListOf(answer.channels, ChannelOf));
}

}  // namespace

void BindCampaigns(nb::module_& module) {
  nb::class_<Board>(module, "CampaignBoard")
      .def_static("build", &Board::Build, "view"_a, "progress"_a.none())
      .def("refresh", &Board::Refresh, "view"_a)
      .def("report", &Board::Report, "campaign"_a, nb::kw_only(), "confidence"_a)
      .def("campaigns", &Board::Campaigns)
      .def_prop_ro("sequence", &Board::sequence)
      .def_prop_ro("now_ms", &Board::now_ms);
  module.def("enrol", &Enrol, "engine"_a, "campaign"_a, nb::kw_only(), "graph"_a, "dry_run"_a,
             "progress"_a.none());
  module.def("reach", &ReachTo, "view"_a, "profile"_a, nb::kw_only(), "campaign"_a, "channels"_a,
             "labels"_a, "profiled"_a, "urgent"_a);
}

}  // namespace polyonym::python
