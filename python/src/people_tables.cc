// Tables of everybody: a pass each, over a view or a moment.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "arrow_output.h"
#include "bindings.h"
#include "calls.h"
#include "fact_words.h"
#include "people_source.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/segments.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"
#include "value_text.h"
#include "values.h"

namespace polyonym::python {
namespace {

using Names = std::optional<std::vector<std::string>>;
using Now = std::optional<std::int64_t>;

// Which parts of a profile a table asks for; nothing else is folded.
ProfileOptions NoParts() {
  ProfileOptions options;
  options.traits = options.tags = options.consents = options.ladders = options.contacts = false;
  options.scores = options.relations = options.timeline = options.ambiguous = false;
  options.page.limit = 0;
  return options;
}

Profile Fold(const People& people, const Person& person, const ProfileOptions& options,
             std::int64_t now_ms) {
  return FoldProfile(people.definitions, *person.rows, options, now_ms);
}

// ---- profiles ----

// Column names that no two have; a trait may be called anything.
class ColumnNames {
 public:
  std::string Take(std::string name) {
    while (!taken_.insert(name).second) name += '_';
    return name;
  }

 private:
  absl::flat_hash_set<std::string> taken_;
};

// What a fold of the definition gives; lists stand for several values.
ValueType TypeOf(const TraitDefinition& trait) {
  switch (trait.fold) {
    case Fold::kCount:
    case Fold::kDistinct:
      return ValueType::kWhole;
    case Fold::kDecayedSum:
      return ValueType::kNumber;
    case Fold::kUnion:
    case Fold::kTopN:
      return ValueType::kList;
    default:
      return trait.type;
  }
}

// A trait of everybody, in a column of its type.
class TraitColumn {
 public:
  TraitColumn(const TraitDefinition& trait, ColumnNames* names, TableBuilder* table)
      : name_(trait.name) {
    const std::string name = names->Take(trait.name);
    switch (TypeOf(trait)) {
      case ValueType::kNumber:
        number_ = table->Add<Float64Column>(name);
        break;
      case ValueType::kWhole:
        whole_ = table->Add<Int64Column>(name);
        break;
      case ValueType::kFlag:
        flag_ = table->Add<FlagColumn>(name);
        break;
      case ValueType::kInstant:
        whole_ = table->Add<TimeColumn>(name);
        break;
      case ValueType::kList:
        list_ = table->Add<TextListColumn>(name);
        break;
      case ValueType::kMoney:
        whole_ = table->Add<Int64Column>(name);
        currency_ = table->Add<DictionaryColumn>(names->Take(name + "_currency"));
        break;
      default:
        text_ = table->Add<TextColumn>(name);
    }
  }

  void Append(const Profile& profile) {
    const auto at = std::lower_bound(
        profile.traits.begin(), profile.traits.end(), name_,
        [](const ProfileTrait& trait, const std::string& name) { return trait.name < name; });
    if (at == profile.traits.end() || at->name != name_ || at->values.empty()) return;
    if (list_ != nullptr) {
      list_->Append(TextsOf(at->values));
    } else if (currency_ != nullptr && at->values.size() > 1) {
      currency_->Append("several");  // there is no one amount
    } else {
      Append(at->values.front());
    }
  }

 private:
  // Of a list its elements.
  static std::vector<std::string> TextsOf(const std::vector<Value>& values) {
    std::vector<std::string> texts;
    for (const Value& value : values) {
      if (const auto* list = std::get_if<ValueList>(&value.is)) {
        for (const Value& element : *list) texts.push_back(ToText(element));
      } else {
        texts.push_back(ToText(value));
      }
    }
    return texts;
  }

