// csv.h - rows of a CSV file (RFC 4180), whose quoted fields may hold separators, quotes and line ends.
//
// Beyond the RFC: LF and CR LF both end a row; blank lines are no rows; a quote inside an unquoted field is a quote.
//
// THREADS: single-threaded.
#ifndef POLYONYM_EXAMPLES_POLYONYM_CSV_H_
#define POLYONYM_EXAMPLES_POLYONYM_CSV_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "input.h"

namespace polyonym::driver {

class CsvReader {
 public:
  CsvReader(std::unique_ptr<Bytes> utf8, char separator)
      : bytes_(std::move(utf8)), separator_(separator) {}

  enum class Result {
    kRow,
    kEnd,
    kBadQuote,  // text behind a closing quote, or no closing quote before the end of the file
    kTooLong,   // over kMaxRow bytes
  };
  // After a bad row reading goes on behind the next line end.  ERRORS: as of the bytes.
  absl::StatusOr<Result> Next();

  // The row just read.
  std::size_t size() const { return ends_.size(); }
  std::string_view field(std::size_t i) const {
    const std::size_t from = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(from, ends_[i] - from);
  }
  std::uint64_t line() const { return row_line_; }  // on which it starts, from 1

  static constexpr std::size_t kMaxRow = std::size_t{16} << 20;

 private:
  enum class State { kFieldStart, kPlain, kQuoted, kAfterQuote };
  absl::StatusOr<bool> Fill();  // false at the end
  void EndField() { ends_.push_back(text_.size()); }
  bool EndRow();  // false where the line is blank
  void TakeQuoted();
  void TakePlain();
  bool TakeMark();
  absl::StatusOr<Result> SkipLine(Result result);

  std::unique_ptr<Bytes> bytes_;
  const char separator_;
  std::string_view rest_;
  State state_ = State::kFieldStart;
  std::string text_;
  std::vector<std::size_t> ends_;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_CSV_H_
