#include "ambiguous_card.h"

#include <string>
#include <utility>
#include <vector>

#include "fact_json.h"
#include "groups.h"

namespace polyonym::driver {

Json AmbiguousRow(const AmbiguousFacts& ambiguous) {
  const Facts& facts = ambiguous.facts;
  Json row = Json::Object();
  row.Set("counts_here", ambiguous.counts_here)
      .Set("here", Json::ListFrom(TextsOf(ambiguous.here)))
      .Set("elsewhere", Json::ListFrom(TextsOf(ambiguous.elsewhere)));
  SetFacts(facts, &row);
  SetProvenance(ambiguous.from, &row);
  return row;
}

void PrintAmbiguous(const Profile& profile, Output* out) {
  if (profile.ambiguous.empty()) return;
  out->Title("told of a whole person, and no longer certain");
  for (const AmbiguousFacts& ambiguous : profile.ambiguous) {
    Json row = Json::Object();
    row.Set("record", RecordOf(ambiguous.from))
        .Set("when", DayOf(ambiguous.from.time_ms))
        .Set("says", Json::ListFrom(ShortlyOf(ambiguous.facts)))
        .Set("counts_here", ambiguous.counts_here);
    row.Set("here", Json::ListFrom(TextsOf(ambiguous.here)));
    out->Row(std::move(row.Set("elsewhere", Json::ListFrom(TextsOf(ambiguous.elsewhere)))));
  }
}

}  // namespace polyonym::driver
