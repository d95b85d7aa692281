// mapping.h - turns rows of a CSV file into records, as a mapping (proto/polyonym/v1/mapping.proto) says.
//
// Compile once, bind to the columns of each file, then ask row by row. A row that cannot be read is described by a field of
// the mapping and a reason code, never by a value.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_EXAMPLES_POLYONYM_MAPPING_H_
#define POLYONYM_EXAMPLES_POLYONYM_MAPPING_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/record.h"
#include "polyonym/v1/mapping.pb.h"
#include "polyonym/v1/record.pb.h"
#include "time_format.h"

namespace polyonym::driver {

// One row, as the mapping sees it.
struct Row {
  std::function<std::string_view(std::size_t)> cell;  // by column
  std::uint64_t line = 0;
  std::string_view file;
};

// Text with cells of the row in it.
class Template {
 public:
  // ERRORS: InvalidArgument naming `field` (an open brace, an unknown column).
  static absl::StatusOr<Template> Compile(const std::string& field, std::string_view text,
                                          const std::vector<std::string>& columns);

  bool empty() const { return pieces_.empty(); }

  // Nothing where it names an empty cell, or is an empty text.
  std::optional<std::string> Expand(const Row& row, const std::vector<std::string>& empty) const;

 private:
  enum class Kind { kText, kColumn, kLine, kFile };
  struct Piece {
    Kind kind = Kind::kText;
    std::string text;
    std::size_t column = 0;
  };
  std::vector<Piece> pieces_;
};

class RowMapper {
 public:
  // ERRORS: InvalidArgument naming the field of the mapping.
  static absl::StatusOr<RowMapper> Bind(const v1::Mapping& mapping,
                                        const std::vector<std::string>& columns);

  struct Problem {
    std::string field;   // of the mapping: `time`, `facts.traits[2].value`
    std::string reason;  // bad_time, bad_value, unknown_act
  };
  // Fills `record`; returns why not.
  std::optional<Problem> Map(const Row& row, Record* record) const;

 private:
  struct Time {
    Template value;
    TimeFormat format;
  };
  struct IdentifierRule {
    Template ns;
    Template value;
    std::string list_separator;
    std::string strip_suffix;
    Role role = Role::kSelf;
  };
  struct ValueRule {
    std::string field;
    std::string name;
    Template value;
    v1::ValueMapping::Type type = v1::ValueMapping::TYPE_TEXT;
    std::string list_separator;
  };
  struct TagRule {
    std::string field;
    Template name;
    std::string list_separator;
    Template weight;
  };
  struct EventRule {
    std::string field;
    Template type;
    Template campaign;
    Template amount;
    Template currency;
    std::uint32_t decimals = 0;
    std::vector<ValueRule> properties;
  };

  absl::Status BindTimes(const v1::Mapping& mapping, const std::vector<std::string>& columns);
  absl::Status BindIdentifiers(const v1::Mapping& mapping, const std::vector<std::string>& columns);
  absl::Status BindFacts(const v1::FactsMapping& facts, const std::vector<std::string>& columns);

  std::optional<std::string> Expand(const Template& text, const Row& row) const {
    return text.Expand(row, empty_);
  }
  bool ReadTime(const Time& rule, const Row& row, std::optional<std::int64_t>* ms) const;
  void MapIdentifiers(const Row& row, Record* record) const;
  std::optional<Problem> MapFacts(const Row& row, std::string* facts) const;
  std::optional<Problem> MapEvent(const EventRule& rule, const Row& row, v1::Facts* facts) const;
  bool MapValue(const ValueRule& rule, const std::string& text, v1::Value* value) const;

  Template source_, record_id_, act_, target_source_;
  Time time_, version_;
  std::vector<IdentifierRule> identifiers_;
  std::vector<ValueRule> traits_;
  std::vector<TagRule> tags_;
  std::vector<EventRule> events_;
  std::vector<std::string> empty_;
};

// Reads a mapping and checks what does not depend on a file's columns.  ERRORS: InvalidArgument naming the field.
absl::StatusOr<v1::Mapping> ReadMappingJson(const std::string& json);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_MAPPING_H_
