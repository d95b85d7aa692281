// engine/span.h - when a record saw what it names: once, or as often as those that were folded to it.
//
// THREADS: pure.
#ifndef POLYONYM_SRC_ENGINE_SPAN_H_
#define POLYONYM_SRC_ENGINE_SPAN_H_

#include <cstdint>

#include "polyonym/identity/rank.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

using identity::Span;

inline Span SpanOf(const Record& record) {
  const std::int64_t first = record.time_ms.value_or(0);
  return record.folded ? Span{first, record.folded->last_ms, record.folded->count}
                       : Span{first, first, 1};
}

// What voids up to a time voids a record that was folded as a whole, or not at all.
inline bool IsUpTo(const Span& span, std::int64_t until_ms) { return span.last_ms <= until_ms; }

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_SPAN_H_
