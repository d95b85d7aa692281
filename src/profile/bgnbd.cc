#include "polyonym/profile/bgnbd.h"

#include <math.h>  // lgamma_r: std::lgamma writes a global

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

constexpr std::uint32_t kMinEvaluations = 100;

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

absl::Status Check(const BgNbdParameters& parameters) {
  const absl::Status status = Validate(parameters);
  return status.ok() ? status
                     : absl::InvalidArgumentError(absl::StrCat("parameters.", status.message()));
}

// What is wrong with the history, as `field: what is allowed`; null where nothing is.
const char* FaultOf(const BgNbdHistory& history) {
  if (!std::isfinite(history.frequency) || history.frequency < 0 ||
      history.frequency != std::floor(history.frequency)) {
    return "frequency: allowed are whole numbers, 0 or more";
  }
  if (!std::isfinite(history.observed) || history.observed < 0) {
    return "observed: allowed are finite numbers, 0 or more";
  }
  if (!(history.recency >= 0 && history.recency <= history.observed)) {
    return "recency: allowed are 0 to observed";
  }
  if ((history.recency == 0) != (history.frequency == 0)) {
    return "recency: 0 is allowed exactly where frequency is 0";
  }
  return nullptr;
}

absl::Status Check(const BgNbdHistory& history) {
  const char* fault = FaultOf(history);
  if (fault == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("history.", fault));
}

