// segment/subject.h - a person as expressions read them: parts of the profile, each folded once and when it is first asked for.
#ifndef POLYONYM_SRC_SEGMENT_SUBJECT_H_
#define POLYONYM_SRC_SEGMENT_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/expression.h"
#include "profile/ordered_facts.h"
#include "profile/tag_fold.h"
#include "profile/tag_index.h"
#include "profile/trait_folder.h"
#include "segment/quantity_memory.h"
#include "segment/verdicts.h"

namespace polyonym {

namespace segment {
class FactTurns;
}  // namespace segment

// Pointers and lists that it gives are good for as long as it lives; null: the profile has none of the name.
class SegmentSubject::Impl {
 public:
  using Events = std::vector<profile::Placed<Event>>;

  // `tags`: of the definitions; null: they are searched for each tag that is asked for.
  Impl(const Definitions& definitions, const std::vector<FactRow>& rows,
       std::span<const Identifier> identifiers, const Identifier& anchor, std::int64_t now_ms,
       const profile::TagIndex* tags = nullptr);
  ~Impl();

  std::int64_t now_ms() const { return now_ms_; }
  const Definitions& definitions() const { return definitions_; }
  const std::vector<FactRow>& rows() const { return rows_; }
  std::span<const Identifier> identifiers() const { return identifiers_; }
  const Identifier& anchor() const { return anchor_; }

  // The profile with one part folded; not kept.
  Profile Fold(bool ProfileOptions::*part, bool explain) const;
  // Until when what is read of the person stays: fact_turns.h.
  segment::FactTurns& turns();

  // Of a namespace, a family or family/scope.
  bool Has(std::string_view ns) const;
  const ValueList& Identifiers(const std::string& ns);  // their values, sorted

  // In the order of facts, up to now.
  const Events& events();

  const ProfileTrait* Trait(std::string_view name);
  double completeness();

  // What was given of tags.
  const profile::TagFolder& tags();
  // Where it is there, of the window that its definition has. COST: what is told of tags, sorted once more than a few were asked for.
  bool HasTag(std::string_view name, std::int64_t window_ms);
  const ProfileTag* Tag(std::string_view name);
  // `op`: kTagsOfClass or kTagsOfTopic. Names, sorted.  COST: the first time one pass over the definitions.
  const ValueList& TagsOf(ExpressionOp op, const std::string& name);

  const ProfileConsent* Consent(std::string_view purpose);
  const ProfileLadder* LadderOf(std::string_view name);
  const ProfilePurchases* Purchases(std::string_view score);
  const ProfileChannels* Channels(std::string_view score);

  std::uint64_t CountRelations(std::string_view type);
  bool IsRelated(std::string_view type, std::string_view other);  // `namespace:value`

  // Number 0 <= n < 1: of XXH3 (64 bits, seed 0) over the salt, a zero byte and `namespace:value` of the anchor the upper 53 bits, by 2^53.
  double Bucket(std::string_view salt);

  struct Membership {
    bool is_asked = false;
    std::optional<bool> is;
    std::optional<std::int64_t> until_ms;  // until when it stays; none: not asked for
  };
  // What is known of the person's answers to some compiled segments; all of it is empty at first.
  struct Answers {
    std::vector<Membership> memberships;  // by segment
    segment::Verdicts conditions;         // by number: conditions.h
    segment::Verdicts before;             // what they were: memory of Conditions::Reassess()
    segment::QuantityMemory quantities;
    void ForgetPerson() {
      memberships.clear();
      quantities.ForgetPerson();
    }
  };
  // To those of `of`, which is kept alive: answers to others are forgotten.
  template <class T>
  Answers& AnswersTo(const std::shared_ptr<T>& of) {
    if (answers_to_.get() != of.get()) {
      answers_to_ = of;
      answers_ = {};
    }
    return answers_;
  }

 private:
  struct NamedTag;
  const Events& EventsOfTags();
  NamedTag* FindNamed(std::string_view name);
  const TagDefinition* DefinitionOf(std::string_view tag) const;
  bool TagsHaveParents();
  const Profile& Part(std::optional<Profile>* kept, bool ProfileOptions::*part);
  profile::Now Now() const { return {now_ms_, definitions_.utc_offset_minutes}; }
  bool HasTagOf(const TagDefinition& tag, ExpressionOp op, const std::string& name);

  const Definitions& definitions_;
  const std::vector<FactRow>& rows_;
  std::span<const Identifier> identifiers_;
  const Identifier& anchor_;
  std::int64_t now_ms_;
  const profile::TagIndex* tag_index_;

  std::optional<Events> events_;
  // Of a few names that are asked for each is picked out of all that is told; then all is put in order.
  static constexpr std::size_t kFewNames = 4;
  std::optional<profile::TraitFolder> trait_folder_;
  std::map<std::string, std::optional<ProfileTrait>, std::less<>> traits_;
  std::optional<profile::TagFolder> tag_folder_;
  std::optional<bool> tags_have_parents_;
  struct FoldedTag {
    bool is_folded = false;
    std::optional<ProfileTag> is;
  };
  std::vector<FoldedTag> tags_;  // as the folder has them
  struct NamedTag {
    NamedTag(Impl* person, std::string_view name)
        : name(name),
          folder(person->definitions_, person->rows_, person->EventsOfTags(), person->Now(), name,
                 person->DefinitionOf(name)) {}
    std::string_view name;
    profile::TagFolder folder;
    FoldedTag folded;
  };
  std::list<NamedTag> named_tags_;
  std::optional<Profile> all_traits_, consents_, ladders_, scores_;
  std::map<std::string, ValueList> identifiers_of_;
  std::map<std::pair<ExpressionOp, std::string>, ValueList> tags_of_;
  std::unique_ptr<segment::FactTurns> turns_;
  std::string anchor_text_, bucket_text_;  // memory of Bucket()
  std::shared_ptr<const void> answers_to_;
  Answers answers_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_SEGMENT_SUBJECT_H_
