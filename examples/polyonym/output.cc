#include "output.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace polyonym::driver {

namespace {

std::string Heading(std::string_view key) {
  std::string heading(key);
  for (char& c : heading) c = c == '_' ? ' ' : static_cast<char>(u_toupper(c));
  return heading;
}

Format FormatFor(Format asked) {
  if (asked != Format::kAuto) return asked;
  return isatty(STDOUT_FILENO) != 0 ? Format::kTable : Format::kJson;
}

std::vector<std::string> KeysOf(const Json& row) {
  std::vector<std::string> keys;
  for (const Json::Field& field : row.fields()) keys.push_back(field.key);
  return keys;
}

std::string CsvLine(const std::vector<std::string>& cells) {
  if (cells.size() == 1 && cells[0].empty()) return "\"\"";  // a blank line would be no row
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line.append(i == 0 ? "" : ",").append(cells[i]);
  return line;
}

}  // namespace

Output::Output(Format format) : format_(FormatFor(format)) {}

Output::~Output() { Flush(); }

void Output::Row(Json object) {
  if (is_csv()) return WriteCsv(object);
  if (!is_table()) return Append(object.Text());
  rows_.push_back(std::move(object));
  if (rows_.size() >= kRowsToMeasure) WriteTable();
}

void Output::Fields(const Json& object) {
  if (is_csv()) return WriteCsv(object);
  if (!is_table()) return Append(object.Text());
  WriteTable();
  measured_ = false;
  std::size_t widest = 0;
  for (const Json::Field& field : object.fields()) widest = std::max(widest, WidthOf(field.key));
  for (const Json::Field& field : object.fields()) {
    std::string key = field.key;
    std::replace(key.begin(), key.end(), '_', ' ');
    Append(key + std::string(widest - key.size() + 2, ' ') + field.value.Cell());
  }
}

void Output::Title(std::string_view text) {
  if (!is_table()) return;
  WriteTable();
  measured_ = false;
  Append("\n" + std::string(text));
}

void Output::Note(std::string_view text) {
  if (!is_table()) return;
  WriteTable();
  measured_ = false;
  Append(text);
}

void Output::Line(std::string_view text) {
  if (!is_csv()) Append(text);
}

void Output::Append(std::string_view line) {
  buffer_.append(line).push_back('\n');
  if (buffer_.size() > std::size_t{1} << 16) {
    std::fwrite(buffer_.data(), 1, buffer_.size(), stdout);
    buffer_.clear();
  }
}

void Output::Flush() {
  WriteTable();
  std::fwrite(buffer_.data(), 1, buffer_.size(), stdout);
  std::fflush(stdout);
  buffer_.clear();
}

void Output::WriteCells(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = i < widths_.size() ? widths_[i] : 0;
    const std::string gap(width - std::min(width, WidthOf(cells[i])), ' ');
    const bool right = i < right_.size() && right_[i];
    line.append(i == 0 ? "" : "  ").append(right ? gap + cells[i] : cells[i] + gap);
  }
  while (line.ends_with(' ')) line.pop_back();
  Append(line);
}

void Output::WriteCsv(const Json& row) {
  std::vector<std::string> cells;
  if (header_.empty()) {
    header_ = KeysOf(row);
    for (const std::string& key : header_) cells.push_back(Json(key).CsvCell());
    Append(CsvLine(cells));
    cells.clear();
  }
  assert(header_ == KeysOf(row));
  for (const Json::Field& field : row.fields()) cells.push_back(field.value.CsvCell());
  Append(CsvLine(cells));
}

void Output::WriteTable() {
  if (rows_.empty()) return;
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : rows_) {
    auto& line = cells.emplace_back();
    for (const Json::Field& field : row.fields()) line.push_back(field.value.Cell());
  }
  if (!measured_) {
    const Json::ObjectOf& fields = rows_.front().fields();
    std::vector<std::string> headings;
    widths_.assign(fields.size(), 0);
    right_.assign(fields.size(), false);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      headings.push_back(Heading(fields[i].key));
      right_[i] = fields[i].value.is_number();
      widths_[i] = WidthOf(headings[i]);
      for (const auto& line : cells) {
        if (i < line.size())
          widths_[i] = std::max(widths_[i], std::min<std::size_t>(WidthOf(line[i]), 60));
      }
    }
    WriteCells(headings);
    measured_ = true;
  }
  for (const auto& line : cells) WriteCells(line);
  rows_.clear();
}

std::string FormatTime(std::int64_t ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string out = text;
  if (const auto rest = clock.subseconds().count(); rest != 0) {
    std::snprintf(text, sizeof(text), ".%03d", static_cast<int>(rest));
    out += text;
  }
  return out + "Z";
}

Json ClockOf(std::int64_t clock_ms) { return clock_ms == 0 ? Json() : Json(FormatTime(clock_ms)); }

std::string FormatCount(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::size_t WidthOf(std::string_view text) {
  std::size_t width = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    if (c < 0x300) {
      ++width;
      continue;
    }
    const int kind = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    const bool combining = u_charType(c) == U_NON_SPACING_MARK;
    width += combining ? 0 : kind == U_EA_WIDE || kind == U_EA_FULLWIDTH ? 2 : 1;
  }
  return width;
}

std::string Bar(double part, double whole, int width) {
  if (part <= 0 || whole <= 0) return "";
  const double blocks =
      std::clamp(std::round(width * part / whole), 1.0, static_cast<double>(width));
  std::string bar;
  for (int full = static_cast<int>(blocks); full > 0; --full) bar += "█";
  return bar;
}

}  // namespace polyonym::driver