absl::Status Check(std::span<const BgNbdHistory> histories) {
  for (std::size_t i = 0; i < histories.size(); ++i) {
    const char* fault = FaultOf(histories[i]);
    if (fault != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("histories[", i, "].", fault));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTime(double t) {
  if (std::isfinite(t) && t >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError("t: allowed are finite numbers, 0 or more");
}

double LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double LogBeta(double a, double b) { return LogGamma(a) + LogGamma(b) - LogGamma(a + b); }

// Logarithm of how much likelier it is that the customer dropped out after the last purchase than that they are alive.
// REQUIRES: frequency > 0.
double LogOddsGone(const BgNbdParameters& m, const BgNbdHistory& h) {
  return std::log(m.a) - std::log(m.b + (h.frequency - 1)) +
         (m.r + h.frequency) * std::log((m.alpha + h.observed) / (m.alpha + h.recency));
}

// log(1 + e^x)
double Softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

// Equation (6), its first term taken out: B(a+1, b+x-1) / B(a, b+x) = a / (b+x-1).
double LogLikelihood(const BgNbdParameters& m, const BgNbdHistory& h) {
  const double x = h.frequency;
  const double alive = LogBeta(m.a, m.b + x) - LogBeta(m.a, m.b) + LogGamma(m.r + x) -
                       LogGamma(m.r) + m.r * std::log(m.alpha) -
                       (m.r + x) * std::log(m.alpha + h.observed);
  return x > 0 ? alive + Softplus(LogOddsGone(m, h)) : alive;
}

// A history that several customers have.
struct Weighted {
  BgNbdHistory history;
  double customers = 0;
};

// Sorted, so that sums do not depend on the order in which customers come.
std::vector<Weighted> Gather(std::span<const BgNbdHistory> histories) {
  const auto key = [](const BgNbdHistory& h) {
    return std::tuple(h.frequency, h.recency, h.observed);
  };
  std::vector<BgNbdHistory> sorted(histories.begin(), histories.end());
  std::sort(sorted.begin(), sorted.end(),
            [&](const BgNbdHistory& a, const BgNbdHistory& b) { return key(a) < key(b); });
  std::vector<Weighted> gathered;
  for (const BgNbdHistory& history : sorted) {
    if (gathered.empty() || key(gathered.back().history) != key(history)) {
      gathered.push_back({history, 0});
    }
    ++gathered.back().customers;
  }
  return gathered;
}

double Sum(const BgNbdParameters& parameters, const std::vector<Weighted>& gathered) {
  double sum = 0;
  for (const Weighted& w : gathered) sum += w.customers * LogLikelihood(parameters, w.history);
  return sum;
}

// The search. A point holds the logarithms of r, alpha / scale, a and b.
constexpr std::size_t kPlaces = 4;
constexpr double kMaxLog = 15;        // a maximum beyond 14 is none
constexpr double kStep = 0.5;         // of a new simplex
constexpr double kSpread = 1e-7;      // a simplex this small has ended
constexpr double kSameValue = 1e-10;  // beginning anew gains no more and
constexpr double kSamePlace = 1e-4;   // moves no farther: settled
using Point = std::array<double, kPlaces>;

struct Vertex {
  Point at = {};
  double value = 0;
};

// `from` + `factor` * (`to` - `from`)
Point Along(const Point& from, const Point& to, double factor) {
  Point point;
  for (std::size_t i = 0; i < kPlaces; ++i) point[i] = from[i] + factor * (to[i] - from[i]);
  return point;
}

double Distance(const Point& a, const Point& b) {
  double distance = 0;
  for (std::size_t i = 0; i < kPlaces; ++i) distance = std::max(distance, std::abs(a[i] - b[i]));
  return distance;
}

// Looks for the minimum of `function`, and evaluates it `limit` times at most (and some for the last step).
template <class Function>
class Simplex {
 public:
  Simplex(Function function, std::uint32_t limit) : function_(std::move(function)), limit_(limit) {}

  std::uint32_t evaluations() const { return evaluations_; }
  bool exhausted() const { return evaluations_ >= limit_; }

  Vertex Descend(const Point& start) {
    Begin(start);
    while (!exhausted()) {
      std::stable_sort(vertices_.begin(), vertices_.end(),
                       [](const Vertex& a, const Vertex& b) { return a.value < b.value; });
      if (IsSmall()) break;
      Step();
    }
    return *std::min_element(vertices_.begin(), vertices_.end(),
                             [](const Vertex& a, const Vertex& b) { return a.value < b.value; });
  }

 private:
  Vertex At(const Point& point) {
    ++evaluations_;
    const double value = function_(point);
    return {point, std::isnan(value) ? std::numeric_limits<double>::infinity() : value};
  }

  void Begin(const Point& start) {
    vertices_[0] = At(start);
    for (std::size_t i = 0; i < kPlaces; ++i) {
      Point point = start;
      point[i] += kStep;
      vertices_[i + 1] = At(point);
    }
  }

  bool IsSmall() const {
    return std::all_of(vertices_.begin(), vertices_.end(), [&](const Vertex& vertex) {
      return Distance(vertex.at, vertices_[0].at) < kSpread;
    });
  }

  // Moves the worst vertex through the middle of the others, or draws all towards the best.
  void Step() {
    Vertex& worst = vertices_.back();
    Point middle = {};
    for (std::size_t v = 0; v < kPlaces; ++v) {
      for (std::size_t i = 0; i < kPlaces; ++i) middle[i] += vertices_[v].at[i] / kPlaces;
    }
    const Vertex reflected = At(Along(middle, worst.at, -1));
    if (reflected.value < vertices_[0].value) {
      const Vertex expanded = At(Along(middle, worst.at, -2));
      worst = expanded.value < reflected.value ? expanded : reflected;
      return;
    }
    if (reflected.value < vertices_[kPlaces - 1].value) {
      worst = reflected;
      return;
    }
    const Vertex& nearer = reflected.value < worst.value ? reflected : worst;
    const Vertex contracted = At(Along(middle, nearer.at, 0.5));
    if (contracted.value < nearer.value) {
      worst = contracted;
      return;
    }
    for (std::size_t v = 1; v <= kPlaces; ++v) {
      vertices_[v] = At(Along(vertices_[0].at, vertices_[v].at, 0.5));
    }
  }

  Function function_;
  std::uint32_t limit_;
  std::uint32_t evaluations_ = 0;
  std::array<Vertex, kPlaces + 1> vertices_ = {};
};

bool IsWithin(const Point& point, double most) {
  return std::all_of(point.begin(), point.end(), [&](double x) { return std::abs(x) < most; });
}

BgNbdParameters ParametersAt(const Point& point, double scale) {
  return {.r = std::exp(point[0]),
          .alpha = std::exp(point[1]) * scale,
          .a = std::exp(point[2]),
          .b = std::exp(point[3])};
}

absl::Status CheckFit(std::span<const BgNbdHistory> histories, const BgNbdFitOptions& options) {
  if (!std::isfinite(options.penalty) || options.penalty < 0) {
    return absl::InvalidArgumentError("penalty: allowed are finite numbers, 0 or more");
  }
  if (options.max_evaluations < kMinEvaluations) {
    return absl::InvalidArgumentError("max_evaluations: allowed are 100 and more");
  }
  if (absl::Status status = Check(histories); !status.ok()) return status;
  const auto repeaters =
      std::count_if(histories.begin(), histories.end(),
                    [](const BgNbdHistory& history) { return history.frequency > 0; });
  if (repeaters < std::int64_t{kMinBgNbdRepeaters}) {
    return absl::FailedPreconditionError(
        absl::StrCat("histories: ", repeaters, " customers have a repeat purchase, needed are ",
                     kMinBgNbdRepeaters));
  }
  return absl::OkStatus();
}

// The beta distribution of p over y = logit p, and the double exponential spacing y = middle + width * sinh(s).
class LogitBeta {
 public:
  LogitBeta(double a, double b)
      : a_(a),
        b_(b),
        middle_(std::log(a) - std::log(b)),
        width_(std::min(1.0, std::sqrt(1 / a + 1 / b))),
        peak_(LogDensity(middle_)) {}

  // The mean of `function` of p, whose values lie within a factor of e^range of each other.
  template <class Function>
  double Mean(const Function& function, double range) const {
    constexpr double kSame = 1e-11;
    constexpr int kHalvings = 11;
    const double lost = -(40 + range);  // e^-40 of the sum is nothing
    const double low = Edge(-1, lost);
    const double high = Edge(1, lost);
    double step = 0.5;
    double mean = 0;
    for (int halving = 0; halving < kHalvings; ++halving, step /= 2) {
      double weights = 0;
      double sum = 0;
      for (double n = std::ceil(low / step); n * step <= high; ++n) {
        const double s = n * step;
        const double y = middle_ + width_ * std::sinh(s);
        const double weight = std::exp(LogDensity(y) - peak_) * std::cosh(s);
        weights += weight;
        sum += weight * function(1 / (1 + std::exp(-y)));
      }
      const double before = std::exchange(mean, sum / weights);
      if (halving > 0 && std::abs(mean - before) <= kSame * mean) break;
    }
    return mean;
  }

 private:
  // log(p^a (1-p)^b), also where p or 1-p is too small for a double.
  double LogDensity(double y) const { return -a_ * Softplus(-y) - b_ * Softplus(y); }

  // The s, on the side of `sign`, beyond which the density lies below e^lost of its peak: it has one peak.
  double Edge(double sign, double lost) const {
    double s = 0;
    while (LogDensity(middle_ + width_ * std::sinh(s)) - peak_ + std::abs(s) > lost) {
      s += sign / 4;
    }
    return s;
  }

  double a_;
  double b_;
  double middle_;  // where the density over y is highest
  double width_;
  double peak_;
};

// Equation (9). See the header for the form.
double Expected(const BgNbdParameters& m, double t) {
  if (t == 0) return 0;
  const double w = t / m.alpha;
  const double most = m.r * w;                             // at p = 0
  const double least = -std::expm1(-m.r * std::log1p(w));  // at p = 1
  const auto purchases = [&](double p) {
    constexpr double kTiny = 1e-290;
    return p < kTiny ? most : -std::expm1(-m.r * std::log1p(p * w)) / p;
  };
  const double range = std::log(most) - std::log(least);
  if (!std::isfinite(range)) return std::numeric_limits<double>::quiet_NaN();
  return LogitBeta(m.a, m.b).Mean(purchases, range);
}

// Arguments at the ends of the range of doubles may have no finite result.
absl::StatusOr<double> Finite(double result) {
  if (std::isfinite(result)) return result;
  return absl::OutOfRangeError("parameters: no finite number is the result");
}

double Alive(const BgNbdParameters& m, const BgNbdHistory& h) {
  return h.frequency > 0 ? std::exp(-Softplus(LogOddsGone(m, h))) : 1;
}

}  // namespace

absl::StatusOr<BgNbdHistory> BgNbdHistoryOf(const PurchaseSummary& summary, double days_per_unit) {
  if (!IsPositive(days_per_unit)) {
    return absl::InvalidArgumentError("days_per_unit: allowed are finite numbers above 0");
  }
  if (summary.count == 0) return absl::FailedPreconditionError("summary: it has no purchase");
  return BgNbdHistory{.frequency = static_cast<double>(summary.frequency),
                      .recency = static_cast<double>(summary.recency_days) / days_per_unit,
                      .observed = static_cast<double>(summary.observed_days) / days_per_unit};
}

absl::StatusOr<double> BgNbdLogLikelihood(const BgNbdParameters& parameters,
                                          std::span<const BgNbdHistory> histories) {
  if (absl::Status status = Check(parameters); !status.ok()) return status;
  if (absl::Status status = Check(histories); !status.ok()) return status;
  return Finite(Sum(parameters, Gather(histories)));
}

absl::StatusOr<BgNbdFit> FitBgNbd(std::span<const BgNbdHistory> histories,
                                  const BgNbdFitOptions& options) {
  if (absl::Status status = CheckFit(histories, options); !status.ok()) return status;
  const std::vector<Weighted> gathered = Gather(histories);
  const auto customers = static_cast<double>(histories.size());
  double scale = 0;  // above 0: who bought again was observed for some time
  for (const Weighted& w : gathered) scale += w.customers * w.history.observed / customers;

  const auto loss = [&](const Point& point) {
    if (!IsWithin(point, kMaxLog)) return std::numeric_limits<double>::infinity();
    const BgNbdParameters m = ParametersAt(point, scale);
    return options.penalty * (m.r * m.r + m.alpha * m.alpha + m.a * m.a + m.b * m.b) -
           Sum(m, gathered) / customers;
  };
  Simplex search(loss, options.max_evaluations);
  Vertex best = search.Descend({});
  for (bool settled = false; !settled;) {
    const Vertex again = search.Descend(best.at);
    if (search.exhausted()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("max_evaluations: ", options.max_evaluations,
                       " did not suffice; allow more, or set a penalty"));
    }
    settled = best.value - again.value < kSameValue && Distance(best.at, again.at) < kSamePlace;
    best = again;
  }
  if (!IsWithin(best.at, kMaxLog - 1)) {
    return absl::FailedPreconditionError(
        "histories: the likelihood has no maximum in reach: customers are alike, or none drops "
        "out; fit more of them, or set a penalty");
  }
  const BgNbdParameters parameters = ParametersAt(best.at, scale);
  return BgNbdFit{parameters, Sum(parameters, gathered), search.evaluations()};
}

absl::StatusOr<double> BgNbdAlive(const BgNbdParameters& parameters, const BgNbdHistory& history) {
  if (absl::Status status = Check(parameters); !status.ok()) return status;
  if (absl::Status status = Check(history); !status.ok()) return status;
  return Finite(Alive(parameters, history));
}

absl::StatusOr<double> BgNbdExpectedPurchases(const BgNbdParameters& parameters, double t) {
  if (absl::Status status = Check(parameters); !status.ok()) return status;
  if (absl::Status status = CheckTime(t); !status.ok()) return status;
  return Finite(Expected(parameters, t));
}

absl::StatusOr<double> BgNbdConditionalPurchases(const BgNbdParameters& parameters,
                                                 const BgNbdHistory& history, double t) {
  if (absl::Status status = Check(parameters); !status.ok()) return status;
  if (absl::Status status = Check(history); !status.ok()) return status;
  if (absl::Status status = CheckTime(t); !status.ok()) return status;
  const BgNbdParameters of_customer = {.r = parameters.r + history.frequency,
                                       .alpha = parameters.alpha + history.observed,
                                       .a = parameters.a,
                                       .b = parameters.b + history.frequency};
  return Finite(Alive(parameters, history) * Expected(of_customer, t));
}

}  // namespace polyonym
