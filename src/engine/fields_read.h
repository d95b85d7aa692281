// engine/fields_read.h - whether a role sees all that an expression reads.
#ifndef POLYONYM_SRC_ENGINE_FIELDS_READ_H_
#define POLYONYM_SRC_ENGINE_FIELDS_READ_H_

#include "polyonym/privacy/access.h"
#include "polyonym/segment/expression.h"

namespace polyonym::engine {

// Of what is asked for by no name (`any event`, `tags of class ...`, `channel`), all there may be. A segment is a field: what it reads itself is
// not looked at. A bucket hashes the anchor, out of which a known salt makes a guess at the identifier: it is for roles that see everything.
// COST: linear.
bool SeesAllOf(const Expression& expression, const Access& access);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FIELDS_READ_H_
