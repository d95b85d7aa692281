// unsound.h - rows of a store that are not what was written, as text.
#ifndef POLYONYM_EXAMPLES_POLYONYM_UNSOUND_H_
#define POLYONYM_EXAMPLES_POLYONYM_UNSOUND_H_

#include <string>
#include <vector>

#include "json.h"
#include "polyonym/engine/repair.h"

namespace polyonym::driver {

// `log, frame 12: its checksum does not fit …`
inline std::string TextOf(const UnsoundRow& row) {
  return row.table + ", " + row.key + ": " + row.what;
}

inline Json TextsOf(const std::vector<UnsoundRow>& rows) {
  Json texts = Json::List();
  for (const UnsoundRow& row : rows) texts.Add(TextOf(row));
  return texts;
}

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_UNSOUND_H_
