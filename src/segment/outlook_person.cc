// Until when the values of a person's profile stay what they are.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "polyonym/profile/affinity.h"
#include "polyonym/profile/bgnbd.h"
#include "segment/compare.h"
#include "segment/definition_lookup.h"
#include "segment/expression_types.h"
#include "segment/operands.h"
#include "segment/outlook.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

// A sum of parts that decay with one half-life, as the folds add it up. In theory it is what it is now times 0.5^(age / half-life). Added up from
// parts of one sign it falls to zero without going back, since rounding keeps order; of both signs the error may be seen.
struct Decay {
  struct Part {
    double weight = 0;
    std::int64_t time_ms = 0;
  };
  std::vector<Part> parts;
  std::int64_t half_life_ms = 1;

  struct Sum {
    double value = 0;
    double size = 0;  // without signs
  };
  Sum At(std::int64_t ms) const {
    Sum sum;
    for (const Part& part : parts) {
      const double worth = part.weight * HalfLifeDecay(ms - part.time_ms, half_life_ms);
      sum.value += worth;
      sum.size += std::abs(worth);
    }
    return sum;
  }
  bool HasBothSigns() const {
    const auto sign = [](bool below) {
      return [below](const Part& part) { return below ? part.weight < 0 : part.weight > 0; };
    };
    return std::any_of(parts.begin(), parts.end(), sign(true)) &&
           std::any_of(parts.begin(), parts.end(), sign(false));
  }
};

Motion MotionOf(std::shared_ptr<const Decay> decay) {
  // Of one term: three roundings, and what is lost below the smallest normal number.
  const auto terms = static_cast<double>(decay->parts.size());
  const double error = decay->HasBothSigns() ? (terms + 4) * 4.5e-16 : 0;
  const double least = decay->HasBothSigns() ? terms * 1e-323 : 0;
  return [decay = std::move(decay), error, least](std::int64_t ms) {
    const Decay::Sum sum = decay->At(ms);
    const double off = sum.size * error + least;
    return Range{OfReal(sum.value - off), OfReal(sum.value + off)};
  };
}

Decay DecayOf(const ProfileTrait* trait, std::int64_t half_life_ms) {
  Decay decay{.half_life_ms = half_life_ms};
  if (trait == nullptr) return decay;
  for (const TraitCandidate& candidate : trait->lost) {
    const auto number = NumberOf(Read(candidate.value));
    decay.parts.push_back({number ? number->real : 0, candidate.from.time_ms});
  }
  return decay;
}

Decay DecayOf(const ProfileTag* tag, std::int64_t half_life_ms) {
  Decay decay{.half_life_ms = half_life_ms};
  if (tag == nullptr) return decay;
  for (const TagPart& part : tag->parts)
    decay.parts.push_back({static_cast<double>(part.weight_micros) / 1e6, part.from.time_ms});
  return decay;
}

// What one score says as of later times, the facts being those of now. Days make it, so that one moment of each day stands for all.
class ScoreAhead {
 public:
  // `now`: the score as of the person's now.
  ScoreAhead(const Expression& node, ScoreField field, const PurchaseScore& score,
             const ProfilePurchases& now, const CompiledSegment& compiled,
             SegmentSubject::Impl* person)
      : compiled_(compiled), person_(*person), summary_(now.summary), field_(field) {
    node_.op = node.op;
    node_.name = node.name;
    node_.field = ToString(field);
    definitions_.purchase_scores = {score};
    definitions_.utc_offset_minutes = person->definitions().utc_offset_minutes;
    const bool is_model = field == ScoreField::kAlive || field == ScoreField::kExpected ||
                          field == ScoreField::kExpectedValue;
    if (is_model)
      definitions_.purchase_scores.front().rfm_model.reset();
    else
      definitions_.purchase_scores.front().bgnbd_model.reset();
  }

  const Datum& At(std::int64_t ms) {
    const auto [at, is_new] = days_.try_emplace(DayOf(ms));
    Day& day = at->second;
    if (!is_new) return day.value;
    if (field_ == ScoreField::kAlive) {
      day.value = Alive(ms);
      return day.value;
    }
    day.person = std::make_unique<SegmentSubject::Impl>(
        definitions_, person_.rows(), person_.identifiers(), person_.anchor(), ms);
    day.value = PersonValue(node_, compiled_, day.person.get());
    return day.value;
  }
  // The first moment of the next day, as scores have days: the end that they look up to is not seen.
  std::int64_t NextDay(std::int64_t ms) const {
    return Later((DayOf(ms) + 1) * kDayMs - OffsetMs() - 1, 0);
  }

