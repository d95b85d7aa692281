#include "polyonym/codec/segment.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codec/convert.h"
#include "codec/json_errors.h"
#include "codec/json_shape.h"
#include "codec/segment_op.h"
#include "codec/segment_path.h"
#include "codec/segment_value.h"
#include "codec/wire.h"
#include "model/utf8.h"
#include "polyonym/v1/segment.pb.h"

namespace polyonym {
namespace {

namespace pb = google::protobuf;
using codec::CheckKnown;
using codec::ProtoPath;

// ---- The bytes, before protobuf parses them ----

// Two messages a level at most, a sequence and a condition of it, and a value after the last. Protobuf's own bound of 100 is too
// low: 63 levels by way of sequences are 94 messages, and a list of lists under them 10 more.
constexpr int kMaxMessageDepth = static_cast<int>(2 * kMaxExpressionDepth + codec::kMaxWireDepth);

// What SizeOf() counts as a node, and a level of its own.
bool IsNode(const pb::Descriptor& type) {
  return &type == v1::Expression::descriptor() || &type == v1::EventQuery::descriptor();
}

absl::Status TooLarge(std::size_t bytes) {
  return ProtoPath().Error(
      absl::StrCat("has ", bytes, " bytes; allowed are up to ", kMaxExpressionProtoBytes));
}
absl::Status TooDeep() {
  return ProtoPath().Error(
      absl::StrCat("is nested too deep; allowed are ", kMaxExpressionDepth, " levels"));
}
absl::Status TooManyNodes() {
  return ProtoPath().Error(
      absl::StrCat("has too many nodes; allowed are up to ", kMaxExpressionNodes));
}
absl::Status NotExpression() {
  return absl::InvalidArgumentError("these bytes are not a polyonym.v1.Expression");
}

absl::Status CheckTree(std::string_view bytes, const pb::Descriptor& type, std::size_t depth);

absl::Status CheckField(std::string_view content, const pb::FieldDescriptor& field,
                        std::size_t depth) {
  if (field.type() == pb::FieldDescriptor::TYPE_STRING && !IsUtf8(content))
    return absl::InvalidArgumentError(field.full_name() + ": holds text that is not UTF-8");
  if (field.type() != pb::FieldDescriptor::TYPE_MESSAGE) return absl::OkStatus();
  const pb::Descriptor& type = *field.message_type();
  return IsNode(type) || &type == v1::EventSequence::descriptor()
             ? CheckTree(content, type, depth)
             : codec::CheckWire(content, type, 1);
}

// What codec::CheckWire() looks for, with the bound of expressions. `depth`: nodes around the message.
absl::Status CheckTree(std::string_view bytes, const pb::Descriptor& type, std::size_t depth) {
  using Wire = pb::internal::WireFormatLite;
  if (IsNode(type) && ++depth > kMaxExpressionDepth) return TooDeep();
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    const Wire::WireType wire = Wire::GetTagWireType(tag);
    if (wire != Wire::WIRETYPE_LENGTH_DELIMITED) {
      if (wire == Wire::WIRETYPE_START_GROUP || !Wire::SkipField(&in, tag)) return NotExpression();
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return NotExpression();
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    if (size > bytes.size() - begin || !in.Skip(static_cast<int>(size))) return NotExpression();
    const pb::FieldDescriptor* field = type.FindFieldByNumber(Wire::GetTagFieldNumber(tag));
    if (field == nullptr) continue;
    if (absl::Status status = CheckField(bytes.substr(begin, size), *field, depth); !status.ok())
      return status;
  }
  return in.ConsumedEntireMessage() ? absl::OkStatus() : NotExpression();
}

absl::Status Parse(std::string_view bytes, v1::Expression* message) {
  if (bytes.size() > kMaxExpressionProtoBytes) return TooLarge(bytes.size());
  if (absl::Status status = CheckTree(bytes, *v1::Expression::descriptor(), 0); !status.ok())
    return status;
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                              static_cast<int>(bytes.size()));
  in.SetRecursionLimit(kMaxMessageDepth);
  return message->ParseFromCodedStream(&in) && in.ConsumedEntireMessage() ? absl::OkStatus()
                                                                          : NotExpression();
}

// ---- From messages ----

template <class To, class From>
constexpr bool Same(To to, From from) {
  return static_cast<int>(to) == static_cast<int>(from);
}
using Kind = TimeWindow::Kind;
static_assert(Same(Kind::kEver, v1::TimeWindow::KIND_EVER) &&
              Same(Kind::kWithin, v1::TimeWindow::KIND_WITHIN) &&
              Same(Kind::kLast, v1::TimeWindow::KIND_LAST) &&
              Same(Kind::kPast, v1::TimeWindow::KIND_PAST) &&
              Same(Kind::kBetween, v1::TimeWindow::KIND_BETWEEN));
static_assert(Same(CalendarUnit::kHour, v1::CALENDAR_UNIT_HOUR) &&
              Same(CalendarUnit::kDay, v1::CALENDAR_UNIT_DAY) &&
              Same(CalendarUnit::kWeek, v1::CALENDAR_UNIT_WEEK) &&
              Same(CalendarUnit::kMonth, v1::CALENDAR_UNIT_MONTH) &&
              Same(CalendarUnit::kQuarter, v1::CALENDAR_UNIT_QUARTER) &&
              Same(CalendarUnit::kYear, v1::CALENDAR_UNIT_YEAR));

// Reads one tree.  REQUIRES: its depth is bounded.
class TreeReader {
 public:
  absl::Status Read(const v1::Expression& from, const ProtoPath& path, Expression* to) {
    if (absl::Status status = CheckNode(from, path); !status.ok()) return status;
    const auto op = codec::FromProto(from.op());
    if (!op) return codec::UnknownEnum(path.Field("op").ToText());
    to->op = *op;
    to->name = from.name();
    to->field = from.field();
    absl::Status status = codec::FromProto(from.value(), path.Field("value"), &to->value);
    if (status.ok()) status = ReadAll(from.args(), "args", path, &to->args);
    if (status.ok()) status = ReadAll(from.events(), "events", path, &to->events);
    if (status.ok()) status = ReadAll(from.sequence(), "sequence", path, &to->sequence);
    return status.ok() ? Read(from.window(), path.Field("window"), &to->window) : status;
  }

