#include <cstddef>
#include <string_view>

#include "profile/match.h"
#include "segment/operands.h"

namespace polyonym::segment {
namespace {

// Names by the number of the value; the first is unknown.
template <class Enum, std::size_t size>
Datum NameOf(Enum value, const std::string_view (&names)[size]) {
  const auto at = static_cast<std::size_t>(value);
  return at > 0 && at <= size ? Datum(names[at - 1]) : Datum();
}

constexpr std::string_view kDirections[] = {"in", "out"};
constexpr std::string_view kModes[] = {"automatic", "manual", "batch"};
constexpr std::string_view kVisibilities[] = {"public", "one_to_one", "group"};

Datum PropertyOf(const Event& event, const std::string& name) {
  const auto at = event.properties.find(name);
  return at == event.properties.end() ? Datum() : Read(at->second);
}

double RealOf(const Expression& literal) {
  const auto number = NumberOf(Read(literal.value));
  return number ? number->real : 0;
}

// Unknown where the event has no coordinates.
Datum IsNear(const Expression& node, const Event& event) {
  if (!event.place || !event.place->latitude || !event.place->longitude) return {};
  const TimelineOptions::Area area{RealOf(node.args[0]), RealOf(node.args[1]),
                                   RealOf(node.args[2])};
  return profile::IsWithin(area, event);
}

}  // namespace

Datum EventValue(const Expression& node, const profile::Placed<Event>& placed) {
  const Event& event = *placed.fact;
  switch (node.op) {
    case ExpressionOp::kEventTime:
      return Instant{placed.time_ms};
    case ExpressionOp::kEventType:
      return OfText(event.type);
    case ExpressionOp::kEventValue:
      return event.value ? Datum(Amounts{{{event.value->minor_units, event.value->currency}}})
                         : Datum();
    case ExpressionOp::kEventPlace:
      return event.place ? OfText(event.place->name) : Datum();
    case ExpressionOp::kEventChannel:
      return OfText(placed.row->from.belongs_to.ns);
    case ExpressionOp::kEventCampaign:
      return OfText(event.campaign);
    case ExpressionOp::kEventDirection:
      return NameOf(event.direction, kDirections);
    case ExpressionOp::kEventMode:
      return NameOf(event.mode, kModes);
    case ExpressionOp::kEventVisibility:
      return NameOf(event.visibility, kVisibilities);
    case ExpressionOp::kEventProperty:
      return PropertyOf(event, node.name);
    case ExpressionOp::kNear:
      return IsNear(node, event);
    default:
      return {};
  }
}

}  // namespace polyonym::segment
