// segment/terms.h - reads the parts of an expression that hold no other expression: values, names, spans of time, windows.
//
// Each takes what it reads from the cursor. Where it is not there, the cursor has the error, and nothing (or false) is returned.
// COST: linear in what is read.  THREADS: as the cursor.
#ifndef POLYONYM_SRC_SEGMENT_TERMS_H_
#define POLYONYM_SRC_SEGMENT_TERMS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "polyonym/model/facts.h"
#include "polyonym/segment/expression.h"
#include "segment/cursor.h"

namespace polyonym::segment {

// ---- Values ----

// Whether a value without a sign stands here; no span of time.
bool BeginsLiteral(const Cursor& cursor);
// Whether a span of time does.
bool BeginsSpan(const Cursor& cursor);

// `below_zero`: a minus sign was read, and a number stands here.
// REQUIRES: BeginsLiteral().
std::optional<Value> ReadLiteral(Cursor* cursor, bool below_zero);

// With its sign.
std::optional<Value> ReadSignedLiteral(Cursor* cursor);

// ---- Names ----

// `what`: as errors say it, such as `the name of a trait`.
bool ReadName(Cursor* cursor, std::string_view what, std::string* name);
bool ReadQuoted(Cursor* cursor, std::string_view what, std::string* text);

// ---- Times ----

// `1.5 hours`, in whole milliseconds.
std::optional<std::int64_t> ReadSpan(Cursor* cursor);

// `within 2 days`: 1 ms to a hundred years.
std::optional<std::int64_t> ReadWithin(Cursor* cursor);

// kEver where no window begins here.
std::optional<TimeWindow> ReadWindow(Cursor* cursor);

// `in this month`, as kLast.
std::optional<TimeWindow> ReadThisUnit(Cursor* cursor);

// A whole number from 1 to `most`; else nothing is taken, and no error made.
std::optional<std::uint32_t> ReadCount(Cursor* cursor, std::size_t most);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_TERMS_H_
