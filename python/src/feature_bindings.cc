// Features: traits, tags, segments and scores of everybody as a matrix of numbers.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nanobind/ndarray.h>

#include "absl/container/flat_hash_set.h"
#include "bindings.h"
#include "calls.h"
#include "feature_columns.h"
#include "people_source.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"
#include "value_text.h"
#include "values.h"

namespace polyonym::python {
namespace {

using Names = std::optional<std::vector<std::string>>;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct FeaturesAsked {
  Names traits, tags, segments;
  bool scores = true;
  std::size_t max_categories = 20;
  std::size_t max_tags = 100;
  std::optional<std::int64_t> now_ms;
  Progress progress;
};

// Days since 1970-01-01 of a day with a year; else none.
double DaysOf(const Date& date) {
  const std::optional<Date> solar = ToSolar(date);
  if (!solar || !solar->year) return kNone;
  const std::chrono::year_month_day day(std::chrono::year(*solar->year),
                                        std::chrono::month(static_cast<unsigned>(solar->month)),
                                        std::chrono::day(static_cast<unsigned>(solar->day)));
  return static_cast<double>(std::chrono::sys_days(day).time_since_epoch().count());
}

// How the values of a trait become columns.
enum class Kind : std::uint8_t { kNumber, kDay, kCategories, kCurrencies };

Kind KindOf(const TraitDefinition& trait) {
  switch (trait.fold) {
    case Fold::kCount:
    case Fold::kDistinct:
    case Fold::kDecayedSum:
      return Kind::kNumber;
    case Fold::kUnion:
    case Fold::kTopN:
      return Kind::kCategories;
    default:
      break;
  }
  switch (trait.type) {
    case ValueType::kText:
    case ValueType::kList:
      return Kind::kCategories;
    case ValueType::kMoney:
      return Kind::kCurrencies;
    case ValueType::kDate:
      return Kind::kDay;
    default:
      return Kind::kNumber;
  }
}

class FeatureMaker {
 public:
  FeatureMaker(const People& people, const FeaturesAsked& asked)
      : people_(people), asked_(asked), now_ms_(asked.now_ms.value_or(people.now_ms)) {}

  absl::Status Make() {
    if (absl::Status status = Plan(); !status.ok()) return status;
    absl::Status status =
        Visit(people_, asked_.progress, [this](const Person& person) { Add(person); });
    if (!status.ok()) return status;
    matrix_ = MakeMatrix(dense_, &sparse_, ids_.size());
    return status;
  }

  const std::vector<ProfileId>& ids() const { return ids_; }
  FeatureMatrix TakeMatrix() { return std::move(matrix_); }

 private:
  struct TraitPlan {
    const TraitDefinition* trait;
    Kind kind;
    std::size_t place;  // in dense_ or sparse_
  };
  // Places in dense_; those of a model that is none are not there.
  struct PurchasePlan {
    const PurchaseScore* score;
    std::size_t summary = 0, rfm = 0, bgnbd = 0;
  };

  std::size_t AddSparse(SparseColumns columns) {
    sparse_.push_back(std::move(columns));
    return sparse_.size() - 1;
  }

  absl::Status Plan() {
    const auto traits = FindTraits(people_.definitions, asked_.traits);
    if (!traits.ok()) return traits.status();
    for (const TraitDefinition* trait : *traits) PlanTrait(*trait);
    PlanTags();
    if (absl::Status status = PlanSegments(); !status.ok()) return status;
    if (asked_.scores) PlanScores();
    options_.traits = !traits_.empty();
    options_.tags = !asked_.tags || !asked_.tags->empty();
    options_.scores = asked_.scores;
    options_.consents = options_.ladders = options_.contacts = false;
    options_.relations = options_.timeline = options_.ambiguous = false;
    return absl::OkStatus();
  }

  void PlanTrait(const TraitDefinition& trait) {
    const std::string name = "trait:" + trait.name;
    switch (const Kind kind = KindOf(trait)) {
      case Kind::kNumber:
      case Kind::kDay:
        traits_.push_back({&trait, kind, dense_.Add(name)});
        break;
      case Kind::kCategories:
        traits_.push_back(
            {&trait, kind,
             AddSparse({{name + "=", ""}, 0, asked_.max_categories, name + "=(other)"})});
        break;
      case Kind::kCurrencies:
        traits_.push_back({&trait, kind, AddSparse({{name + "[", "]"}, kNone, kAll, ""})});
        break;
    }
  }