  void Append(const Value& value) {
    if (number_ != nullptr) number_->Append(std::get<double>(value.is));
    if (flag_ != nullptr) flag_->Append(std::get<bool>(value.is));
    if (text_ != nullptr) text_->Append(ToText(value));
    if (whole_ == nullptr) return;
    if (const auto* money = std::get_if<Money>(&value.is)) {
      whole_->Append(money->minor_units);
      currency_->Append(money->currency);
    } else if (const auto* instant = std::get_if<Instant>(&value.is)) {
      whole_->Append(instant->ms);
    } else {
      whole_->Append(std::get<std::int64_t>(value.is));
    }
  }

  const std::string name_;
  Float64Column* number_ = nullptr;
  Int64Column* whole_ = nullptr;
  FlagColumn* flag_ = nullptr;
  TextColumn* text_ = nullptr;
  TextListColumn* list_ = nullptr;
  DictionaryColumn* currency_ = nullptr;
};

absl::StatusOr<Table> Profiles(const People& people, const Names& traits, const Now& now,
                               const Progress& progress) {
  const auto wanted = FindTraits(people.definitions, traits);
  if (!wanted.ok()) return wanted.status();
  const std::int64_t now_ms = now.value_or(people.now_ms);
  ProfileOptions options = NoParts();
  options.traits = options.ladders = options.timeline = true;

  TableBuilder table;
  ColumnNames names;
  auto* id = table.Add<TextColumn>(names.Take("profile_id"));
  auto* identifiers = table.Add<Uint64Column>(names.Take("identifiers"));
  auto* facts = table.Add<Uint64Column>(names.Take("facts"));
  auto* events = table.Add<Uint64Column>(names.Take("events"));
  auto* first = table.Add<TimeColumn>(names.Take("first_fact"));
  auto* last = table.Add<TimeColumn>(names.Take("last_fact"));
  auto* completeness = table.Add<Float64Column>(names.Take("completeness"));
  std::vector<DictionaryColumn*> stages;
  for (const Ladder& ladder : people.definitions.ladders)
    stages.push_back(table.Add<DictionaryColumn>(names.Take("stage_" + ladder.name)));
  std::vector<TraitColumn> columns;
  for (const TraitDefinition* trait : *wanted) columns.emplace_back(*trait, &names, &table);

  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const Profile profile = Fold(people, person, options, now_ms);
    std::optional<std::int64_t> earliest, latest;
    for (const FactRow& row : *person.rows) {
      const std::int64_t time_ms = row.from.time_ms;
      if (time_ms > now_ms) continue;
      earliest = std::min(earliest.value_or(time_ms), time_ms);
      latest = std::max(latest.value_or(time_ms), time_ms);
    }
    id->Append(ToString(person.id));
    identifiers->Append(person.identifiers.size());
    facts->Append(profile.facts);
    events->Append(profile.events);
    first->Append(earliest);
    last->Append(latest);
    completeness->Append(profile.completeness);
    for (std::size_t l = 0; l < stages.size(); ++l)
      stages[l]->AppendOrNull(profile.ladders[l].stage);
    for (TraitColumn& column : columns) column.Append(profile);
    table.EndRow();
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

// ---- traits, tags, consents: a row for each that somebody has ----

// Whether a trait or tag is listed: of these names; without names all but what is labelled sensitive.
class Listed {
 public:
  explicit Listed(const Names& names) : all_(!names) {
    if (names) names_.insert(names->begin(), names->end());
  }
  template <class Definition>
  void LeaveOut(const Definition& definition) {
    if (all_ && IsSensitive(definition.sensitivity)) names_.insert(definition.name);
  }
  bool Has(const std::string& name) const { return names_.contains(name) != all_; }

 private:
  bool all_;
  absl::flat_hash_set<std::string> names_;  // all_: those that are not listed
};

absl::StatusOr<Table> Traits(const People& people, const Names& names, const Now& now,
                             const Progress& progress) {
  Listed listed(names);
  for (const TraitDefinition& trait : people.definitions.traits) listed.LeaveOut(trait);
  for (const EventTrait& computed : people.definitions.event_traits)
    listed.LeaveOut(computed.trait);
  ProfileOptions options = NoParts();
  options.traits = true;

  TableBuilder table;
  auto* id = table.Add<TextColumn>("profile_id");
  auto* name = table.Add<DictionaryColumn>("name");
  auto* value = table.Add<TextColumn>("value");
  auto* number = table.Add<Float64Column>("number");
  auto* source = table.Add<DictionaryColumn>("source");
  auto* record = table.Add<Uint64Column>("record");
  auto* time = table.Add<TimeColumn>("time");
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const Profile profile = Fold(people, person, options, now.value_or(people.now_ms));
    for (const ProfileTrait& trait : profile.traits) {
      if (!listed.Has(trait.name)) continue;
      for (const Value& one : trait.values) {
        id->Append(ToString(person.id));
        name->Append(trait.name);
        value->Append(ToText(one));
        number->Append(NumberOf(one));
        if (trait.winner) {
          source->Append(trait.winner->from.source);
          record->Append(trait.winner->from.record);
          time->Append(trait.winner->from.time_ms);
        }
        table.EndRow();
      }
    }
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

absl::StatusOr<Table> Tags(const People& people, const Names& names, const Now& now,
                           const Progress& progress) {
  Listed listed(names);
  for (const TagDefinition& tag : people.definitions.tags) listed.LeaveOut(tag);
  ProfileOptions options = NoParts();
  options.tags = true;

  TableBuilder table;
  auto* id = table.Add<TextColumn>("profile_id");
  auto* name = table.Add<DictionaryColumn>("tag");
  auto* score = table.Add<Float64Column>("score");
  auto* count = table.Add<Uint64Column>("count");
  auto* first = table.Add<TimeColumn>("first");
  auto* last = table.Add<TimeColumn>("last");
  auto* layers = table.Add<TextListColumn>("layers");
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const Profile profile = Fold(people, person, options, now.value_or(people.now_ms));
    for (const ProfileTag& tag : profile.tags) {
      if (!listed.Has(tag.name)) continue;
      id->Append(ToString(person.id));
      name->Append(tag.name);
      score->Append(tag.score);
      count->Append(tag.count);
      first->Append(tag.first_ms);
      last->Append(tag.last_ms);
      layers->Append(tag.layers);
      table.EndRow();
    }
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

absl::StatusOr<Table> Consents(const People& people, const Now& now, const Progress& progress) {
  ProfileOptions options = NoParts();
  options.consents = true;

  TableBuilder table;
  auto* id = table.Add<TextColumn>("profile_id");
  auto* purpose = table.Add<DictionaryColumn>("purpose");
  auto* state = table.Add<DictionaryColumn>("state");
  auto* conflict = table.Add<FlagColumn>("conflict");
  auto* time = table.Add<TimeColumn>("time");
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const Profile profile = Fold(people, person, options, now.value_or(people.now_ms));
    for (const ProfileConsent& consent : profile.consents) {
      id->Append(ToString(person.id));
      purpose->Append(consent.purpose);
      state->Append(WordOf(consent.state));
      conflict->Append(consent.conflict);
      if (consent.state != ConsentState::kUnknown) time->Append(consent.time_ms);
      table.EndRow();
    }
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

// ---- timeline ----

struct TimelineAsked {
  absl::flat_hash_set<std::string> types;  // empty: all
  std::optional<std::int64_t> from_ms, to_ms;
  std::int64_t now_ms = 0;
};

struct PlacedEvent {
  std::int64_t time_ms;
  const FactRow* row;
  std::size_t place;
};

// Those asked for, in the order that all folds take facts in (model/definitions.h).
std::vector<PlacedEvent> EventsOf(const Person& person, const TimelineAsked& asked) {
  std::vector<PlacedEvent> events;
  for (const FactRow& row : *person.rows) {
    for (std::size_t place = 0; place < row.facts.events.size(); ++place) {
      const Event& event = row.facts.events[place];
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (time_ms > asked.now_ms || (asked.from_ms && time_ms < *asked.from_ms) ||
          (asked.to_ms && time_ms >= *asked.to_ms) ||
          (!asked.types.empty() && !asked.types.contains(event.type)))
        continue;
      events.push_back({time_ms, &row, place});
    }
  }
  const auto order = [](const PlacedEvent& event) {
    const Provenance& from = event.row->from;
    return std::tie(event.time_ms, from.belongs_to.ns, from.belongs_to.value, from.record_source,
                    from.record_id, event.place);
  };
  std::sort(events.begin(), events.end(),
            [&](const PlacedEvent& a, const PlacedEvent& b) { return order(a) < order(b); });
  return events;
}

absl::StatusOr<Table> Timeline(const People& people, const TimelineAsked& asked,
                               const Progress& progress) {
  TableBuilder table;
  auto* id = table.Add<TextColumn>("profile_id");
  auto* time = table.Add<TimeColumn>("time");
  auto* type = table.Add<DictionaryColumn>("type");
  auto* value = table.Add<Int64Column>("value_minor");
  auto* currency = table.Add<DictionaryColumn>("currency");
  auto* campaign = table.Add<DictionaryColumn>("campaign");
  auto* direction = table.Add<DictionaryColumn>("direction");
  auto* channel = table.Add<DictionaryColumn>("channel");
  auto* place = table.Add<DictionaryColumn>("place");
  auto* source = table.Add<DictionaryColumn>("source");
  auto* record = table.Add<Uint64Column>("record");
  auto* properties = table.Add<TextColumn>("properties");
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const std::string whose = ToString(person.id);
    for (const PlacedEvent& placed : EventsOf(person, asked)) {
      const Event& event = placed.row->facts.events[placed.place];
      id->Append(whose);
      time->Append(placed.time_ms);
      type->Append(event.type);
      if (event.value) {
        value->Append(event.value->minor_units);
        currency->Append(event.value->currency);
      }
      campaign->AppendOrNull(event.campaign);
      direction->AppendOrNull(WordOf(event.direction));
      channel->AppendOrNull(placed.row->from.belongs_to.ns);
      place->AppendOrNull(event.place ? event.place->name : std::string());
      source->Append(placed.row->from.source);
      record->Append(placed.row->from.record);
      properties->AppendOrNull(ToJson(event.properties));
      table.EndRow();
    }
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

// ---- segments ----

// A column for each segment.
class Memberships {
 public:
  Memberships(const CompiledSegments& segments, std::vector<std::size_t> places)
      : places_(std::move(places)), id_(table_.Add<TextColumn>("profile_id")) {
    for (const std::size_t place : places_)
      columns_.push_back(table_.Add<FlagColumn>(segments.name(place)));
  }

  // `is(place)`: whether somebody is in the segment.
  template <class Is>
  void Append(ProfileId id, const Is& is) {
    id_->Append(ToString(id));
    for (std::size_t c = 0; c < places_.size(); ++c) columns_[c]->Append(is(places_[c]));
    table_.EndRow();
  }

  Table Finish() { return std::move(table_).Finish(); }

 private:
  std::vector<std::size_t> places_;
  TableBuilder table_;
  TextColumn* id_;
  std::vector<FlagColumn*> columns_;
};

absl::StatusOr<Table> Segments(const People& people, const Names& names, bool unknown,
                               const Now& now, const Progress& progress) {
  const auto segments = CompiledSegments::Compile(people.definitions);
  if (!segments.ok()) return segments.status();
  auto places = FindSegments(**segments, names);
  if (!places.ok()) return places.status();
  Memberships table(**segments, *std::move(places));
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    SegmentSubject subject(people.definitions, *person.rows, person.identifiers, person.anchor,
                           now.value_or(people.now_ms));
    table.Append(person.id, [&](std::size_t place) {
      const std::optional<bool> verdict = (*segments)->Evaluate(place, &subject);
      return unknown ? verdict : std::optional<bool>(verdict == true);
    });
  });
  if (!status.ok()) return status;
  return table.Finish();
}

// Out of what the engine keeps.  REQUIRES: a reader that is live.
absl::StatusOr<Table> LiveSegments(const View& view, const SegmentReader& reader,
                                   const Names& names) {
  auto places = FindSegments(reader.segments(), names);
  if (!places.ok()) return places.status();
  Memberships table(reader.segments(), *std::move(places));
  absl::Status status;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    const auto is = reader.Memberships(id);
    status = is.status();
    if (status.ok())
      table.Append(id, [&](std::size_t place) { return std::optional<bool>((*is)[place]); });
    return status.ok() && !Interrupted();
  });
  if (!status.ok()) return status;
  return table.Finish();
}

absl::StatusOr<Table> SegmentsOf(const View& view, const Names& names, bool unknown, const Now& now,
                                 const Progress& progress) {
  if (!unknown) {
    const auto reader = SegmentReader::Make(view, {now, std::nullopt, nullptr});
    if (!reader.ok()) return reader.status();
    if (reader->is_live()) return LiveSegments(view, *reader, names);
  }
  return Segments(PeopleOf(view), names, unknown, now, progress);
}

absl::StatusOr<Table> SegmentsOf(const Moment& moment, const Names& names, bool unknown,
                                 const Now& now, const Progress& progress) {
  return Segments(PeopleOf(moment), names, unknown, now, progress);
}

// ---- scores ----

class PurchaseColumns {
 public:
  PurchaseColumns(const PurchaseScore& score, ColumnNames* names, TableBuilder* table)
      : name_(score.name) {
    const auto add = [&]<class C>(C** column, const char* what) {
      *column = table->Add<C>(names->Take(score.name + "_" + what));
    };
    add(&state_, "state");
    add(&count_, "count");
    add(&returns_, "returns");
    add(&total_, "total_minor");
    add(&returned_, "returned_minor");
    add(&currency_, "currency");
    add(&first_, "first");
    add(&last_, "last");
    add(&frequency_, "frequency");
    add(&recency_days_, "recency_days");
    add(&observed_days_, "observed_days");
    add(&mean_repeat_, "mean_repeat_minor");
    add(&days_since_last_, "days_since_last");
    add(&mean_gap_days_, "mean_gap_days");
    add(&due_, "due");
    add(&overdue_ratio_, "overdue_ratio");
    add(&rfm_recency_, "rfm_recency");
    add(&rfm_frequency_, "rfm_frequency");
    add(&rfm_monetary_, "rfm_monetary");
    add(&alive_, "alive");
    add(&expected_, "expected");
    add(&expected_minor_, "expected_minor");
  }

  void Append(const Profile& profile) {
    const auto found = std::find_if(profile.purchases.begin(), profile.purchases.end(),
                                    [&](const ProfilePurchases& one) { return one.name == name_; });
    if (found == profile.purchases.end()) return;  // it could not be computed
    const PurchaseSummary& summary = found->summary;
    state_->Append(ToString(found->state));
    count_->Append(summary.count);
    returns_->Append(summary.returns);
    total_->Append(summary.total_minor_units);
    returned_->Append(summary.returned_minor_units);
    currency_->Append(found->currency);
    first_->Append(summary.first_ms);
    last_->Append(summary.last_ms);
    if (summary.count > 0) {
      frequency_->Append(summary.frequency);
      recency_days_->Append(summary.recency_days);
      observed_days_->Append(summary.observed_days);
    }
    if (summary.frequency > 0) mean_repeat_->Append(summary.mean_repeat_minor_units);
    days_since_last_->Append(summary.days_since_last);
    mean_gap_days_->Append(summary.mean_gap_days);
    due_->Append(summary.due_ms);
    overdue_ratio_->Append(summary.overdue_ratio);
    if (found->rfm) {
      rfm_recency_->Append(found->rfm->recency);
      rfm_frequency_->Append(found->rfm->frequency);
      rfm_monetary_->Append(found->rfm->monetary);
    }
    alive_->Append(found->alive);
    expected_->Append(found->expected);
    expected_minor_->Append(found->expected_minor_units);
  }

 private:
  const std::string name_;
  DictionaryColumn *state_, *currency_;
  Uint64Column *count_, *returns_, *frequency_;
  Int64Column *total_, *returned_, *recency_days_, *observed_days_, *days_since_last_;
  TimeColumn *first_, *last_, *due_;
  Float64Column *mean_repeat_, *mean_gap_days_, *overdue_ratio_, *alive_, *expected_,
      *expected_minor_;
  Uint32Column *rfm_recency_, *rfm_frequency_, *rfm_monetary_;
};

class ChannelColumns {
 public:
  ChannelColumns(const ChannelScore& score, ColumnNames* names, TableBuilder* table)
      : name_(score.name),
        channel_(table->Add<DictionaryColumn>(names->Take(score.name + "_channel"))),
        share_(table->Add<Float64Column>(names->Take(score.name + "_share"))) {}

  void Append(const Profile& profile) {
    for (const ProfileChannels& one : profile.channels) {
      if (one.name != name_ || one.channels.empty()) continue;
      channel_->Append(one.channels.front().channel);
      share_->Append(one.channels.front().share);
    }
  }

 private:
  const std::string name_;
  DictionaryColumn* channel_;
  Float64Column* share_;
};

absl::StatusOr<Table> Scores(const People& people, const Now& now, const Progress& progress) {
  ProfileOptions options = NoParts();
  options.scores = true;
  TableBuilder table;
  ColumnNames names;
  auto* id = table.Add<TextColumn>(names.Take("profile_id"));
  std::vector<PurchaseColumns> purchases;
  for (const PurchaseScore& score : people.definitions.purchase_scores)
    purchases.emplace_back(score, &names, &table);
  std::vector<ChannelColumns> channels;
  for (const ChannelScore& score : people.definitions.channel_scores)
    channels.emplace_back(score, &names, &table);
  absl::Status status = Visit(people, progress, [&](const Person& person) {
    const Profile profile = Fold(people, person, options, now.value_or(people.now_ms));
    id->Append(ToString(person.id));
    for (PurchaseColumns& columns : purchases) columns.Append(profile);
    for (ChannelColumns& columns : channels) columns.Append(profile);
    table.EndRow();
  });
  if (!status.ok()) return status;
  return std::move(table).Finish();
}

// ---- who is who ----

template <class State>
Table Identifiers(const State& state, const Names& namespaces) {
  absl::flat_hash_set<std::string> wanted;
  if (namespaces) wanted.insert(namespaces->begin(), namespaces->end());
  TableBuilder table;
  auto* whose = table.Add<TextColumn>("profile_id");
  auto* ns = table.Add<DictionaryColumn>("namespace");
  auto* value = table.Add<TextColumn>("value");
  // The id of a moment's people is not there where the store never saw them.
  state.ForEachProfile([&](std::optional<ProfileId> id, std::span<const Identifier> members) {
    const std::string text = id ? ToString(*id) : std::string();
    for (const Identifier& identifier : members) {
      if (namespaces && !wanted.contains(identifier.ns) &&
          !wanted.contains(std::string(FamilyOf(identifier.ns))))
        continue;
      whose->AppendOrNull(text);
      ns->Append(identifier.ns);
      value->Append(identifier.value);
      table.EndRow();
    }
    return !Interrupted();
  });
  return std::move(table).Finish();
}

absl::StatusOr<Table> Changes(const View& view, std::uint64_t start, const Progress& progress) {
  constexpr std::uint64_t kAtATime = 10'000;
  TableBuilder table;
  auto* sequence = table.Add<Uint64Column>("sequence");
  auto* kind = table.Add<DictionaryColumn>("kind");
  auto* cause = table.Add<DictionaryColumn>("cause");
  auto* source = table.Add<TextColumn>("source");
  auto* target = table.Add<TextColumn>("target");
  auto* name = table.Add<DictionaryColumn>("name");
  auto* values = table.Add<TextListColumn>("values");
  auto* record = table.Add<Uint64Column>("record");
  for (std::uint64_t next = start; next <= view.sequence() && !Interrupted();) {
    const auto changes = view.Changes(next, kAtATime);
    if (!changes.ok()) return changes.status();
    if (changes->empty()) break;
    for (const Change& change : *changes) {
      sequence->Append(change.sequence);
      kind->Append(ToString(change.kind));
      cause->Append(ToString(change.cause));
      if (HasSource(change.kind)) source->Append(ToString(change.from));
      if (HasTarget(change.kind)) target->Append(ToString(change.to));
      name->AppendOrNull(change.name);
      if (change.kind == ChangeKind::kTrait || change.kind == ChangeKind::kTag)
        values->Append(change.values);
      if (change.record != 0) record->Append(change.record);
      table.EndRow();
    }
    next = changes->back().sequence + 1;
    if (progress) progress(next - start, view.sequence() + 1 - start);
  }
  return std::move(table).Finish();
}

// What a view and a moment both have.
template <class State>
void BindTablesOf(nb::module_& module) {
  // f(people, progress) without the GIL.
  static constexpr auto of = [](const State& state, nb::handle progress, const auto& f) {
    const Progress show = ProgressOf(progress);
    return ToPython(Call([&]() -> absl::StatusOr<Table> { return f(PeopleOf(state), show); }));
  };
  module.def(
      "profiles_table",
      [](const State& state, const Names& traits, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Profiles(people, traits, now_ms, show);
        });
      },
      "of"_a, nb::kw_only(), "traits"_a.none(), "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "traits_table",
      [](const State& state, const Names& names, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Traits(people, names, now_ms, show);
        });
      },
      "of"_a, nb::kw_only(), "names"_a.none(), "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "tags_table",
      [](const State& state, const Names& names, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Tags(people, names, now_ms, show);
        });
      },
      "of"_a, nb::kw_only(), "names"_a.none(), "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "consents_table",
      [](const State& state, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Consents(people, now_ms, show);
        });
      },
      "of"_a, nb::kw_only(), "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "timeline_table",
      [](const State& state, const std::vector<std::string>& types, const Now& from_ms,
         const Now& to_ms, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Timeline(
              people,
              {{types.begin(), types.end()}, from_ms, to_ms, now_ms.value_or(people.now_ms)}, show);
        });
      },
      "of"_a, nb::kw_only(), "types"_a, "from_ms"_a.none(), "to_ms"_a.none(), "now_ms"_a.none(),
      "progress"_a.none());
  module.def(
      "segments_table",
      [](const State& state, const Names& names, bool unknown, const Now& now_ms,
         nb::handle progress) {
        const Progress show = ProgressOf(progress);
        return ToPython(Call([&] { return SegmentsOf(state, names, unknown, now_ms, show); }));
      },
      "of"_a, nb::kw_only(), "names"_a.none(), "unknown"_a, "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "scores_table",
      [](const State& state, const Now& now_ms, nb::handle progress) {
        return of(state, progress, [&](const People& people, const Progress& show) {
          return Scores(people, now_ms, show);
        });
      },
      "of"_a, nb::kw_only(), "now_ms"_a.none(), "progress"_a.none());
  module.def(
      "identifiers_table",
      [](const State& state, const Names& namespaces) {
        return ToPython(Call([&] { return Identifiers(state, namespaces); }));
      },
      "of"_a, nb::kw_only(), "namespaces"_a.none());
}

}  // namespace

void BindPeopleTables(nb::module_& module) {
  BindTablesOf<View>(module);
  BindTablesOf<Moment>(module);
  module.def(
      "changes_table",
      [](const View& view, std::uint64_t start, nb::handle progress) {
        const Progress show = ProgressOf(progress);
        return ToPython(Call([&] { return Changes(view, start, show); }));
      },
      "of"_a, nb::kw_only(), "start"_a, "progress"_a.none());
}

}  // namespace polyonym::python
