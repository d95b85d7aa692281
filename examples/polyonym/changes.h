// changes.h - a change of profiles as a row.
#ifndef POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_
#define POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_

#include "json.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"

namespace polyonym::driver {

// `table`: what changed is one text: the first identifiers, the segment, or the trait or tag with its values.
Json ChangeRow(const View& view, const Change& change, bool table);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_