  void PlanTags() {
    for (const TagDefinition& tag : people_.definitions.tags) {
      if (IsSensitive(tag.sensitivity)) sensitive_tags_.insert(tag.name);
    }
    tags_ = asked_.tags ? AddSparse({{"tag:", ""}, 0, *asked_.tags})
                        : AddSparse({{"tag:", ""}, 0, asked_.max_tags, ""});
  }

  absl::Status PlanSegments() {
    auto segments = CompiledSegments::Compile(people_.definitions);
    if (!segments.ok()) return segments.status();
    segments_ = *std::move(segments);
    auto places = FindSegments(*segments_, asked_.segments);
    if (!places.ok()) return places.status();
    for (const std::size_t place : *places)
      memberships_.emplace_back(place, dense_.Add("segment:" + segments_->name(place)));
    return absl::OkStatus();
  }

  void PlanScores() {
    for (const PurchaseScore& score : people_.definitions.purchase_scores) {
      PurchasePlan plan{&score};
      const auto add = [&](std::initializer_list<const char*> names) {
        const std::size_t first = dense_.size();
        for (const char* name : names) dense_.Add("score:" + score.name + "." + name);
        return first;
      };
      plan.summary =
          add({"count", "returns", "total_minor", "frequency", "recency_days", "observed_days",
               "days_since_last", "mean_repeat_minor", "mean_gap_days", "overdue_ratio"});
      if (score.rfm_model) plan.rfm = add({"rfm_recency", "rfm_frequency", "rfm_monetary"});
      if (score.bgnbd_model) plan.bgnbd = add({"alive", "expected", "expected_minor"});
      purchases_.push_back(plan);
    }
    for (const ChannelScore& score : people_.definitions.channel_scores)
      channels_.emplace_back(&score, AddSparse({{"score:" + score.name + "[", "]"}, 0, kAll, ""}));
  }

  void Add(const Person& person) {
    const auto row = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(person.id);
    dense_.BeginPerson();
    const Profile profile = FoldProfile(people_.definitions, *person.rows, options_, now_ms_);
    for (const TraitPlan& plan : traits_) AddTrait(plan, profile, row);
    for (const ProfileTag& tag : profile.tags) {
      if (asked_.tags || !sensitive_tags_.contains(tag.name))
        sparse_[tags_].Add(row, tag.name, tag.score);
    }
    if (!memberships_.empty()) {
      SegmentSubject subject(people_.definitions, *person.rows, person.identifiers, person.anchor,
                             now_ms_);
      for (const auto& [segment, place] : memberships_)
        dense_.Set(place, segments_->Evaluate(segment, &subject) == true ? 1 : 0);
    }
    for (const PurchasePlan& plan : purchases_) AddPurchases(plan, profile);
    for (const auto& [score, place] : channels_) {
      for (const ProfileChannels& one : profile.channels) {
        if (one.name != score->name) continue;
        for (const ChannelAffinity& channel : one.channels)
          sparse_[place].Add(row, channel.channel, channel.share);
      }
    }
  }

  void AddTrait(const TraitPlan& plan, const Profile& profile, std::uint32_t row) {
    const auto at = std::lower_bound(
        profile.traits.begin(), profile.traits.end(), plan.trait->name,
        [](const ProfileTrait& trait, const std::string& name) { return trait.name < name; });
    if (at == profile.traits.end() || at->name != plan.trait->name || at->values.empty()) return;
    switch (plan.kind) {
      case Kind::kNumber:
        dense_.Set(plan.place, NumberOf(at->values.front()).value_or(kNone));
        break;
      case Kind::kDay:
        dense_.Set(plan.place, DaysOf(std::get<Date>(at->values.front().is)));
        break;
      case Kind::kCategories:
        for (const Value& value : at->values) AddCategory(value, plan.place, row);
        break;
      case Kind::kCurrencies:
        for (const Value& value : at->values) {
          const auto& money = std::get<Money>(value.is);
          sparse_[plan.place].Add(row, money.currency, static_cast<double>(money.minor_units));
        }
        break;
    }
  }

