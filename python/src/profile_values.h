// profile_values.h - what a person is like, as values of polyonym.results.
//
// REQUIRES, of all: the GIL.
#ifndef POLYONYM_PYTHON_PROFILE_VALUES_H_
#define POLYONYM_PYTHON_PROFILE_VALUES_H_

#include "polyonym/profile/fit_scores.h"
#include "polyonym/profile/profile.h"
#include "values.h"

namespace polyonym::python {

nb::object ToPython(const TimelineEvent& event);
nb::object ToPython(const ScoreFit& fit);

// `has_id`: false where its id says nothing: of a moment, where no identifier of the person has a number in the store.
nb::object ToPython(const Profile& profile, bool has_id = true);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_PROFILE_VALUES_H_
