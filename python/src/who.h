// who.h - whom a question is about: looked up in a view, and what is known of an identifier.
#ifndef POLYONYM_PYTHON_WHO_H_
#define POLYONYM_PYTHON_WHO_H_

#include <nanobind/nanobind.h>

#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "values.h"

namespace polyonym::python {

// The profile that is asked for, by its id or one of its identifiers, where it lives now.  ERRORS: NotFound.
absl::StatusOr<ProfileId> FindWho(const View& view, const Who& who);

nb::object ToPython(const Resolution& resolution);
// All of an iterable.  RAISES: InvalidArgument (`identifiers`).
std::vector<Identifier> IdentifiersOf(nb::handle identifiers);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_WHO_H_
