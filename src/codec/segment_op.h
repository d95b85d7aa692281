// codec/segment_op.h - operators by their names in protobuf, whatever their numbers are here and there.
#ifndef POLYONYM_SRC_CODEC_SEGMENT_OP_H_
#define POLYONYM_SRC_CODEC_SEGMENT_OP_H_

#include <optional>

#include "polyonym/segment/expression.h"
#include "polyonym/v1/segment.pb.h"

namespace polyonym::codec {

// Nothing for a number that this library does not know.  COST: constant.
std::optional<ExpressionOp> FromProto(v1::Expression::Op op);
v1::Expression::Op ToProto(ExpressionOp op);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_SEGMENT_OP_H_
