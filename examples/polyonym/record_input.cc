#include "record_input.h"

#include <filesystem>
#include <utility>

#include "csv.h"
#include "mapping.h"

namespace polyonym::driver {

namespace {

// The path of the field that a message starts with, as the library's JSON errors do: `identifiers[2].role: …`.
std::string FieldOf(const absl::Status& status) {
  const std::string message(status.message());
  const std::size_t end = message.find(':');
  const std::string field = end == std::string::npos ? "" : message.substr(0, end);
  return field.find(' ') == std::string::npos ? field : "";
}

absl::Status ReadJsonLines(std::unique_ptr<Bytes> bytes, ReadRecord* row,
                           const std::function<void(ReadRecord&)>& take) {
  Lines lines(WithoutMark(std::move(bytes)));
  JsonRecordReader reader;
  std::string line;
  while (true) {
    auto more = lines.Next(&line);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    row->line = lines.number();
    ReadJsonLine(line, &reader, row);
    take(*row);
  }
}

// Rows of one CSV file.
class CsvRecords {
 public:
  CsvRecords(std::unique_ptr<Bytes> utf8, const v1::Mapping& mapping, ReadRecord* row)
      : csv_(std::move(utf8),
             mapping.dialect().separator().empty() ? ',' : mapping.dialect().separator()[0]),
        mapping_(mapping),
        row_(row),
        file_(row->input == "-" ? "-" : std::filesystem::path(row->input).filename().string()) {}

  absl::Status ReadAll(const std::function<void(ReadRecord&)>& take) {
    auto columns = Columns();
    if (!columns.ok()) return columns.status();
    auto mapper = RowMapper::Bind(mapping_, *columns);
    if (!mapper.ok())
      return absl::InvalidArgumentError(row_->input + ": " +
                                        std::string(mapper.status().message()));
    while (true) {
      auto result = csv_.Next();
      if (!result.ok()) return result.status();
      if (*result == CsvReader::Result::kEnd) return absl::OkStatus();
      row_->line = csv_.line();
      row_->rejected = Problem(*result, columns->size());
      if (!row_->rejected) {
        const Row cells{[&](std::size_t i) { return csv_.field(i); }, csv_.line(), file_};
        if (auto problem = mapper->Map(cells, &row_->record)) {
          row_->rejected = Rejected{row_->input, row_->line, problem->field, problem->reason};
        }
      }
      take(*row_);
    }
  }

 private:
  absl::StatusOr<std::vector<std::string>> Columns() {
    const auto& given = mapping_.dialect().columns();
    if (!given.empty()) return std::vector<std::string>(given.begin(), given.end());
    auto result = csv_.Next();
    if (!result.ok()) return result.status();
    std::vector<std::string> columns;
    if (*result != CsvReader::Result::kRow) return columns;
    for (std::size_t i = 0; i < csv_.size(); ++i) columns.emplace_back(csv_.field(i));
    return columns;
  }

  std::optional<Rejected> Problem(CsvReader::Result result, std::size_t columns) const {
    const auto rejected = [&](const char* reason) {
      return Rejected{row_->input, row_->line, "", reason};
    };
    if (result == CsvReader::Result::kBadQuote) return rejected("bad_quote");
    if (result == CsvReader::Result::kTooLong) return rejected("row_too_long");
    if (csv_.size() != columns) return rejected("wrong_column_count");
    if (mapping_.dialect().encoding() == v1::Dialect::ENCODING_GB18030) {
      for (std::size_t i = 0; i < csv_.size(); ++i) {
        if (csv_.field(i).find("\xef\xbf\xbd") != std::string_view::npos)
          return rejected("bad_encoding");
      }
    }
    return std::nullopt;
  }

  CsvReader csv_;
  const v1::Mapping& mapping_;
  ReadRecord* row_;
  const std::string file_;
};

}  // namespace

void ReadJsonLine(const std::string& line, JsonRecordReader* reader, ReadRecord* row) {
  row->rejected.reset();
  if (line.size() >= Lines::kMaxLine) {
    row->rejected = Rejected{row->input, row->line, "", "row_too_long"};
  } else if (const absl::Status status = reader->Read(line, &row->record); !status.ok()) {
    const std::string field = FieldOf(status);
    row->rejected =
        Rejected{row->input, row->line, field, field.empty() ? "not_json" : "bad_field"};
  }
}

absl::Status ReadRecords(const std::vector<std::string>& inputs, const v1::Mapping* mapping,
                         ReadPosition* position, const std::function<void(ReadRecord&)>& take) {
  ReadRecord row;
  for (const std::string& input : inputs) {
    auto bytes = OpenInput(input, position);
    if (!bytes.ok()) return bytes.status();
    row.input = input;
    absl::Status status;
    if (mapping == nullptr) {
      status = ReadJsonLines(*std::move(bytes), &row, take);
    } else {
      std::unique_ptr<Bytes> text;
      if (mapping->dialect().encoding() == v1::Dialect::ENCODING_GB18030) {
        auto converted = FromGb18030(*std::move(bytes));
        if (!converted.ok()) return converted.status();
        text = *std::move(converted);
      } else {
        text = WithoutMark(*std::move(bytes));
      }
      status = CsvRecords(std::move(text), *mapping, &row).ReadAll(take);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace polyonym::driver
