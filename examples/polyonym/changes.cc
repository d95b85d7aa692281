#include "changes.h"

#include <string>
#include <utility>

namespace polyonym::driver {

Json ChangeRow(const View& view, const Change& change, bool shorten) {
  const bool has_from = change.kind != ChangeKind::kCreated && change.kind != ChangeKind::kJoined;
  const bool has_to = change.kind != ChangeKind::kGone;
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
  Json row = Json::Object();
  row.Set("sequence", change.sequence)
      .Set("kind", ToString(change.kind))
      .Set("cause", ToString(change.cause));
  row.Set("from", has_from ? Json(ToString(change.from)) : Json())
      .Set("to", has_to ? Json(ToString(change.to)) : Json());
  row.Set("record", change.record == 0 ? Json() : Json(change.record))
      .Set("identifiers", std::move(identifiers));
  return row;
}

}  // namespace polyonym::driver
