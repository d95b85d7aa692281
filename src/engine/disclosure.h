// engine/disclosure.h - what a person is told of what is held on them, and what not: PrivacyRules::disclosures.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_ENGINE_DISCLOSURE_H_
#define POLYONYM_SRC_ENGINE_DISCLOSURE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/engine/subject_access.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"

namespace polyonym::engine {

class Disclosure {
 public:
  // `definitions` must outlive it.
  explicit Disclosure(const Definitions& definitions);

  // Whether a rule lets them see it; nothing is counted.
  bool Allows(FieldKind kind, std::string_view name) const { return RuleOf(kind, name) == nullptr; }
  bool AllowsNamespace(std::string_view ns) const;

  // The same, and counts what is left out.
  bool Tells(FieldKind kind, std::string_view name);
  bool TellsNamespace(std::string_view ns);

  // Facts without those that are withheld, which are counted in `left_out`, where it is given.
  Facts Told(const Facts& facts, std::uint64_t* left_out);

  // What is told of a profile: `full` is of all facts, `told` of those that are told.
  Profile Told(Profile full, const Profile& told);

  // What is told of why they are in a segment. Told(Profile) comes before.
  SegmentExplanation Told(SegmentExplanation part) const;

  std::vector<WithheldField> Withheld() const;

 private:
  const DisclosureRule* RuleOf(FieldKind kind, std::string_view name) const;
  bool IsTold(FieldKind kind, std::string_view name) const;
  template <class Item, class FieldOf>
  void Keep(const std::vector<Item>& told, FieldKind kind, const FieldOf& name_of,
            std::vector<Item>* full);
  bool KeepWhole(bool is_same, std::string_view score);
  bool AsksForWithheld(const Expression& expression) const;
  bool AsksForWithheld(const std::vector<EventQuery>& queries) const;

  const std::vector<DisclosureRule>& rules_;
  std::map<std::pair<FieldKind, std::string_view>, const DisclosureRule*> by_field_;
  std::map<std::string, std::uint64_t> counts_;  // by the rule's field
  std::set<std::pair<FieldKind, std::string>> defined_;
  std::set<std::string> computed_;  // fields that are computed from what is withheld
  std::set<std::string> withheld_;  // the same, as they are told
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_DISCLOSURE_H_
