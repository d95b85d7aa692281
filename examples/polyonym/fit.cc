// fit.cc - the models of purchase scores, fitted to what everybody bought and put in force: fit.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "progress.h"
#include "when.h"

namespace polyonym::driver {

namespace {

constexpr std::array<const char*, kRfmDimensions> kDimensions = {"recency", "frequency",
                                                                 "monetary"};

std::string_view NameOf(RfmNesting nesting) {
  return nesting == RfmNesting::kNested ? "nested" : "independent";
}

// ---- fields ----

Json RfmJson(const RfmModel& model) {
  Json row = Json::Object().Set("nesting", NameOf(model.nesting));
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    row.Set(kDimensions[d], ListOf(model.bounds[d], [](const std::vector<double>& group) {
              return ListOf(group, NumberJson);
            }));
  }
  return row;
}

Json BgNbdJson(const BgNbdParameters& model, double days_per_unit) {
  return std::move(Json::Object()
                       .Set("r", NumberJson(model.r))
                       .Set("alpha", NumberJson(model.alpha))
                       .Set("a", NumberJson(model.a))
                       .Set("b", NumberJson(model.b))
                       .Set("days_per_unit", NumberJson(days_per_unit)));
}

Json ProblemOf(const absl::Status& status) {
  return status.ok() ? Json() : Json(std::string(status.message()));
}

Json FitRow(const ScoreFit& fit, std::uint64_t sequence) {
  const PurchaseScore& score = fit.score;
  Json row = Json::Object();
  row.Set("name", score.name)
      .Set("currency", score.currency)
      .Set("customers", fit.customers)
      .Set("fitted", FormatTime(score.fitted_ms));
  row.Set("rfm", score.rfm_model ? RfmJson(*score.rfm_model) : Json())
      .Set("rfm_problem", ProblemOf(fit.rfm));
  row.Set("bgnbd", score.bgnbd_model ? BgNbdJson(*score.bgnbd_model, score.days_per_unit) : Json())
      .Set("bgnbd_problem", ProblemOf(fit.bgnbd));
  return std::move(row.Set("sequence", sequence));
}

// ---- tables ----

std::string WhyNone(const absl::Status& status) { return "none: " + std::string(status.message()); }

std::string RfmText(const RfmModel& model) {
  std::string bins;
  for (const std::uint32_t count : model.bins)
    bins += (bins.empty() ? "" : " x ") + std::to_string(count);
  return bins + " bins, " + std::string(NameOf(model.nesting));
}

std::string BgNbdText(const BgNbdParameters& model, double days_per_unit) {
  char text[160];
  std::snprintf(text, sizeof(text), "r %.4g, alpha %.4g, a %.4g, b %.4g, in units of %.4g days",
                model.r, model.alpha, model.a, model.b, days_per_unit);
  return text;
}

// Which customers the bounds are of: `R 2, F 3` in a nested model.
std::string GroupText(const RfmModel& model, std::size_t dimension, std::size_t group) {
  if (model.bounds[dimension].size() == 1) return "all";
  if (dimension == 1) return "R " + std::to_string(group + 1);
  const std::size_t bins = model.bins[1];
  return "R " + std::to_string(group / bins + 1) + ", F " + std::to_string(group % bins + 1);
}

void PrintBounds(const RfmModel& model, const std::string& currency, Output* out) {
  const auto text = [&](std::size_t dimension, double bound) {
    if (dimension == 2) return ToText({Money{std::llround(bound), currency}});
    return std::to_string(std::llround(bound)) + (dimension == 0 ? " days" : "");
  };
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    for (std::size_t g = 0; g < model.bounds[d].size(); ++g) {
      std::vector<std::string> bounds;
      for (const double bound : model.bounds[d][g]) bounds.push_back(text(d, bound));
      out->Row(Json::Object()
                   .Set("dimension", kDimensions[d])
                   .Set("of", GroupText(model, d, g))
                   .Set("bounds", Json::ListFrom(bounds)));
    }
  }
}

void PrintFit(const ScoreFit& fit, Output* out) {
  const PurchaseScore& score = fit.score;
  out->Title(score.name);
  Json row = Json::Object();
  row.Set("fitted_as_of", FormatTime(score.fitted_ms))
      .Set("customers", FormatCount(fit.customers))
      .Set("RFM", score.rfm_model ? RfmText(*score.rfm_model) : WhyNone(fit.rfm));
  row.Set("BG/NBD", score.bgnbd_model ? BgNbdText(*score.bgnbd_model, score.days_per_unit)
                                      : WhyNone(fit.bgnbd));
  out->Fields(row);
  if (!score.rfm_model) return;
  out->Note("");
  PrintBounds(*score.rfm_model, score.currency, out);
}

// ---- the command ----

FitResult FitIn(Engine* engine, const std::string& graph, std::optional<std::int64_t> as_of_ms) {
  Progress progress("steps");
  FitOptions options;
  options.now_ms = as_of_ms;
  options.policy.graph = graph;
  options.policy.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Update(done, {done, total});
  };
  auto result = engine->FitScores(options);
  if (absl::IsInvalidArgument(result.status()))
    Fail(kUsage, "--as-of: " + std::string(result.status().message()));
  return FromStore(std::move(result));
}

void RunFit(std::optional<std::int64_t> as_of_ms, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  if (session->Read(*engine).policy().definitions.purchase_scores.empty()) {
    Fail(kAnsweredNo,
         "the definitions in force have no purchase_scores, so that nothing is fitted");
  }
  const FitResult result = FitIn(engine.get(), session->graph, as_of_ms);
  Output out(session->format);
  for (const ScoreFit& fit : result.fits) {
    if (!fit.rfm.ok() || !fit.bgnbd.ok()) session->exit_code = kAnsweredNo;
    out.is_table() ? PrintFit(fit, &out) : out.Row(FitRow(fit, result.sequence));
  }
}

}  // namespace

void AddFit(CLI::App* app, Session* session) {
  const auto as_of_ms = std::make_shared<std::optional<std::int64_t>>();
  CLI::App* command = app->add_subcommand(
      "fit", "fit the models of purchase scores to what everybody bought, and put them in force");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferTime(command, "--as-of", as_of_ms.get(),
            "by what was bought up to this time, by people as they are known now");
  session->OfferFormat(command);
  command->footer(
      "The models become a part of the policy in force: a policy or definitions without them, put "
      "in force later, takes them out.\n"
      "Exit code 1 where a model could not be fitted, or no purchase score is defined.");
  command->callback([=] { RunFit(*as_of_ms, session); });
}

}  // namespace polyonym::driver
