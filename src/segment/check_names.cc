#include "segment/check_names.h"

#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/fault.h"
#include "model/pattern.h"
#include "model/utf8.h"
#include "polyonym/model/identifier.h"
#include "segment/check_values.h"
#include "segment/definition_lookup.h"
#include "segment/expression_types.h"

namespace polyonym::segment {
namespace {

bool IsClass(std::string_view name) {
  for (const FactClass klass :
       {FactClass::kBasic, FactClass::kSocial, FactClass::kInterest, FactClass::kInteraction}) {
    if (ToString(klass) == name) return true;
  }
  return false;
}

bool CheckPattern(const Expression& at, FirstFault* fault) {
  if (!IsUtf8(at.name)) return fault->Fail(at, "name", "the pattern must be UTF-8");
  const auto pattern = CompilePattern(at.name);
  if (pattern->ok()) return true;
  // Behind a colon RE2 repeats a part of the pattern, which may be somebody's.
  const std::string error = pattern->error();
  return fault->Fail(at, "name",
                     "the pattern is none of RE2: " + error.substr(0, error.find(": ")));
}

}  // namespace

bool CheckName(const Expression& at, Named named, const Definitions& definitions,
               const std::function<bool(std::string_view)>& is_segment, FirstFault* fault) {
  if (named == Named::kNothing) return true;
  if (named == Named::kPattern) return CheckPattern(at, fault);
  if (!IsName(at.name))
    return fault->Fail(at, "name", absl::StrCat("the name of ", Words(at.op), " ", kNameRule));
  const auto require = [&](bool holds, const char* what, const char* rule) {
    return holds || fault->Fail(at, "name", absl::StrCat(what, " \"", at.name, "\" ", rule));
  };
  constexpr char kUndefined[] = "is not defined";
  switch (named) {
    case Named::kNamespace:
      return require(IsValidNamespace(at.name), "namespace",
                     "must be letters, digits and _ . $ -, and may have a /scope");
    case Named::kTrait:
      return require(FindTrait(definitions, at.name) != nullptr, "trait", kUndefined);
    case Named::kTag:
      return require(HasTag(definitions, at.name), "tag", kUndefined);
    case Named::kClass:
      return require(IsClass(at.name), "class", "must be basic, social, interest or interaction");
    case Named::kTopic:
      return require(HasTopic(definitions, at.name), "topic", "is of no tag that is defined");
    case Named::kPurpose:
      return require(Find(definitions.purposes, at.name) != nullptr, "purpose", kUndefined);
    case Named::kLadder:
      return require(Find(definitions.ladders, at.name) != nullptr, "ladder", kUndefined);
    case Named::kPurchases:
      return require(Find(definitions.purchase_scores, at.name) != nullptr, "purchase score",
                     kUndefined);
    case Named::kChannels:
      return require(Find(definitions.channel_scores, at.name) != nullptr, "channel score",
                     kUndefined);
    case Named::kSegment:
      return require(is_segment && is_segment(at.name), "segment", kUndefined);
    default:
      return true;
  }
}

bool CheckField(const Expression& at, Fielded fielded, const Definitions& definitions,
                FirstFault* fault) {
  switch (fielded) {
    case Fielded::kLayer: {
      const TagDefinition* tag = Find(definitions.tags, at.name);
      return (tag != nullptr && Find(tag->layers, at.field) != nullptr) ||
             fault->Fail(at, "field",
                         IsName(at.field)
                             ? absl::StrCat("tag \"", at.name, "\" has no layer \"", at.field, "\"")
                             : absl::StrCat("the layer ", kNameRule));
    }
    case Fielded::kScore:
      return ScoreFieldOf(at.field) ||
             fault->Fail(at, "field",
                         "must be rfm, recency, frequency, monetary, state, alive, expected, "
                         "expected_value, total, purchases or due");
    case Fielded::kChannel:
      return IsValidNamespace(at.field) ||
             fault->Fail(
                 at, "field",
                 "the channel must be a namespace: letters, digits and _ . $ -, and may have a "
                 "/scope");
    case Fielded::kIdentifier:  // somebody's: it is not repeated
      return (IsUtf8(at.field) && ParseIdentifier(at.field).ok()) ||
             fault->Fail(at, "field", "must be an identifier, as in \"crm:7\"");
    case Fielded::kNothing:
      break;
  }
  return true;
}

}  // namespace polyonym::segment
