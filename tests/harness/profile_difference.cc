#include "harness/profile_difference.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

namespace polyonym::harness {
namespace {

// ---- Profiles as lines, each field of each ----

std::string Text(bool flag) { return flag ? "yes" : "no"; }
std::string Text(std::int64_t number) { return std::to_string(number); }
std::string Text(std::uint64_t number) { return std::to_string(number); }
// With all its bits.
std::string Text(double number) {
  return std::to_string(number) + "#" + std::to_string(std::bit_cast<std::uint64_t>(number));
}
std::string Text(const RfmScore& score) { return Text(std::uint64_t{score.Code()}); }
template <class T>
std::string Text(const std::optional<T>& value);

std::string Text(const Value& value) {
  std::string text(ToString(value.type()));
  if (value.type() == ValueType::kNumber) return text + " " + Text(std::get<double>(value.is));
  text += " " + ToText(value);
  if (value.type() == ValueType::kList) {
    for (const Value& element : std::get<ValueList>(value.is)) text += " " + Text(element);
  }
  return text;
}

std::string Text(const Place& place) {
  return place.name + "@" + Text(place.latitude) + "," + Text(place.longitude);
}

std::string Text(const Provenance& from) {
  return "record " + Text(from.record) + " " + from.source + " " + from.record_source + "/" +
         from.record_id + " at " + Text(from.time_ms) + " of " + ToString(from.belongs_to) +
         (from.anonymous ? " anonymous" : "");
}

std::string Text(const TraitCandidate& candidate) {
  return Text(candidate.value) + ", confidence " + Text(candidate.confidence) + ", " +
         Text(candidate.from);
}

template <class T>
std::string Text(const std::optional<T>& value) {
  return value ? Text(*value) : "-";
}

using Lines = std::vector<std::string>;

void Add(const ProfileTrait& trait, Lines* lines) {
  const std::string at = "trait " + trait.name;
  lines->push_back(at + ": count " + Text(trait.count) + ", beyond " + Text(trait.beyond_bound));
  for (const Value& value : trait.values) lines->push_back(at + ": value " + Text(value));
  lines->push_back(at + ": winner " + Text(trait.winner));
  for (const TraitCandidate& lost : trait.lost) lines->push_back(at + ": lost " + Text(lost));
}

void Add(const ProfileTag& tag, Lines* lines) {
  const std::string at = "tag " + tag.name;
  lines->push_back(at + ": score " + Text(tag.score) + ", count " + Text(tag.count));
  lines->push_back(at + ": first " + Text(tag.first_ms) + ", last " + Text(tag.last_ms) +
                   ", place " + Text(tag.last_place) + ", until " + Text(tag.valid_until_ms));
  for (const std::string& layer : tag.layers) lines->push_back(at + ": layer " + layer);
  for (const TagPart& part : tag.parts) {
    lines->push_back(at + ": part " + Text(part.weight_micros) + ", " + Text(part.from) + ", by " +
                     part.rule + ", counts for " + Text(part.counts_for));
  }
}

void Add(const ProfileLadder& ladder, Lines* lines) {
  const std::string at = "ladder " + ladder.name;
  lines->push_back(at + ": on " + ladder.stage + " since " + Text(ladder.entered_ms) +
                   ", highest " + ladder.highest);
  for (const StageSpell& spell : ladder.spells) {
    lines->push_back(at + ": spell " + spell.stage + " from " + Text(spell.from_ms) + " to " +
                     Text(spell.to_ms));
  }
}

void Add(const ProfilePurchases& score, Lines* lines) {
  const std::string at = "purchases " + score.name + " in " + score.currency;
  const PurchaseSummary& summary = score.summary;
  lines->push_back(at + ": " + std::string(ToString(score.state)) + ", rfm " + Text(score.rfm) +
                   ", alive " + Text(score.alive) + ", expected " + Text(score.expected) +
                   ", worth " + Text(score.expected_minor_units));
  lines->push_back(at + ": count " + Text(summary.count) + ", returns " + Text(summary.returns) +
                   ", total " + Text(summary.total_minor_units) + ", returned " +
                   Text(summary.returned_minor_units) + ", mean " +
                   Text(summary.mean_repeat_minor_units));
  lines->push_back(at + ": x " + Text(summary.frequency) + ", t_x " + Text(summary.recency_days) +
                   ", T " + Text(summary.observed_days) + ", first " + Text(summary.first_ms) +
                   ", last " + Text(summary.last_ms) + ", since " + Text(summary.days_since_last) +
                   ", gap " + Text(summary.mean_gap_days) + ", due " + Text(summary.due_ms) +
                   ", overdue " + Text(summary.overdue_ratio));
}

void Add(const ProfileChannels& score, Lines* lines) {
  lines->push_back("channels " + score.name);
  for (const ChannelAffinity& channel : score.channels) {
    lines->push_back("channels " + score.name + ": " + channel.channel + " share " +
                     Text(channel.share) + ", decayed " + Text(channel.decayed_count) + ", of " +
                     Text(channel.interactions));
  }
}

Lines LinesOf(const Profile& profile) {
  Lines lines = {"now " + Text(profile.now_ms), "facts " + Text(profile.facts),
                 "left out " + Text(profile.left_out),
                 "completeness " + Text(profile.completeness)};
  for (const ProfileTrait& trait : profile.traits) Add(trait, &lines);
  for (const ProfileTag& tag : profile.tags) Add(tag, &lines);
  for (const ProfileConsent& consent : profile.consents) {
    lines.push_back("consent " + consent.purpose + ": state " +
                    Text(static_cast<std::int64_t>(consent.state)) + ", conflict " +
                    Text(consent.conflict) + ", at " + Text(consent.time_ms));
  }
  for (const ProfileLadder& ladder : profile.ladders) Add(ladder, &lines);
  for (const ChannelContact& contact : profile.contacts) {
    lines.push_back("contact " + contact.channel + ": in " + Text(contact.in) + " last " +
                    Text(contact.last_in_ms) + ", out " + Text(contact.out) + " last " +
                    Text(contact.last_out_ms) + ", events " + Text(contact.events));
  }
  for (const ProfilePurchases& score : profile.purchases) Add(score, &lines);
  for (const ProfileChannels& score : profile.channels) Add(score, &lines);
  for (const ProfileRelation& relation : profile.relations) {
    lines.push_back("relation " + relation.relation.type + " to " + relation.relation.other.ns +
                    ":" + relation.relation.other.value + ", " + Text(relation.from));
  }
  for (const AmbiguousFacts& told : profile.ambiguous) {
    std::string names;
    for (const Identifier& name : told.here) names += " " + polyonym::ToString(name);
    names += " |";
    for (const Identifier& name : told.elsewhere) names += " " + polyonym::ToString(name);
    lines.push_back("ambiguous, counts here " + Text(told.counts_here) + "," + names + ", " +
                    Text(told.from));
  }
  lines.push_back("events " + Text(profile.events));
  for (const TimelineEvent& event : profile.timeline) {
    lines.push_back("event " + event.event.type + ", " + Text(event.from) + ", place " +
                    std::to_string(event.place));
  }
  return lines;
}

}  // namespace

std::string Difference(const Profile& want, const Profile& got) {
  const Lines a = LinesOf(want), b = LinesOf(got);
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string in_a = i < a.size() ? a[i] : "nothing more";
    const std::string in_b = i < b.size() ? b[i] : "nothing more";
    if (in_a != in_b) return "want " + in_a + "\n got " + in_b + "\n";
  }
  return want == got ? "" : "they differ in what has no line here\n";
}

}  // namespace polyonym::harness
