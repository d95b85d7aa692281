// engine/packed_rows.h - what records tell of a person as bytes: about a seventh of the memory that it takes as objects, and read again in
// about a microsecond a record.
//
// In memory alone: nothing of it is stored. A row: varint number; text source, id; zigzag time; text namespace and value of the
// identifier that it belongs to; varint of what was left out, times two, plus one where it is anonymous; text facts (WriteFacts()).
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_PACKED_ROWS_H_
#define POLYONYM_SRC_ENGINE_PACKED_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/model/identifier.h"
#include "polyonym/profile/profile.h"

namespace polyonym::engine {

class ByteReader;

void PutIdentifier(const Identifier& identifier, std::string* out);
Identifier ReadIdentifier(ByteReader* in);

// REQUIRES: a row as it was read (fact_rows.h): its source is its record's.
void PackRow(const FactRow& row, std::string* out);
// Adds the rows behind those in `rows`.  ERRORS: Internal (no PackRow() wrote it).
absl::Status UnpackRows(std::string_view packed, std::vector<FactRow>* rows);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_PACKED_ROWS_H_
