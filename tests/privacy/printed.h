// privacy/printed.h - all that an answer says, as one text: what is searched for canaries.
#ifndef POLYONYM_TESTS_PRIVACY_PRINTED_H_
#define POLYONYM_TESTS_PRIVACY_PRINTED_H_

#include <optional>
#include <string>
#include <vector>

#include "polyonym/engine/segments.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::harness {

// Every text and every number that has a name of its own, `|` before each.
class Printed {
 public:
  std::string Take() { return std::move(text_); }

  Printed& operator<<(const std::string& text) {
    text_ += '|';
    text_ += text;
    return *this;
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> Printed& operator<<(Number number) {
    return *this << std::to_string(number);
  }
  template <class T>
  Printed& operator<<(const std::optional<T>& value) {
    return value ? *this << *value : *this << std::string("none");
  }
  template <class T>
  Printed& operator<<(const std::vector<T>& list) {
    for (const T& item : list) *this << item;
    return *this;
  }

  Printed& operator<<(const Value& value) { return *this << ToText(value); }
  Printed& operator<<(const Money& money) { return *this << Value{money}; }
  Printed& operator<<(const Identifier& one) { return *this << ToString(one); }
  Printed& operator<<(const Place& place) {
    return *this << place.name << place.latitude << place.longitude;
  }
  Printed& operator<<(const Provenance& from) {
    return *this << from.record << from.source << from.record_source << from.record_id
                 << from.time_ms << from.belongs_to << from.anonymous;
  }
  Printed& operator<<(const Trait& fact) {
    return *this << fact.name << fact.value << fact.confidence << fact.source;
  }
  Printed& operator<<(const Tag& fact) {
    return *this << fact.name << fact.weight_micros << fact.time_ms << fact.place << fact.rule
                 << fact.valid_until_ms << fact.source;
  }
  Printed& operator<<(const Event& fact) {
    *this << fact.type << fact.time_ms << fact.place << fact.value << fact.campaign;
    for (const auto& [name, value] : fact.properties) *this << name << value;
    return *this << static_cast<int>(fact.direction);
  }
  Printed& operator<<(const RelationFact& fact) {
    return *this << fact.type << fact.other.ns << fact.other.value << fact.weight_micros
                 << fact.time_ms;
  }
  Printed& operator<<(const Consent& fact) {
    return *this << fact.purpose << static_cast<int>(fact.state) << fact.time_ms;
  }
  Printed& operator<<(const TraitCandidate& one) {
    return *this << one.value << one.from << one.confidence;
  }
  Printed& operator<<(const ProfileTrait& one) {
    return *this << one.name << one.values << one.count << one.winner << one.lost;
  }
  Printed& operator<<(const TagPart& one) {
    return *this << one.weight_micros << one.from << one.rule << one.counts_for;
  }
  Printed& operator<<(const ProfileTag& one) {
    return *this << one.name << one.score << one.count << one.first_ms << one.last_ms
                 << one.last_place << one.valid_until_ms << one.layers << one.parts;
  }
  Printed& operator<<(const ProfileConsent& one) {
    return *this << one.purpose << static_cast<int>(one.state) << one.conflict << one.time_ms;
  }
  Printed& operator<<(const StageSpell& one) {
    return *this << one.stage << one.from_ms << one.to_ms;
  }
  Printed& operator<<(const ProfileLadder& one) {
    return *this << one.name << one.stage << one.highest << one.entered_ms << one.spells;
  }
  Printed& operator<<(const ChannelContact& one) {
    return *this << one.channel << one.last_in_ms << one.last_out_ms << one.in << one.out
                 << one.events;
  }
  Printed& operator<<(const ProfilePurchases& one) {
    return *this << one.name << one.currency << one.summary.count << one.summary.total_minor_units
                 << one.summary.first_ms << one.summary.last_ms << std::string(ToString(one.state));
  }
  Printed& operator<<(const ChannelAffinity& one) {
    return *this << one.channel << one.share << one.decayed_count << one.interactions;
  }
  Printed& operator<<(const ProfileChannels& one) { return *this << one.name << one.channels; }
  Printed& operator<<(const TimelineEvent& one) {
    return *this << one.event << one.from << one.place;
  }
  Printed& operator<<(const AmbiguousFacts& one) {
    return *this << one.from << one.facts.traits << one.facts.tags << one.facts.events
                 << one.facts.relations << one.facts.consents << one.here << one.elsewhere;
  }
  Printed& operator<<(const ProfileRelation& one) { return *this << one.relation << one.from; }
  Printed& operator<<(const Profile& one) {
    return *this << one.id.value << one.identifiers << one.traits << one.tags << one.consents
                 << one.ladders << one.contacts << one.purchases << one.channels << one.relations
                 << one.timeline << one.events << one.ambiguous << one.completeness << one.facts
                 << one.left_out;
  }
  Printed& operator<<(const SegmentExplanation& one) {
    return *this << one.text << one.value << one.parts;
  }
  Printed& operator<<(const SegmentMember& one) { return *this << one.profile.value << one.order; }
  Printed& operator<<(const SegmentMembers& one) { return *this << one.total << one.page; }

 private:
  std::string text_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_PRIVACY_PRINTED_H_
