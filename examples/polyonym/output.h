// output.h - what a command says: a table for people, JSON Lines for programs, CSV for spreadsheets.
//
// A command describes rows as JSON objects with the same fields; the format decides how they look. Titles, notes and summaries
// for the reader appear in the table form alone.
//
// CSV is that of RFC 4180, in UTF-8, with a line feed behind each line. The keys of the first row are its header, so that without a row there
// is none. A command that offers it gives rows that are flat and all of one kind, whatever its JSON is.
#ifndef POLYONYM_EXAMPLES_POLYONYM_OUTPUT_H_
#define POLYONYM_EXAMPLES_POLYONYM_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"

namespace polyonym::driver {

enum class Format { kAuto, kTable, kJson, kCsv, kPrometheus };

class Output {
 public:
  // kAuto: a table when standard output is a terminal.  REQUIRES: not kPrometheus, which `stats` writes itself.
  explicit Output(Format format);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool is_table() const { return format_ == Format::kTable; }
  bool is_csv() const { return format_ == Format::kCsv; }

  // One row. In a table the first rows decide the widths of the columns; `Title` or `Note` ends a table.
  // REQUIRES, for CSV: the keys of all rows are those of the first, in its order; values are no objects, nor lists of lists or objects.
  void Row(Json object);
  // One object, in a table as a list of fields, in CSV as a row.  REQUIRES: as Row().
  void Fields(const Json& object);
  // For readers of tables only.
  void Title(std::string_view text);
  void Note(std::string_view text);
  // A line as it is, in all formats but CSV.
  void Line(std::string_view text);

  void Flush();

 private:
  static constexpr std::size_t kRowsToMeasure = 1000;
  void Append(std::string_view line);
  void WriteCsv(const Json& row);
  void WriteTable();
  void WriteCells(const std::vector<std::string>& cells);

  const Format format_;  // kTable, kJson or kCsv
  bool measured_ = false;
  std::vector<Json> rows_;
  std::vector<std::size_t> widths_;
  std::vector<bool> right_;
  std::vector<std::string> header_;  // of CSV; empty before the first row
  std::string buffer_;
};

// 2024-05-01T08:00:00Z, with milliseconds where there are any.
std::string FormatTime(std::int64_t ms);

// As FormatTime(); null for a store's clock that was never moved.
Json ClockOf(std::int64_t clock_ms);

// 12,345.
std::string FormatCount(std::uint64_t n);

// Columns that text takes on a terminal.
std::size_t WidthOf(std::string_view text);

// `part` of `whole` as so many blocks of `width`: at least one, unless there is nothing of it, or less.
std::string Bar(double part, double whole, int width = 20);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_OUTPUT_H_
