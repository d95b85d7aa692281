#include "profile_values.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nanobind/stl/array.h>
#include "fact_words.h"

namespace polyonym::python {
namespace {

using python::ToPython;

// A dict of what `to` makes of each, by its name.
template <class Values, class NameOf, class To>
nb::dict DictOf(const Values& values, const NameOf& name_of, const To& to) {
  nb::dict dict;
  for (const auto& value : values) dict[nb::cast(name_of(value))] = to(value);
  return dict;
}

// One of the names behind 0, which stands for what was not said.
template <class Enum, std::size_t kCount>
nb::object NameOf(Enum value, const std::array<std::string_view, kCount>& names) {
  const auto place = static_cast<std::size_t>(value);
  return place == 0 || place > kCount ? nb::none() : nb::cast(names[place - 1]);
}
constexpr std::array<std::string_view, 2> kDirections = {"in", "out"};
constexpr std::array<std::string_view, 3> kModes = {"automatic", "manual", "batch"};
constexpr std::array<std::string_view, 3> kVisibilities = {"public", "one_to_one", "group"};

// Weights are kept in millionths.
double WeightOf(std::int64_t micros) { return static_cast<double>(micros) / 1e6; }

nb::object ToPython(const Place& place) {
  return Result("Place")("name"_a = place.name, "latitude"_a = place.latitude,
                         "longitude"_a = place.longitude);
}
nb::object ToPython(const std::optional<Place>& place) {
  return place ? ToPython(*place) : nb::none();
}

nb::object ToPython(const Provenance& from) {
  return Result("Provenance")(
      "record"_a = from.record, "source"_a = from.source, "record_source"_a = from.record_source,
      "record_id"_a = from.record_id, "time"_a = TimeOf(from.time_ms),
      "belongs_to"_a = ToPython(from.belongs_to), "anonymous"_a = from.anonymous);
}

nb::object ToPython(const TraitCandidate& candidate) {
  return Result("Candidate")("value"_a = ToPython(candidate.value),
                             "provenance"_a = ToPython(candidate.from),
                             "confidence"_a = candidate.confidence);
}

nb::object ToPython(const ProfileTrait& trait) {
  return Result("Trait")(
      "name"_a = trait.name,
      "values"_a = ListOf(trait.values, [](const Value& v) { return ToPython(v); }),
      "count"_a = trait.count, "beyond_bound"_a = trait.beyond_bound,
      "winner"_a = trait.winner ? ToPython(*trait.winner) : nb::none(),
      "lost"_a = ListOf(trait.lost, [](const TraitCandidate& c) { return ToPython(c); }));
}

nb::object ToPython(const ProfileTag& tag) {
  return Result("Tag")("name"_a = tag.name, "score"_a = tag.score, "count"_a = tag.count,
                       "first"_a = TimeOf(tag.first_ms), "last"_a = TimeOf(tag.last_ms),
                       "last_place"_a = ToPython(tag.last_place),
                       "valid_until"_a = TimeOf(tag.valid_until_ms), "layers"_a = tag.layers,
                       "parts"_a = ListOf(tag.parts, [](const TagPart& part) {
                         return Result("TagPart")("weight"_a = WeightOf(part.weight_micros),
                                                  "counts_for"_a = part.counts_for,
                                                  "rule"_a = part.rule,
                                                  "provenance"_a = ToPython(part.from));
                       }));
}

nb::object ToPython(const ProfileConsent& consent) {
  return Result("Consent")("purpose"_a = consent.purpose, "state"_a = WordOf(consent.state),
                           "conflict"_a = consent.conflict, "time"_a = TimeOf(consent.time_ms));
}

nb::object ToPython(const ProfileLadder& ladder) {
  return Result("Ladder")(
      "name"_a = ladder.name, "stage"_a = ladder.stage, "highest"_a = ladder.highest,
      "entered"_a = ladder.stage.empty() ? nb::none() : TimeOf(ladder.entered_ms),
      "spells"_a = ListOf(ladder.spells, [](const StageSpell& spell) {
        return Result("Spell")("stage"_a = spell.stage, "start"_a = TimeOf(spell.from_ms),
                               "end"_a = TimeOf(spell.to_ms));
      }));
}

nb::object ToPython(const ChannelContact& contact) {
  return Result("Contact")("channel"_a = contact.channel, "last_in"_a = TimeOf(contact.last_in_ms),
                           "last_out"_a = TimeOf(contact.last_out_ms), "incoming"_a = contact.in,
                           "outgoing"_a = contact.out, "events"_a = contact.events);
}

nb::object ToPython(const ProfilePurchases& score) {
  const PurchaseSummary& of = score.summary;
  const auto money = [&](std::int64_t minor_units) {
    return ToPython(Money{minor_units, score.currency});
  };
  return Result("Purchases")(
      "name"_a = score.name, "currency"_a = score.currency,
      "state"_a = TextOf(ToString(score.state)), "count"_a = of.count, "returns"_a = of.returns,
      "total"_a = money(of.total_minor_units), "returned"_a = money(of.returned_minor_units),
      "frequency"_a = of.frequency, "recency_days"_a = of.recency_days,
      "observed_days"_a = of.observed_days,
      "mean_repeat_minor_units"_a = of.mean_repeat_minor_units, "first"_a = TimeOf(of.first_ms),
      "last"_a = TimeOf(of.last_ms), "days_since_last"_a = of.days_since_last,
      "mean_gap_days"_a = of.mean_gap_days, "due"_a = TimeOf(of.due_ms),
      "overdue_ratio"_a = of.overdue_ratio,
      "rfm"_a = score.rfm
                    ? Result("Rfm")(score.rfm->recency, score.rfm->frequency, score.rfm->monetary)
                    : nb::none(),
      "alive"_a = score.alive, "expected"_a = score.expected,
      "expected_minor_units"_a = score.expected_minor_units);
}

nb::object ToPython(const ChannelAffinity& channel) {
  return Result("ChannelShare")("channel"_a = channel.channel, "share"_a = channel.share,
                                "decayed_count"_a = channel.decayed_count,
                                "interactions"_a = channel.interactions);
}

nb::object ToPython(const Event& event, const Provenance& from) {
  return Result("Event")(
      "type"_a = event.type, "time"_a = TimeOf(event.time_ms.value_or(from.time_ms)),
      "value"_a = event.value ? ToPython(*event.value) : nb::none(),
      "place"_a = ToPython(event.place), "campaign"_a = event.campaign,
      "properties"_a = DictOf(
          event.properties, [](const auto& property) { return property.first; },
          [](const auto& property) { return ToPython(property.second); }),
      "direction"_a = NameOf(event.direction, kDirections), "mode"_a = NameOf(event.mode, kModes),
      "visibility"_a = NameOf(event.visibility, kVisibilities), "provenance"_a = ToPython(from));
}

nb::object ToPython(const RelationFact& relation, const Provenance& from) {
  return Result("ToldRelation")(
      "type"_a = relation.type,
      "other"_a = ToPython(Identifier{relation.other.ns, relation.other.value}),
      "weight"_a = WeightOf(relation.weight_micros),
      "time"_a = TimeOf(relation.time_ms.value_or(from.time_ms)), "provenance"_a = ToPython(from));
}

nb::object ToPython(const AmbiguousFacts& ambiguous) {
  const Facts& facts = ambiguous.facts;
  return Result("AmbiguousFacts")(
      "provenance"_a = ToPython(ambiguous.from), "counts_here"_a = ambiguous.counts_here,
      "here"_a = ToPython(ambiguous.here), "elsewhere"_a = ToPython(ambiguous.elsewhere),
      "traits"_a = ListOf(facts.traits,
                          [](const Trait& t) { return nb::make_tuple(t.name, ToPython(t.value)); }),
      "tags"_a =
          ListOf(facts.tags,
                 [](const Tag& t) { return nb::make_tuple(t.name, WeightOf(t.weight_micros)); }),
      "events"_a =
          ListOf(facts.events, [&](const Event& e) { return ToPython(e, ambiguous.from); }),
      "relations"_a = ListOf(facts.relations,
                             [&](const RelationFact& r) { return ToPython(r, ambiguous.from); }),
      "consents"_a = ListOf(facts.consents, [](const Consent& c) {
        return nb::make_tuple(c.purpose, WordOf(c.state));
      }));
}

nb::object ToPython(const RfmModel& model) {
  return Result("RfmModel")("bins"_a = nb::cast(model.bins),
                            "nested"_a = model.nesting == RfmNesting::kNested,
                            "bounds"_a = nb::cast(model.bounds));
}

nb::object ToPython(const BgNbdParameters& model) {
  return Result("BgNbdModel")("r"_a = model.r, "alpha"_a = model.alpha, "a"_a = model.a,
                              "b"_a = model.b);
}

std::string ProblemOf(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

}  // namespace

nb::object ToPython(const TimelineEvent& event) { return ToPython(event.event, event.from); }

nb::object ToPython(const ScoreFit& fit) {
  const PurchaseScore& score = fit.score;
  return Result("ScoreFit")(
      "name"_a = score.name, "currency"_a = score.currency, "fitted"_a = TimeOf(score.fitted_ms),
      "customers"_a = fit.customers, "days_per_unit"_a = score.days_per_unit,
      "rfm"_a = score.rfm_model ? ToPython(*score.rfm_model) : nb::none(),
      "rfm_problem"_a = ProblemOf(fit.rfm),
      "bgnbd"_a = score.bgnbd_model ? ToPython(*score.bgnbd_model) : nb::none(),
      "bgnbd_problem"_a = ProblemOf(fit.bgnbd));
}

nb::object ToPython(const Profile& profile, bool has_id) {
  const auto by_name = [](const auto& part) { return part.name; };
  const auto by_channel = [](const ChannelContact& contact) { return contact.channel; };
  const auto by_purpose = [](const ProfileConsent& consent) { return consent.purpose; };
  const auto to_python = [](const auto& part) { return ToPython(part); };
  return Result("Profile")(
      "id"_a = has_id ? ToPython(profile.id) : nb::none(),
      "identifiers"_a = ToPython(profile.identifiers), "now"_a = TimeOf(profile.now_ms),
      "policy_version"_a =
          profile.policy_version == 0 ? nb::none() : nb::cast(profile.policy_version),
      "completeness"_a = profile.completeness,
      "traits"_a = DictOf(profile.traits, by_name, to_python),
      "tags"_a = DictOf(profile.tags, by_name, to_python),
      "consents"_a = DictOf(profile.consents, by_purpose, to_python),
      "ladders"_a = DictOf(profile.ladders, by_name, to_python),
      "contacts"_a = DictOf(profile.contacts, by_channel, to_python),
      "purchases"_a = DictOf(profile.purchases, by_name, to_python),
      "channels"_a =
          DictOf(profile.channels, by_name,
                 [&](const ProfileChannels& score) { return ListOf(score.channels, to_python); }),
      "relations"_a = ListOf(profile.relations,
                             [](const ProfileRelation& r) { return ToPython(r.relation, r.from); }),
      "timeline"_a = ListOf(profile.timeline, to_python), "events"_a = profile.events,
      "ambiguous"_a = ListOf(profile.ambiguous, to_python), "facts"_a = profile.facts,
      "left_out"_a = profile.left_out);
}

}  // namespace polyonym::python
