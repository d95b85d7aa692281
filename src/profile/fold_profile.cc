// The folds of a profile, put together.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "polyonym/profile/profile.h"
#include "profile/ladder.h"
#include "profile/match.h"
#include "profile/now.h"
#include "profile/ordered_facts.h"
#include "profile/score_fold.h"
#include "profile/tag_fold.h"
#include "profile/trait_folder.h"

namespace polyonym {
namespace {

using profile::Placed;

double CompletenessOf(const Definitions& definitions, const std::vector<ProfileTrait>& traits) {
  std::uint64_t all = 0, there = 0;
  const auto add = [&](const TraitDefinition& definition) {
    all += definition.completeness_weight;
    const auto at = std::lower_bound(
        traits.begin(), traits.end(), definition.name,
        [](const ProfileTrait& t, const std::string& name) { return t.name < name; });
    if (at != traits.end() && at->name == definition.name && !at->values.empty())
      there += definition.completeness_weight;
  };
  for (const TraitDefinition& definition : definitions.traits) add(definition);
  for (const EventTrait& computed : definitions.event_traits) add(computed.trait);
  return all == 0 ? 0 : static_cast<double>(there) / static_cast<double>(all);
}

// The last word of one identifier on one purpose.
struct Word {
  ConsentState state = ConsentState::kUnknown;
  std::int64_t time_ms = 0;
};

bool Ended(const PurposeDefinition& purpose, const Word& word, std::int64_t now_ms) {
  return word.state == ConsentState::kGranted && purpose.valid_ms != 0 &&
         now_ms - word.time_ms >= purpose.valid_ms;
}

struct LessByValue {
  bool operator()(const Identifier* a, const Identifier* b) const { return *a < *b; }
};

// How much it forbids; of states that forbid as much, the later word counts.
int Restriction(ConsentState state) {
  return state == ConsentState::kDenied || state == ConsentState::kWithdrawn ? 1 : 0;
}

// `words`: one an identifier, in order of time.
ProfileConsent FoldConsent(const PurposeDefinition& purpose, const std::vector<Word>& words) {
  ProfileConsent out;
  out.purpose = purpose.name;
  const Word* decides = nullptr;
  for (const Word& word : words) {
    out.conflict = out.conflict || Restriction(word.state) != Restriction(words.front().state);
    const auto outranks = [&] {
      switch (purpose.fold) {
        case ConsentFold::kMostRestrictive:
          return Restriction(word.state) >= Restriction(decides->state);
        case ConsentFold::kLatest:
          return true;
        case ConsentFold::kAny:
          return Restriction(word.state) <= Restriction(decides->state);
      }
      return true;
    };
    if (decides == nullptr || outranks()) decides = &word;
  }
  if (decides != nullptr) {
    out.state = decides->state;
    out.time_ms = decides->time_ms;
  }
  return out;
}

void FoldConsents(const Definitions& definitions, const std::vector<FactRow>& rows, Profile* out) {
  std::map<std::string_view, std::vector<Placed<Consent>>> by_purpose;
  for (const Placed<Consent>& placed : profile::Ordered(rows, &Facts::consents, out->now_ms)) {
    if (placed.fact->state != ConsentState::kUnknown)
      by_purpose[placed.fact->purpose].push_back(placed);
  }
  for (const auto& [name, said] : by_purpose) {
    PurposeDefinition purpose;
    purpose.name = name;  // of one that is not defined
    for (const PurposeDefinition& defined : definitions.purposes) {
      if (defined.name == name) purpose = defined;
    }
    // A grant that ended is as if it had never been given: what was said before it stands again.
    std::map<const Identifier*, Word, LessByValue> words;
    for (const Placed<Consent>& placed : said) {
      const Word word{placed.fact->state, placed.time_ms};
      if (!Ended(purpose, word, out->now_ms)) words[&placed.row->from.belongs_to] = word;
    }
    std::vector<Word> standing;
    for (const auto& [identifier, word] : words) standing.push_back(word);
    std::stable_sort(standing.begin(), standing.end(),
                     [](const Word& a, const Word& b) { return a.time_ms < b.time_ms; });
    out->consents.push_back(FoldConsent(purpose, standing));
  }
}

void CountContacts(const std::vector<Placed<Event>>& events, Profile* out) {
  std::map<std::string, ChannelContact> by_channel;
  for (const Placed<Event>& placed : events) {
    ChannelContact& contact = by_channel[placed.row->from.belongs_to.ns];
    ++contact.events;
    if (placed.fact->direction == Direction::kIn) {
      ++contact.in;
      contact.last_in_ms = placed.time_ms;
    }
    if (placed.fact->direction == Direction::kOut) {
      ++contact.out;
      contact.last_out_ms = placed.time_ms;
    }
  }
  for (auto& [channel, contact] : by_channel) {
    contact.channel = channel;
    out->contacts.push_back(std::move(contact));
  }
}

void TakePage(const TimelineOptions& page, const std::vector<Placed<Event>>& events, Profile* out) {
  for (auto at = events.rbegin(); at != events.rend(); ++at) {
    if ((page.from_ms && at->time_ms < *page.from_ms) ||
        (page.to_ms && at->time_ms >= *page.to_ms) || !profile::Matches(page.match, *at->fact) ||
        (page.within && !profile::IsWithin(*page.within, *at->fact)))
      continue;
    const std::uint64_t number = out->events++;
    if (number < page.skip || out->timeline.size() >= page.limit) continue;
    out->timeline.push_back({*at->fact, profile::ProvenanceOf(*at), at->place});
  }
}

}  // namespace

Profile FoldProfile(const Definitions& definitions, const std::vector<FactRow>& rows,
                    const ProfileOptions& options, std::int64_t now_ms) {
  const profile::Now now{now_ms, definitions.utc_offset_minutes};
  Profile out;
  out.now_ms = now_ms;
  out.facts = rows.size();
  for (const FactRow& row : rows) out.left_out += row.left_out;
  const bool reads_events = (options.traits && !definitions.event_traits.empty()) ||
                            (options.tags && !definitions.behaviours.empty()) || options.ladders ||
                            options.contacts || options.scores || options.timeline;
  std::vector<Placed<Event>> events;
  if (reads_events) events = profile::Ordered(rows, &Facts::events, now_ms);
  if (options.traits) {
    const profile::TraitFolder traits(definitions, rows, now);
    out.traits = profile::FoldTraits(traits, events, options.explain, &out.left_out);
    out.completeness = CompletenessOf(definitions, out.traits);
  }
  if (options.tags) {
    out.tags =
        profile::FoldTags(profile::TagFolder(definitions, rows, events, now), options.explain);
  }
  if (options.consents) FoldConsents(definitions, rows, &out);
  if (options.ladders) {
    for (const Ladder& ladder : definitions.ladders)
      out.ladders.push_back(profile::Climb(ladder, events, now_ms, options.explain));
  }
  if (options.contacts) CountContacts(events, &out);
  if (options.scores) profile::FoldScores(definitions, events, &out);
  if (options.relations) {
    for (const Placed<RelationFact>& placed : profile::Ordered(rows, &Facts::relations, now_ms))
      out.relations.push_back({*placed.fact, profile::ProvenanceOf(placed)});
  }
  if (options.timeline) TakePage(options.page, events, &out);
  return out;
}

}  // namespace polyonym