  void AddCategory(const Value& value, std::size_t place, std::uint32_t row) {
    if (const auto* list = std::get_if<ValueList>(&value.is)) {
      for (const Value& element : *list) sparse_[place].Add(row, ToText(element), 1);
    } else {
      sparse_[place].Add(row, ToText(value), 1);
    }
  }

  void AddPurchases(const PurchasePlan& plan, const Profile& profile) {
    const auto found =
        std::find_if(profile.purchases.begin(), profile.purchases.end(),
                     [&](const ProfilePurchases& one) { return one.name == plan.score->name; });
    if (found == profile.purchases.end()) return;
    const PurchaseSummary& summary = found->summary;
    const auto set = [this](std::size_t first, std::initializer_list<double> numbers) {
      for (const double number : numbers) dense_.Set(first++, number);
    };
    const auto whole = [](auto number) { return static_cast<double>(number); };
    const bool bought = summary.count > 0;
    set(plan.summary,
        {whole(summary.count), whole(summary.returns), whole(summary.total_minor_units),
         bought ? whole(summary.frequency) : kNone, bought ? whole(summary.recency_days) : kNone,
         bought ? whole(summary.observed_days) : kNone,
         summary.days_since_last ? whole(*summary.days_since_last) : kNone,
         summary.frequency > 0 ? summary.mean_repeat_minor_units : kNone,
         summary.mean_gap_days.value_or(kNone), summary.overdue_ratio.value_or(kNone)});
    if (found->rfm)
      set(plan.rfm,
          {whole(found->rfm->recency), whole(found->rfm->frequency), whole(found->rfm->monetary)});
    if (plan.score->bgnbd_model)
      set(plan.bgnbd, {found->alive.value_or(kNone), found->expected.value_or(kNone),
                       found->expected_minor_units.value_or(kNone)});
  }

  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  const People& people_;
  const FeaturesAsked& asked_;
  const std::int64_t now_ms_;
  ProfileOptions options_;
  std::vector<TraitPlan> traits_;
  std::size_t tags_ = 0;
  absl::flat_hash_set<std::string> sensitive_tags_;
  std::shared_ptr<const CompiledSegments> segments_;
  std::vector<std::pair<std::size_t, std::size_t>>
      memberships_;  // segment, and its place in dense_
  std::vector<PurchasePlan> purchases_;
  std::vector<std::pair<const ChannelScore*, std::size_t>> channels_;  // and its place in sparse_
  std::vector<ProfileId> ids_;
  DenseColumns dense_;
  std::vector<SparseColumns> sparse_;
  FeatureMatrix matrix_;
};

template <class State>
nb::tuple Features(const State& state, Names traits, Names tags, Names segments, bool scores,
                   std::size_t max_categories, std::size_t max_tags,
                   std::optional<std::int64_t> now_ms, nb::handle progress) {
  const FeaturesAsked asked{
      std::move(traits), std::move(tags), std::move(segments), scores, max_categories,
      max_tags,          now_ms,          ProgressOf(progress)};
  const People people = PeopleOf(state);
  FeatureMaker maker(people, asked);
  Call([&] { return maker.Make(); });
  FeatureMatrix made = maker.TakeMatrix();
  double* numbers = made.numbers.get();
  const nb::capsule owner(made.numbers.release(),
                          [](void* held) noexcept { delete[] static_cast<double*>(held); });
  const nb::ndarray<nb::numpy, double, nb::ndim<2>, nb::c_contig> matrix(
      numbers, {maker.ids().size(), made.names.size()}, owner);
  return nb::make_tuple(ListOf(maker.ids(), [](ProfileId id) { return ToPython(id); }), made.names,
                        matrix);
}

template <class State>
void BindFeaturesOf(nb::module_& module) {
  module.def("features", &Features<State>, "of"_a, nb::kw_only(), "traits"_a.none(),
             "tags"_a.none(), "segments"_a.none(), "scores"_a, "max_categories"_a, "max_tags"_a,
             "now_ms"_a.none(), "progress"_a.none());
}

}  // namespace

void BindFeatures(nb::module_& module) {
  BindFeaturesOf<View>(module);
  BindFeaturesOf<Moment>(module);
}

}  // namespace polyonym::python
