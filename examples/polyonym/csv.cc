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

absl::StatusOr<CsvReader::Result> CsvReader::Next() {
  text_.clear();
  ends_.clear();
  row_line_ = line_;
  State state = State::kFieldStart;
  const auto is_blank = [&] { return ends_.empty() && text_.empty() && state == State::kFieldStart; };
  while (true) {
    auto filled = Fill();
    if (!filled.ok()) return filled.status();
    if (!*filled) {
      if (state == State::kQuoted) return Result::kBadQuote;
      if (is_blank()) return Result::kEnd;
      EndField();
      return Result::kRow;
    }
    if (text_.size() > kMaxRow) return SkipLine(Result::kTooLong);
    if (state == State::kQuoted) {
      const std::size_t quote = rest_.find('"');
      const std::string_view part = rest_.substr(0, quote);
      for (const char c : part) line_ += c == '\n' ? 1 : 0;
      text_.append(part);
      rest_.remove_prefix(part.size());
      if (quote != std::string_view::npos) {
        rest_.remove_prefix(1);
        state = State::kAfterQuote;
      }
      continue;
    }
    if (state == State::kPlain) {
      std::size_t n = 0;
      while (n < rest_.size() && rest_[n] != separator_ && rest_[n] != '\n') ++n;
      text_.append(rest_.substr(0, n));
      rest_.remove_prefix(n);
      if (rest_.empty()) continue;
    }
    const char c = rest_.front();
    if (c == '\n') {
      rest_.remove_prefix(1);
      ++line_;
      if (state == State::kPlain && text_.ends_with('\r') && text_.size() > (ends_.empty() ? 0 : ends_.back())) text_.pop_back();
      if (state == State::kPlain && ends_.empty() && text_.empty()) state = State::kFieldStart;
      if (is_blank()) {
        row_line_ = line_;
        continue;
      }
      EndField();
      return Result::kRow;
    }
    if (c == separator_) {
      rest_.remove_prefix(1);
      EndField();
      state = State::kFieldStart;
    } else if (c == '"' && state == State::kFieldStart) {
      rest_.remove_prefix(1);
      state = State::kQuoted;
    } else if (c == '"' && state == State::kAfterQuote) {
      rest_.remove_prefix(1);
      text_.push_back('"');
      state = State::kQuoted;
    } else if (state == State::kFieldStart) {
      state = State::kPlain;
    } else if (c == '\r') {  // between a closing quote and the line end
      rest_.remove_prefix(1);
    } else {
      return SkipLine(Result::kBadQuote);
    }
  }
}

}  // namespace polyonym::driver