 private:
  absl::Status CheckNode(const pb::Message& from, const ProtoPath& path) {
    return ++nodes_ > kMaxExpressionNodes ? TooManyNodes() : CheckKnown(from, path);
  }

  absl::Status Read(const v1::TimeWindow& from, const ProtoPath& path, TimeWindow* to) {
    if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
    if (!v1::TimeWindow::Kind_IsValid(from.kind()))
      return codec::UnknownEnum(path.Field("kind").ToText());
    to->kind = static_cast<TimeWindow::Kind>(from.kind());
    to->span_ms = from.span_ms();
    if (from.has_unit()) {
      if (!v1::CalendarUnit_IsValid(from.unit()))
        return codec::UnknownEnum(path.Field("unit").ToText());
      to->unit = static_cast<CalendarUnit>(from.unit());
    }
    if (from.has_count()) to->count = from.count();
    if (from.has_from_ms()) to->from_ms = from.from_ms();
    if (from.has_to_ms()) to->to_ms = from.to_ms();
    return absl::OkStatus();
  }

  absl::Status Read(const v1::EventQuery& from, const ProtoPath& path, EventQuery* to) {
    if (absl::Status status = CheckNode(from, path); !status.ok()) return status;
    to->types.assign(from.types().begin(), from.types().end());
    if (absl::Status status = ReadAll(from.where(), "where", path, &to->where); !status.ok())
      return status;
    return Read(from.window(), path.Field("window"), &to->window);
  }

  absl::Status Read(const v1::EventSequence::Step& from, const ProtoPath& path,
                    EventSequence::Step* to) {
    *to = {from.condition(), from.directly(), from.within_ms()};
    return CheckKnown(from, path);
  }

  absl::Status Read(const v1::EventSequence& from, const ProtoPath& path, EventSequence* to) {
    if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
    if (absl::Status status = ReadAll(from.conditions(), "conditions", path, &to->conditions);
        !status.ok())
      return status;
    if (absl::Status status = ReadAll(from.steps(), "steps", path, &to->steps); !status.ok())
      return status;
    to->within_ms = from.within_ms();
    to->deduplicate = from.deduplicate();
    to->in_order = from.in_order();
    to->increasing = from.increasing();
    return Read(from.window(), path.Field("window"), &to->window);
  }

