#include "changes.h"

#include <string>
#include <utility>

namespace polyonym::driver {

namespace {

bool HasFrom(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kMerged:
    case ChangeKind::kSplit:
    case ChangeKind::kMoved:
    case ChangeKind::kGone:
    case ChangeKind::kLeft:
      return true;
    default:
      return false;
  }
}

bool HasTo(ChangeKind kind) { return kind != ChangeKind::kGone && kind != ChangeKind::kLeft; }

bool HasValues(ChangeKind kind) { return kind == ChangeKind::kTrait || kind == ChangeKind::kTag; }

// Of the view's graph. `shorten`: in place of more than three their number.
Json IdentifiersOf(const View& view, const Change& change, bool shorten) {
  Json identifiers = Json::List();
  std::size_t shown = 0;
  for (const IdentifierNumber number : change.identifiers) {
    if (shorten && shown == 3) {
      identifiers.Add("and " + std::to_string(change.identifiers.size() - shown) + " more");
      break;
    }
    const auto identifier = view.IdentifierOf(number);
    if (!identifier.ok()) continue;
    identifiers.Add(ToString(*identifier));
    ++shown;
  }
  return identifiers;
}

// For tables: the first identifiers, the segment, or the trait or tag with its values.
Json WhatOf(const View& view, const Change& change) {
  if (IsWhoIsWho(change.kind)) return IdentifiersOf(view, change, true);
  if (!HasValues(change.kind)) return change.name;
  return change.name + ": " + Json::ListFrom(change.values).Cell();
}

}  // namespace

Json ChangeRow(const View& view, const Change& change, bool table) {
  Json row = Json::Object();
  row.Set("sequence", change.sequence)
      .Set("kind", ToString(change.kind))
      .Set("cause", ToString(change.cause));
  row.Set("from", HasFrom(change.kind) ? Json(ToString(change.from)) : Json())
      .Set("to", HasTo(change.kind) ? Json(ToString(change.to)) : Json());
  row.Set("record", change.record == 0 ? Json() : Json(change.record));
  if (table) return std::move(row.Set("what", WhatOf(view, change)));
  row.Set("identifiers", IdentifiersOf(view, change, false));
  row.Set("name", IsWhoIsWho(change.kind) ? Json() : Json(change.name))
      .Set("values", HasValues(change.kind) ? Json::ListFrom(change.values) : Json());
  return row;
}

}  // namespace polyonym::driver
