// record_input.h - records out of files, one after the other: JSON Lines, or CSV by a mapping.
//
// What cannot be read is a rejected row: its line, the field at fault and a reason code, never a value.
#ifndef POLYONYM_EXAMPLES_POLYONYM_RECORD_INPUT_H_
#define POLYONYM_EXAMPLES_POLYONYM_RECORD_INPUT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "input.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/record.h"
#include "polyonym/v1/mapping.pb.h"

namespace polyonym::driver {

struct Rejected {
  std::string input;  // as named on the command line
  std::uint64_t line = 0;
  std::string field;
  std::string reason;  // not_json, bad_quote, bad_encoding, bad_time, …, or a Reason of the library
};

// A record, or why there is none, and where it starts.
struct ReadRecord {
  std::string input;
  std::uint64_t line = 0;
  Record record;
  std::optional<Rejected> rejected;
};

// A line of JSON Lines that is not blank, whose input and number `row` has already.
void ReadJsonLine(const std::string& line, JsonRecordReader* reader, ReadRecord* row);

// Calls `take` for every row of every input; `mapping` null: JSON Lines.
// ERRORS: InvalidArgument (a file cannot be read, or lacks a column). Rows before it were taken.
absl::Status ReadRecords(const std::vector<std::string>& inputs, const v1::Mapping* mapping,
                         ReadPosition* position, const std::function<void(ReadRecord&)>& take);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_RECORD_INPUT_H_
