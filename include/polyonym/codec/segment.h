// codec/segment.h - expressions as polyonym.v1.Expression (proto/polyonym/v1/segment.proto), in bytes and as JSON.
//
// For what keeps or sends an expression as a tree: an editor of segments, another program. People write text (segment/text.h).
// Public headers hold no protobuf type: bytes go in, plain values come out. Bytes are untrusted: bounded, checked, then used.
//
// What is read has known fields and sound values. Whether its operators have their arguments, and types and names fit, is for
// CheckExpression() to say (segment/check.h). Expression::place is about a text, and is not carried.
//
// THREADS: pure functions.
#ifndef POLYONYM_CODEC_SEGMENT_H_
#define POLYONYM_CODEC_SEGMENT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/segment/expression.h"

namespace polyonym {

// As protobuf; of JSON, of what it says. The tree of any text of kMaxExpressionBytes takes less.
inline constexpr std::size_t kMaxExpressionProtoBytes = 8 * kMaxExpressionBytes;

// ERRORS: InvalidArgument, naming the place where there is one (`args[1].events[0].where[0].value.number: ...`), never a value:
// bytes that are not a polyonym.v1.Expression; text that is not UTF-8; more than kMaxExpressionProtoBytes, kMaxExpressionDepth
// or kMaxExpressionNodes, as SizeOf() counts; a field, an enum value or a kind of value that this library does not know. Of
// values: a number that is not finite; a day that no calendar has; a currency that is not three capitals; a list of more than
// kMaxExpressionList, of more than kMaxFactListDepth lists within each other, or with a value missing. Negative zero becomes zero.
// COST: linear; nothing is descended into beyond the bounds.
absl::StatusOr<Expression> ReadExpressionProto(std::string_view bytes);
// REQUIRES: an expression within the bounds of ReadExpressionProto(), and text in UTF-8.
// ENSURES: the same bytes for equal expressions, on every machine; they read back as the expression.  COST: linear.
std::string WriteExpressionProto(const Expression& expression);

// The protobuf mapping: {"op":"OP_TRAIT","name":"city"}. Names in lowerCamelCase or as in the proto file, 64-bit numbers as
// strings or numbers, enums by name or number.
// ERRORS: as of ReadExpressionProto(); text that is not a JSON object, with a field twice, with more than 32 levels of objects
// and lists (arguments take two, and so do events, sequences, conditions and `where`), or beyond 16 MiB.  COST: linear.
absl::StatusOr<Expression> ReadExpressionJson(std::string_view json);
// With the names of the proto file; one line where not `pretty`.
// REQUIRES: as of WriteExpressionProto().  ENSURES: it reads back as the expression, or it is empty: for an expression that is
// nested too deep for those 32 levels, which protobuf and text can say.  COST: linear.
std::string WriteExpressionJson(const Expression& expression, bool pretty = false);

}  // namespace polyonym

#endif  // POLYONYM_CODEC_SEGMENT_H_
