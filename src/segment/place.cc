#include "segment/place.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "polyonym/segment/text.h"
#include "segment/operator_shapes.h"

namespace polyonym::segment {
namespace {

// Puts the operators on the way from `on` down to `at` behind `path`; false, and nothing, where it
// is not below.
bool FindPath(const Expression& on, const Expression& at, std::string* path) {
  const std::size_t before = path->size();
  const OperatorShape* shape = ShapeOf(on.op);
  absl::StrAppend(path, shape != nullptr ? shape->name : "expression");
  if (&on == &at) return true;
  const std::size_t here = path->size();
  const auto is_below = [&](const Expression& child, const std::string& way) {
    path->resize(here);
    absl::StrAppend(path, way, ".");
    return FindPath(child, at, path);
  };
  for (std::size_t i = 0; i < on.args.size(); ++i) {
    if (is_below(on.args[i], on.args.size() == 1 ? std::string() : absl::StrCat("[", i, "]")))
      return true;
  }
  for (const EventQuery& query : on.events) {
    for (const Expression& where : query.where)
      if (is_below(where, ".where")) return true;
  }
  for (const EventSequence& sequence : on.sequence) {
    for (std::size_t i = 0; i < sequence.conditions.size(); ++i) {
      for (const Expression& where : sequence.conditions[i].where)
        if (is_below(where, absl::StrCat(".conditions[", i, "].where"))) return true;
    }
  }
  path->resize(before);
  return false;
}

}  // namespace

std::string PlaceOf(const Expression& root, const Expression& at, std::string_view part,
                    std::string_view text) {
  if (at.place != 0 && at.place <= text.size()) return PlaceIn(text, at.place - 1);
  std::string path;
  FindPath(root, at, &path);
  if (!part.empty()) absl::StrAppend(&path, ".", std::string(part));
  return path;
}

}  // namespace polyonym::segment
