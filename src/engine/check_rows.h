// engine/check_rows.h - every row of a store against its checksum, and what that says of the store as a whole.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_CHECK_ROWS_H_
#define POLYONYM_SRC_ENGINE_CHECK_ROWS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/log.h"
#include "polyonym/engine/repair.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

// Not ok, and why, where the row does not open or decode.  ERRORS: DataLoss, FailedPrecondition (a newer library wrote it).
absl::Status CheckRow(Table table, std::string_view key, std::string_view value);

struct RowsReport {
  std::vector<UnsoundRow> unsound;  // at most 10,000
  bool newer = false;               // a row is of a newer library
  bool log_sound = true;            // no frame is missing or unsound; sequences have no gap
  bool log_whole = true;            // and no record was taken out of one
  bool state_sound = true;
  bool header_sound = true;  // and there
  std::uint64_t rows = 0;
  std::uint64_t frames = 0;  // sound ones
  std::uint64_t records = 0;
  std::uint64_t lost_records = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t feed_sound_from = 0;  // no row of the feed from this call on is unsound
};

// Reads all rows. `frame` is told of each frame that is sound.
RowsReport SurveyRows(const Store& store, const std::function<void(const Frame&)>& frame = {});

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CHECK_ROWS_H_