 private:
  static constexpr std::int64_t kDayMs = 86'400'000;
  // What the value looks at lies in the profile of that person.
  struct Day {
    std::unique_ptr<SegmentSubject::Impl> person;
    Datum value;
  };
  // Without the expected purchases, which take some hundred times as long: as the fold has it.
  Datum Alive(std::int64_t ms) const {
    const PurchaseScore& score = definitions_.purchase_scores.front();
    PurchaseSummary then = summary_;
    then.observed_days += DayOf(ms) - DayOf(person_.now_ms());
    const auto history = BgNbdHistoryOf(then, score.days_per_unit);
    if (!history.ok() || !score.bgnbd_model) return {};
    const auto alive = BgNbdAlive(*score.bgnbd_model, *history);
    return alive.ok() ? OfReal(*alive) : Datum();
  }
  std::int64_t OffsetMs() const { return std::int64_t{definitions_.utc_offset_minutes} * 60'000; }
  std::int64_t DayOf(std::int64_t ms) const {
    const std::chrono::milliseconds local(Later(ms, 1) + OffsetMs());
    return std::chrono::floor<std::chrono::days>(local).count();
  }

  const CompiledSegment& compiled_;
  SegmentSubject::Impl& person_;
  const PurchaseSummary summary_;
  const ScoreField field_;
  Expression node_;
  Definitions definitions_;
  std::map<std::int64_t, Day> days_;
};

// The models are computed with errors far below these.
Range Around(const Datum& value) {
  constexpr double kError = 1e-9;
  if (const auto* real = std::get_if<double>(&value))
    return {OfReal(*real * (1 - kError)), OfReal(*real * (1 + kError))};
  const auto* money = std::get_if<Amounts>(&value);
  if (money == nullptr) return {value, value};
  Amounts low = *money, high = *money;
  for (std::size_t i = 0; i < money->of.size(); ++i) {
    const std::int64_t units = money->of[i].minor_units;
    const auto off = static_cast<std::int64_t>(std::abs(static_cast<double>(units)) * kError) + 1;
    low.of[i].minor_units = units < off ? 0 : units - off;
    high.of[i].minor_units = Later(units, off);
  }
  return {low, high};
}

bool IsSame(const Datum& a, const Datum& b) {
  return IsUnknown(a) == IsUnknown(b) && (IsUnknown(a) || Equal(a, b) == true);
}

}  // namespace

// The first turn of the facts that it reads.
std::int64_t Forecaster::TurnOf(const Expression& node) {
  const Definitions& definitions = person_.definitions();
  const std::string& name = node.name;
  switch (node.op) {
    case Op::kTrait:
      return turns_.OfTrait(name);
    case Op::kCompleteness:
      return turns_.OfCompleteness();
    case Op::kTag:
    case Op::kTagScore:
    case Op::kTagCount:
    case Op::kTagFirst:
    case Op::kTagLast:
    case Op::kTagPlace:
    case Op::kTagLayer:
      return turns_.OfTags([&](std::string_view tag, const TagDefinition*) { return tag == name; });
    case Op::kTagsOfClass:
      return turns_.OfTags([&](std::string_view, const TagDefinition* tag) {
        return tag != nullptr && ToString(tag->klass) == name;
      });
    case Op::kTagsOfTopic:
      return turns_.OfTags([&](std::string_view, const TagDefinition* tag) {
        return tag != nullptr &&
               std::find(tag->topics.begin(), tag->topics.end(), name) != tag->topics.end();
      });
    case Op::kConsent:
    case Op::kConsentConflict:
      return turns_.OfConsent(name);
    case Op::kStage:
    case Op::kHighestStage:
    case Op::kStageEntered:
      return turns_.OfLadder(name);
    case Op::kScore: {
      const auto* score = Find(definitions.purchase_scores, name);
      return score == nullptr ? kNeverMs : turns_.OfPurchases(*score);
    }
    case Op::kChannelShare:
    case Op::kTopChannel: {
      const auto* score = Find(definitions.channel_scores, name);
      return score == nullptr ? kNeverMs : turns_.OfChannels(*score);
    }
    case Op::kRelations:
      return turns_.OfRelations(name, {});
    case Op::kRelatedTo:
      return turns_.OfRelations(name, node.field);
    default:
      return kNeverMs;
  }
}

