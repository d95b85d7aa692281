// json.h - a JSON value to be written: the rows that every command prints.
//
// Fields keep the order in which they were set. Text is escaped so that a row is one line; text that is not UTF-8 is
// written with U+FFFD in place of what is wrong.
#ifndef POLYONYM_EXAMPLES_POLYONYM_JSON_H_
#define POLYONYM_EXAMPLES_POLYONYM_JSON_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace polyonym::driver {

class Json {
 public:
  struct Field;
  using ListOf = std::vector<Json>;
  using ObjectOf = std::vector<Field>;

  Json() = default;  // null
  // NOLINTBEGIN(google-explicit-constructor): a row is written as {key, value}, whatever the value.
  Json(std::same_as<bool> auto flag) : value_(flag) {}
  Json(std::integral auto number) requires(!std::same_as<decltype(number), bool>)
      : value_(static_cast<std::int64_t>(number)) {}
  Json(std::string text);
  Json(std::string_view text);
  Json(const char* text);
  // NOLINTEND(google-explicit-constructor)

  static Json List();
  static Json Object();
  static Json Raw(std::string text);  // already JSON
  template <class Range>
  static Json ListFrom(const Range& texts) {
    Json list = List();
    for (const auto& text : texts) list.Add(text);
    return list;
  }

  // REQUIRES: a list.
  Json& Add(Json element);
  // REQUIRES: an object that has no such field.
  Json& Set(std::string key, Json value);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_number() const { return std::holds_alternative<std::int64_t>(value_); }
  const ObjectOf& fields() const { return std::get<ObjectOf>(value_); }

  std::string Text() const;  // JSON, in one line
  std::string Cell() const;  // for a table: bare text, lists joined by commas
  // For CSV (RFC 4180), quoted where needed: bare text, lists joined by `; `, null as nothing. CSV has no way to write what is not UTF-8, nor
  // control characters but tabs and line ends: U+FFFD stands for them. Of an object it is the JSON.
  std::string CsvCell() const;

 private:
  struct RawText {
    std::string text;
  };
  using Value =
      std::variant<std::monostate, bool, std::int64_t, std::string, RawText, ListOf, ObjectOf>;
  explicit Json(Value value);
  void AppendTo(std::string* out) const;
  void AppendPlainTo(std::string* out) const;

  Value value_;
};

struct Json::Field {
  std::string key;
  Json value;
};

// Only here a value may be made: it may hold fields.
inline Json::Json(std::string text) : value_(std::move(text)) {}
inline Json::Json(std::string_view text) : value_(std::string(text)) {}
inline Json::Json(const char* text) : value_(std::string(text)) {}
inline Json::Json(Value value) : value_(std::move(value)) {}
inline Json Json::List() { return Json(Value(ListOf())); }
inline Json Json::Object() { return Json(Value(ObjectOf())); }

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_JSON_H_
