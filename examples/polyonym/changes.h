// changes.h - a change of profiles as a row.
#ifndef POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_
#define POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_

#include "json.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"

namespace polyonym::driver {

// `shorten`: in place of more than three identifiers their number is said.
Json ChangeRow(const View& view, const Change& change, bool shorten);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_CHANGES_H_
