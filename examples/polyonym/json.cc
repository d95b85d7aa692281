#include "json.h"

#include <unicode/utf8.h>

#include <cstddef>

namespace polyonym::driver {

namespace {

void AppendEscaped(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t i = 0; i < size;) {
    const std::uint8_t byte = bytes[i];
    if (byte >= 0x80) {
      const std::int32_t start = i;
      UChar32 c = 0;
      U8_NEXT(bytes, i, size, c);
      if (c < 0) {
        out->append("\xef\xbf\xbd");
      } else {
        out->append(text.substr(start, i - start));
      }
      continue;
    }
    ++i;
    switch (byte) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out->append({'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]});
        } else {
          out->push_back(static_cast<char>(byte));
        }
    }
  }
}

void AppendPlain(std::string_view text, std::string* out) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t i = 0; i < size;) {
    const std::int32_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    const bool plain = (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n' || c == '\r';
    out->append(plain ? text.substr(start, i - start) : std::string_view("\xef\xbf\xbd"));
  }
}

}  // namespace

Json Json::Raw(std::string text) { return Json(Value(RawText{std::move(text)})); }

Json& Json::Add(Json element) {
  std::get<ListOf>(value_).push_back(std::move(element));
  return *this;
}

Json& Json::Set(std::string key, Json value) {
  std::get<ObjectOf>(value_).push_back({std::move(key), std::move(value)});
  return *this;
}

void Json::AppendTo(std::string* out) const {
  if (const auto* flag = std::get_if<bool>(&value_)) {
    out->append(*flag ? "true" : "false");
  } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
    out->append(std::to_string(*number));
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    out->push_back('"');
    AppendEscaped(*text, out);
    out->push_back('"');
  } else if (const auto* raw = std::get_if<RawText>(&value_)) {
    out->append(raw->text);
  } else if (const auto* list = std::get_if<ListOf>(&value_)) {
    char before = '[';
    for (const Json& element : *list) {
      out->push_back(std::exchange(before, ','));
      element.AppendTo(out);
    }
    out->append(list->empty() ? "[]" : "]");
  } else if (const auto* object = std::get_if<ObjectOf>(&value_)) {
    char before = '{';
    for (const Field& field : *object) {
      out->push_back(std::exchange(before, ','));
      out->push_back('"');
      AppendEscaped(field.key, out);
      out->append("\":");
      field.value.AppendTo(out);
    }
    out->append(object->empty() ? "{}" : "}");
  } else {
    out->append("null");
  }
}

std::string Json::Text() const {
  std::string out;
  AppendTo(&out);
  return out;
}

std::string Json::Cell() const {
  std::string out;
  if (is_null()) return "-";
  if (const auto* flag = std::get_if<bool>(&value_)) return *flag ? "yes" : "no";
  if (const auto* text = std::get_if<std::string>(&value_)) {
    AppendEscaped(*text,
                  &out);  // a line end or an escape code in a value must not reach the terminal
    return out.empty() ? "-" : out;
  }
  if (const auto* list = std::get_if<ListOf>(&value_)) {
    for (const Json& element : *list) out.append(out.empty() ? "" : ", ").append(element.Cell());
    return out.empty() ? "-" : out;
  }
  AppendTo(&out);
  return out;
}

void Json::AppendPlainTo(std::string* out) const {
  if (is_null()) return;
  if (const auto* text = std::get_if<std::string>(&value_)) return AppendPlain(*text, out);
  const auto* list = std::get_if<ListOf>(&value_);
  if (list == nullptr) return AppendTo(out);
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (i > 0) out->append("; ");
    (*list)[i].AppendPlainTo(out);
  }
}

std::string Json::CsvCell() const {
  std::string plain;
  AppendPlainTo(&plain);
  if (plain.find_first_of(",\"\r\n") == std::string::npos) return plain;
  std::string quoted = "\"";
  for (const char c : plain) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace polyonym::driver
