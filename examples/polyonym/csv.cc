#include "csv.h"

namespace polyonym::driver {

absl::StatusOr<bool> CsvReader::Fill() {
  if (!rest_.empty()) return true;
  auto more = bytes_->Next();
  if (!more.ok()) return more.status();
  rest_ = *more;
  return !rest_.empty();
}

absl::StatusOr<CsvReader::Result> CsvReader::SkipLine(Result result) {
  while (true) {
    auto filled = Fill();
    if (!filled.ok()) return filled.status();
    if (!*filled) return result;
    const std::size_t end = rest_.find('\n');
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (end == std::string_view::npos) continue;
    ++line_;
    return result;
  }
}

void CsvReader::TakeQuoted() {
  const std::size_t quote = rest_.find('"');
  const std::string_view part = rest_.substr(0, quote);
  for (const char c : part) line_ += c == '\n' ? 1 : 0;
  text_.append(part);
  rest_.remove_prefix(part.size());
  if (quote == std::string_view::npos) return;
  rest_.remove_prefix(1);
  state_ = State::kAfterQuote;
}

void CsvReader::TakePlain() {
  std::size_t n = 0;
  while (n < rest_.size() && rest_[n] != separator_ && rest_[n] != '\n') ++n;
  text_.append(rest_.substr(0, n));
  rest_.remove_prefix(n);
}

bool CsvReader::EndRow() {
  const std::size_t field_start = ends_.empty() ? 0 : ends_.back();
  if (state_ == State::kPlain && text_.size() > field_start && text_.back() == '\r')
    text_.pop_back();
  if (ends_.empty() && text_.empty() && state_ != State::kAfterQuote) return false;  // a blank line
  EndField();
  return true;
}

// One character outside quotes. False where it may not stand there.
bool CsvReader::TakeMark() {
  const char c = rest_.front();
  if (c == separator_) {
    EndField();
    state_ = State::kFieldStart;
  } else if (c == '"' && state_ == State::kFieldStart) {
    state_ = State::kQuoted;
  } else if (c == '"' && state_ == State::kAfterQuote) {
    text_.push_back('"');
    state_ = State::kQuoted;
  } else if (state_ == State::kFieldStart) {
    state_ = State::kPlain;
    return true;           // the character stays for TakePlain()
  } else if (c != '\r') {  // a CR may stand between a closing quote and the line end
    return false;
  }
  rest_.remove_prefix(1);
  return true;
}

absl::StatusOr<CsvReader::Result> CsvReader::Next() {
  text_.clear();
  ends_.clear();
  row_line_ = line_;
  state_ = State::kFieldStart;
  while (true) {
    auto filled = Fill();
    if (!filled.ok()) return filled.status();
    if (!*filled) {
      if (state_ == State::kQuoted) return Result::kBadQuote;
      return EndRow() ? Result::kRow : Result::kEnd;
    }
    if (text_.size() > kMaxRow) return SkipLine(Result::kTooLong);
    if (state_ == State::kQuoted) {
      TakeQuoted();
      continue;
    }
    if (state_ == State::kPlain) TakePlain();
    if (rest_.empty()) continue;
    if (rest_.front() == '\n') {
      rest_.remove_prefix(1);
      ++line_;
      if (EndRow()) return Result::kRow;
      text_.clear();
      row_line_ = line_;
      state_ = State::kFieldStart;
    } else if (!TakeMark()) {
      return SkipLine(Result::kBadQuote);
    }
  }
}

}  // namespace polyonym::driver