  template <class From, class To>
  absl::Status ReadAll(const pb::RepeatedPtrField<From>& from, const char* field,
                       const ProtoPath& path, std::vector<To>* to) {
    for (int i = 0; i < from.size(); ++i) {
      if (absl::Status status = Read(from.Get(i), path.Element(field, i), &to->emplace_back());
          !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  std::size_t nodes_ = 0;
};

absl::StatusOr<Expression> FromMessage(const v1::Expression& message) {
  Expression expression;
  if (absl::Status status = TreeReader().Read(message, ProtoPath(), &expression); !status.ok())
    return status;
  return expression;
}

// ---- To messages: defaults write no field ----

void Write(const TimeWindow& from, v1::TimeWindow* to) {
  const TimeWindow defaults;
  to->set_kind(static_cast<v1::TimeWindow::Kind>(from.kind));
  to->set_span_ms(from.span_ms);
  if (from.unit != defaults.unit) to->set_unit(static_cast<v1::CalendarUnit>(from.unit));
  if (from.count != defaults.count) to->set_count(from.count);
  if (from.from_ms) to->set_from_ms(*from.from_ms);
  if (from.to_ms) to->set_to_ms(*from.to_ms);
}

// Of an Expression, EventQuery or EventSequence.
template <class Message>
void WriteWindow(const TimeWindow& from, Message* to) {
  if (from != TimeWindow()) Write(from, to->mutable_window());
}

void Write(const Expression& from, v1::Expression* to);

void Write(const EventQuery& from, v1::EventQuery* to) {
  to->mutable_types()->Assign(from.types.begin(), from.types.end());
  for (const Expression& where : from.where) Write(where, to->add_where());
  WriteWindow(from.window, to);
}

void Write(const EventSequence& from, v1::EventSequence* to) {
  for (const EventQuery& condition : from.conditions) Write(condition, to->add_conditions());
  for (const EventSequence::Step& step : from.steps) {
    v1::EventSequence::Step* out = to->add_steps();
    out->set_condition(step.condition);
    out->set_directly(step.directly);
    out->set_within_ms(step.within_ms);
  }
  to->set_within_ms(from.within_ms);
  to->set_deduplicate(from.deduplicate);
  to->set_in_order(from.in_order);
  to->set_increasing(from.increasing);
  WriteWindow(from.window, to);
}

void Write(const Expression& from, v1::Expression* to) {
  to->set_op(codec::ToProto(from.op));
  if (from.value.type() != ValueType::kNone) codec::ToProto(from.value, to->mutable_value());
  to->set_name(from.name);
  to->set_field(from.field);
  for (const Expression& arg : from.args) Write(arg, to->add_args());
  for (const EventQuery& query : from.events) Write(query, to->add_events());
  for (const EventSequence& sequence : from.sequence) Write(sequence, to->add_sequence());
  WriteWindow(from.window, to);
}

}  // namespace

absl::StatusOr<Expression> ReadExpressionProto(std::string_view bytes) {
  v1::Expression message;
  if (absl::Status status = Parse(bytes, &message); !status.ok()) return status;
  return FromMessage(message);
}

std::string WriteExpressionProto(const Expression& expression) {
  v1::Expression message;
  Write(expression, &message);
  return codec::SerialiseDeterministic(message);
}

absl::StatusOr<Expression> ReadExpressionJson(std::string_view json) {
  if (absl::Status status = codec::CheckJsonShape(json); !status.ok()) return status;
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  options.case_insensitive_enum_parsing = false;
  v1::Expression message;
  const auto status =
      pb::util::JsonStringToMessage(pb::StringPiece(json.data(), json.size()), &message, options);
  if (!status.ok()) {
    return codec::FromProtobufMessage(
        std::string_view(status.message().data(), status.message().size()), "");
  }
  if (message.ByteSizeLong() > kMaxExpressionProtoBytes) return TooLarge(message.ByteSizeLong());
  return FromMessage(message);
}

std::string WriteExpressionJson(const Expression& expression, bool pretty) {
  v1::Expression message;
  Write(expression, &message);
  // Too deep for this is too deep for JSON: protobuf's writer would say so on standard error.
  if (!codec::CheckWire(codec::SerialiseDeterministic(message), *v1::Expression::descriptor(), 1)
           .ok())
    return {};
  pb::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!pb::util::MessageToJsonString(message, &json, options).ok()) return {};
  return codec::CheckJsonShape(json).ok() ? json : std::string();
}

}  // namespace polyonym
