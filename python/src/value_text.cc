#include "value_text.h"

#include <charconv>
#include <string_view>
#include <variant>

namespace polyonym::python {
namespace {

void AddText(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (byte < 0x20) {
      out->append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    } else {
      *out += c;
    }
  }
  *out += '"';
}

template <class Number>
void AddNumber(Number number, std::string* out) {
  char text[32];
  out->append(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

void Add(const Value& value, std::string* out) {
  if (const auto* text = std::get_if<std::string>(&value.is)) {
    AddText(*text, out);
  } else if (const auto* number = std::get_if<double>(&value.is)) {
    AddNumber(*number, out);
  } else if (const auto* flag = std::get_if<bool>(&value.is)) {
    *out += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.is)) {
    AddNumber(*whole, out);
  } else if (const auto* money = std::get_if<Money>(&value.is)) {
    *out += "{\"minor_units\": ";
    AddNumber(money->minor_units, out);
    *out += ", \"currency\": ";
    AddText(money->currency, out);
    *out += '}';
  } else if (const auto* list = std::get_if<ValueList>(&value.is)) {
    *out += '[';
    for (const Value& element : *list) {
      if (&element != list->data()) *out += ", ";
      Add(element, out);
    }
    *out += ']';
  } else if (value.type() == ValueType::kNone) {
    *out += "null";
  } else {
    AddText(ToText(value), out);
  }
}

}  // namespace

std::string ToJson(const std::map<std::string, Value>& properties) {
  std::string out;
  for (const auto& [name, value] : properties) {
    out += out.empty() ? "{" : ", ";
    AddText(name, &out);
    out += ": ";
    Add(value, &out);
  }
  return out.empty() ? out : out + "}";
}

std::optional<double> NumberOf(const Value& value) {
  if (const auto* number = std::get_if<double>(&value.is)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value.is)) return static_cast<double>(*whole);
  if (const auto* flag = std::get_if<bool>(&value.is)) return *flag ? 1 : 0;
  if (const auto* money = std::get_if<Money>(&value.is))
    return static_cast<double>(money->minor_units);
  if (const auto* instant = std::get_if<Instant>(&value.is))
    return static_cast<double>(instant->ms);
  return std::nullopt;
}

}  // namespace polyonym::python
