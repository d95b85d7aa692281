#include "segment/subject.h"

#include <xxhash.h>

#include <algorithm>
#include <string>

#include "segment/fact_turns.h"

namespace polyonym {
namespace {

bool IsOf(const Identifier& identifier, std::string_view ns) {
  return identifier.ns == ns || FamilyOf(identifier.ns) == ns;
}

template <class Item>
const Item* FindByName(const std::vector<Item>& items, std::string_view name) {
  const auto at =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return at == items.end() ? nullptr : &*at;
}

}  // namespace

SegmentSubject::Impl::Impl(const Definitions& definitions, const std::vector<FactRow>& rows,
                           std::span<const Identifier> identifiers, const Identifier& anchor,
                           std::int64_t now_ms, const profile::TagIndex* tags)
    : definitions_(definitions),
      rows_(rows),
      identifiers_(identifiers),
      anchor_(anchor),
      now_ms_(now_ms),
      tag_index_(tags) {}

SegmentSubject::Impl::~Impl() = default;

segment::FactTurns& SegmentSubject::Impl::turns() {
  if (turns_ == nullptr) turns_ = std::make_unique<segment::FactTurns>(this);
  return *turns_;
}

Profile SegmentSubject::Impl::Fold(bool ProfileOptions::*part, bool explain) const {
  ProfileOptions options;
  options.traits = options.tags = options.consents = options.ladders = options.contacts = false;
  options.scores = options.relations = options.timeline = options.ambiguous = false;
  options.*part = true;
  options.explain = explain;
  return FoldProfile(definitions_, rows_, options, now_ms_);
}

const Profile& SegmentSubject::Impl::Part(std::optional<Profile>* kept,
                                          bool ProfileOptions::*part) {
  if (!*kept) *kept = Fold(part, false);
  return **kept;
}

bool SegmentSubject::Impl::Has(std::string_view ns) const {
  return std::any_of(identifiers_.begin(), identifiers_.end(),
                     [&](const Identifier& identifier) { return IsOf(identifier, ns); });
}

const ValueList& SegmentSubject::Impl::Identifiers(const std::string& ns) {
  const auto [at, is_new] = identifiers_of_.try_emplace(ns);
  if (!is_new) return at->second;
  std::vector<std::string> values;
  for (const Identifier& identifier : identifiers_) {
    if (IsOf(identifier, ns)) values.push_back(identifier.value);
  }
  std::sort(values.begin(), values.end());
  for (std::string& value : values) at->second.push_back({std::move(value)});
  return at->second;
}

const SegmentSubject::Impl::Events& SegmentSubject::Impl::events() {
  if (!events_) events_ = profile::Ordered(rows_, &Facts::events, now_ms_);
  return *events_;
}

const ProfileTrait* SegmentSubject::Impl::Trait(std::string_view name) {
  auto at = traits_.find(name);
  if (at == traits_.end()) {
    const auto events_of = [this]() -> const Events& { return events(); };
    const auto fold = [&](const profile::TraitFolder& folder) {
      return folder.Fold(name, events_of, profile::Told::kNothing, nullptr);
    };
    if (!trait_folder_ && traits_.size() >= kFewNames)
      trait_folder_.emplace(definitions_, rows_, Now());
    auto trait = trait_folder_ ? fold(*trait_folder_)
                               : fold(profile::TraitFolder(definitions_, rows_, Now(), name));
    at = traits_.emplace(name, std::move(trait)).first;
  }
  return at->second ? &*at->second : nullptr;
}

double SegmentSubject::Impl::completeness() {
  return Part(&all_traits_, &ProfileOptions::traits).completeness;
}

// What behaviours give tags for.
const SegmentSubject::Impl::Events& SegmentSubject::Impl::EventsOfTags() {
  static const Events* const kNone = new Events();
  return definitions_.behaviours.empty() ? *kNone : events();
}

const profile::TagFolder& SegmentSubject::Impl::tags() {
  if (!tag_folder_) {
    tag_folder_.emplace(definitions_, rows_, EventsOfTags(), Now());
    tags_.resize(tag_folder_->size());
  }
  return *tag_folder_;
}

// Null where all tags are at hand, or are better put in order.
SegmentSubject::Impl::NamedTag* SegmentSubject::Impl::FindNamed(std::string_view name) {
  if (tag_folder_) return nullptr;
  for (NamedTag& tag : named_tags_) {
    if (tag.name == name) return &tag;
  }
  if (TagsHaveParents() || named_tags_.size() == kFewNames) return nullptr;
  return &named_tags_.emplace_back(this, name);
}

const TagDefinition* SegmentSubject::Impl::DefinitionOf(std::string_view tag) const {
  return tag_index_ != nullptr ? tag_index_->Find(tag)
                               : profile::TagFolder::FindDefinition(definitions_, tag);
}

bool SegmentSubject::Impl::TagsHaveParents() {
  if (!tags_have_parents_) {
    tags_have_parents_ = tag_index_ != nullptr ? tag_index_->have_parents()
                                               : profile::TagFolder::HaveParents(definitions_);
  }
  return *tags_have_parents_;
}

bool SegmentSubject::Impl::HasTag(std::string_view name, std::int64_t window_ms) {
  const NamedTag* named = FindNamed(name);
  const profile::TagFolder& folder = named != nullptr ? named->folder : tags();
  const std::optional<std::size_t> at = folder.Find(name);
  return at && folder.IsThere(*at, window_ms);
}

const ProfileTag* SegmentSubject::Impl::Tag(std::string_view name) {
  NamedTag* named = FindNamed(name);
  const profile::TagFolder& folder = named != nullptr ? named->folder : tags();
  const std::optional<std::size_t> at = folder.Find(name);
  if (!at) return nullptr;
  FoldedTag& tag = named != nullptr ? named->folded : tags_[*at];
  if (!tag.is_folded) tag = {true, folder.Fold(*at, false)};
  return tag.is ? &*tag.is : nullptr;
}

bool SegmentSubject::Impl::HasTagOf(const TagDefinition& tag, ExpressionOp op,
                                    const std::string& name) {
  const bool is_of =
      op == ExpressionOp::kTagsOfClass
          ? ToString(tag.klass) == name
          : std::find(tag.topics.begin(), tag.topics.end(), name) != tag.topics.end();
  return is_of && Tag(tag.name) != nullptr;
}

const ValueList& SegmentSubject::Impl::TagsOf(ExpressionOp op, const std::string& name) {
  const auto [at, is_new] = tags_of_.try_emplace({op, name});
  if (!is_new) return at->second;
  std::vector<std::string> names;
  for (const TagDefinition& tag : definitions_.tags) {
    if (HasTagOf(tag, op, name)) names.push_back(tag.name);
  }
  std::sort(names.begin(), names.end());
  for (std::string& tag : names) at->second.push_back({std::move(tag)});
  return at->second;
}

const ProfileConsent* SegmentSubject::Impl::Consent(std::string_view purpose) {
  const auto& consents = Part(&consents_, &ProfileOptions::consents).consents;
  const auto at = std::find_if(consents.begin(), consents.end(),
                               [&](const ProfileConsent& c) { return c.purpose == purpose; });
  return at == consents.end() ? nullptr : &*at;
}

const ProfileLadder* SegmentSubject::Impl::LadderOf(std::string_view name) {
  return FindByName(Part(&ladders_, &ProfileOptions::ladders).ladders, name);
}

const ProfilePurchases* SegmentSubject::Impl::Purchases(std::string_view score) {
  return FindByName(Part(&scores_, &ProfileOptions::scores).purchases, score);
}

const ProfileChannels* SegmentSubject::Impl::Channels(std::string_view score) {
  return FindByName(Part(&scores_, &ProfileOptions::scores).channels, score);
}

std::uint64_t SegmentSubject::Impl::CountRelations(std::string_view type) {
  std::uint64_t count = 0;
  for (const FactRow& row : rows_) {
    for (const RelationFact& relation : row.facts.relations) {
      if (relation.type == type && profile::TimeOf(relation, row) <= now_ms_) ++count;
    }
  }
  return count;
}

bool SegmentSubject::Impl::IsRelated(std::string_view type, std::string_view other) {
  const std::size_t colon = other.find(':');
  if (colon == std::string_view::npos) return false;
  for (const FactRow& row : rows_) {
    for (const RelationFact& relation : row.facts.relations) {
      if (relation.type == type && relation.other.ns == other.substr(0, colon) &&
          relation.other.value == other.substr(colon + 1) &&
          profile::TimeOf(relation, row) <= now_ms_)
        return true;
    }
  }
  return false;
}

double SegmentSubject::Impl::Bucket(std::string_view salt) {
  if (anchor_text_.empty()) anchor_text_ = ToString(anchor_);
  std::string& bytes = bucket_text_;
  bytes.assign(salt);
  bytes.push_back('\0');
  bytes += anchor_text_;
  return static_cast<double>(XXH3_64bits(bytes.data(), bytes.size()) >> 11) * 0x1p-53;
}

SegmentSubject::SegmentSubject(const Definitions& definitions, const std::vector<FactRow>& rows,
                               std::span<const Identifier> identifiers, const Identifier& anchor,
                               std::int64_t now_ms)
    : impl_(std::make_unique<Impl>(definitions, rows, identifiers, anchor, now_ms)) {}

SegmentSubject::~SegmentSubject() = default;

}  // namespace polyonym
