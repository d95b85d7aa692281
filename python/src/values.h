// values.h - values of the library as Python's, and back. What is returned is of polyonym.results: frozen dataclasses.
//
// REQUIRES, of all: the GIL.
#ifndef POLYONYM_PYTHON_VALUES_H_
#define POLYONYM_PYTHON_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "polyonym/model/change.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"

namespace polyonym::python {

namespace nb = nanobind;
using namespace nb::literals;

// A dataclass of polyonym.results: Result("Why")("connected"_a = true, …).
nb::object Result(const char* name);

// A list of what `to` makes of each.
template <class Values, class To>
nb::list ListOf(const Values& values, const To& to) {
  nb::list list;
  for (const auto& value : values) list.append(to(value));
  return list;
}

// Milliseconds as a datetime in UTC; beyond the years that it has, the last or the first of them.
nb::object TimeOf(std::int64_t ms);
nb::object TimeOf(const std::optional<std::int64_t>& ms);
nb::object DurationOf(std::int64_t ms);  // timedelta

// RAISES: InvalidArgument (`what` names the argument): a lone surrogate, which UTF-8 cannot say.  REQUIRES: a str.
std::string TextFrom(nb::handle text, const char* what);

nb::object ToPython(const Identifier& identifier);
nb::object ToPython(ProfileId id);  // text: `p~0`
nb::object ToPython(const std::optional<ProfileId>& id);
nb::object ToPython(const Value& value);  // None, str, float, bool, datetime, Day, list, int, Money
nb::object ToPython(const Money& money);
// Whether Change::from, or Change::to, says anything.
constexpr bool HasSource(ChangeKind kind) {
  return kind == ChangeKind::kMerged || kind == ChangeKind::kSplit || kind == ChangeKind::kMoved ||
         kind == ChangeKind::kGone || kind == ChangeKind::kLeft;
}
constexpr bool HasTarget(ChangeKind kind) {
  return kind != ChangeKind::kGone && kind != ChangeKind::kLeft;
}

nb::object ToPython(const Change& change);
nb::list ToPython(const std::vector<Identifier>& identifiers);
nb::list ToPython(const std::vector<Change>& changes);
inline std::string TextOf(std::string_view text) { return std::string(text); }

// `phone:1`, a pair of namespace and value, or an Identifier.  RAISES: InvalidArgument (`what` names the argument).
Identifier IdentifierOf(nb::handle object, const char* what);
// An identifier, or a profile's text.
using Who = std::variant<ProfileId, Identifier>;
Who WhoOf(nb::handle object, const char* what);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_VALUES_H_