Outlook Forecaster::OfPerson(const Expression& node) {
  Outlook still{.value = evaluator_.Of(node)};
  still.holds_ms = still.until_ms = TurnOf(node);
  switch (node.op) {
    case Op::kTrait:
    case Op::kTagScore:
      return Decaying(node, std::move(still));
    case Op::kTagLayer:
      return OfLayer(node, std::move(still));
    case Op::kScore:
      return OfScore(node, std::move(still));
    default:
      return still;
  }
}

const TagDefinition* Forecaster::TagOf(const Expression& node) const {
  return Find(person_.definitions().tags, node.name);
}

Outlook Forecaster::Decaying(const Expression& node, Outlook still) {
  if (IsUnknown(still.value)) return still;
  Decay decay;
  if (node.op == Op::kTrait) {
    const TraitDefinition* trait = FindTrait(person_.definitions(), node.name);
    if (trait == nullptr || trait->fold != Fold::kDecayedSum) return still;
    decay = DecayOf(Find(turns_.Explained(&ProfileOptions::traits).traits, node.name),
                    trait->half_life_ms);
  } else {
    const TagDefinition* tag = TagOf(node);
    if (tag == nullptr || tag->fold != TagFold::kDecayedSum) return still;
    decay =
        DecayOf(Find(turns_.Explained(&ProfileOptions::tags).tags, node.name), tag->half_life_ms);
  }
  if (decay.At(now_ms_).size == 0) return still;
  still.holds_ms = Later(now_ms_, 1);
  if (!std::isfinite(decay.At(now_ms_).size))
    still.until_ms = still.holds_ms;
  else
    still.motion = MotionOf(std::make_shared<const Decay>(std::move(decay)));
  return still;
}

// Layers are reached by the score: they stay until it passes the bound of one.
Outlook Forecaster::OfLayer(const Expression& node, Outlook still) {
  const TagDefinition* tag = TagOf(node);
  if (tag == nullptr || tag->fold != TagFold::kDecayedSum) return still;
  const auto decay = std::make_shared<const Decay>(
      DecayOf(Find(turns_.Explained(&ProfileOptions::tags).tags, node.name), tag->half_life_ms));
  if (decay->parts.empty()) return still;
  Outlook score{.value = decay->At(now_ms_).value,
                .holds_ms = Later(now_ms_, 1),
                .until_ms = still.until_ms,
                .motion = MotionOf(decay)};
  const auto reaches = [](const Datum& at, const TagLayer& layer) {
    const auto number = NumberOf(at);
    return number && !(number->real * 1e6 < static_cast<double>(layer.at_least_micros));
  };
  return UntilDiffers(std::move(still.value), score, still.until_ms, [&](const Datum& at) {
    return std::any_of(tag->layers.begin(), tag->layers.end(), [&](const TagLayer& layer) {
      return reaches(at, layer) != reaches(score.value, layer);
    });
  });
}

// Between purchases days pass: chances fall, and so do the digits of recency, by which all digits may be judged; what is due becomes lost.
Outlook Forecaster::OfScore(const Expression& node, Outlook still) {
  const PurchaseScore* score = Find(person_.definitions().purchase_scores, node.name);
  const ProfilePurchases* now = person_.Purchases(node.name);
  const ScoreField field = ScoreFieldOf(node.field).value_or(ScoreField::kDue);
  if (score == nullptr || now == nullptr || now->summary.count == 0) return still;
  switch (field) {
    case ScoreField::kTotal:
    case ScoreField::kPurchases:
    case ScoreField::kDue:
      return still;
    case ScoreField::kAlive:
    case ScoreField::kExpected:
    case ScoreField::kExpectedValue: {
      if (!score->bgnbd_model) return still;
      auto ahead = std::make_shared<ScoreAhead>(node, field, *score, *now, compiled_, &person_);
      still.holds_ms = std::min(still.until_ms, ahead->NextDay(now_ms_));
      still.motion = [ahead](std::int64_t ms) { return Around(ahead->At(ms)); };
      return still;
    }
    default: {
      const bool is_state = field == ScoreField::kState;
      if (!is_state && !score->rfm_model) return still;
      ScoreAhead ahead(node, is_state ? field : ScoreField::kRfm, *score, *now, compiled_,
                       &person_);
      const Datum today = ahead.At(now_ms_);
      still.holds_ms = still.until_ms =
          FirstTime(now_ms_, Horizon(still.until_ms),
                    [&](std::int64_t ms) { return !IsSame(ahead.At(ms), today); });
      return still;
    }
  }
}

}  // namespace polyonym::segment
