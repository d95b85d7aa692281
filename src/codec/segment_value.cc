#include "codec/segment_value.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codec/convert.h"
#include "polyonym/segment/expression.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym::codec {
namespace {

absl::Status Read(const v1::Date& from, const ProtoPath& path, Date* to) {
  if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
  if (!v1::Date::Calendar_IsValid(from.calendar()))
    return codec::UnknownEnum(path.Field("calendar").ToText());
  if (from.has_year()) to->year = from.year();
  to->month = from.month();
  to->day = from.day();
  to->calendar = static_cast<Calendar>(from.calendar());
  to->leap_month = from.leap_month();
  return IsDay(*to) ? absl::OkStatus()
                    : path.Error(
                          "is no day of its calendar; allowed are those of the solar years 1 to "
                          "9999, of the "
                          "Chinese years 1900 to 2100, and of any year where none is given");
}

absl::Status Read(const v1::Money& from, const ProtoPath& path, Money* to) {
  if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
  const std::string& currency = from.currency();
  if (currency.size() != 3 || !std::all_of(currency.begin(), currency.end(), absl::ascii_isupper))
    return path.Field("currency").Error("is not of ISO 4217; allowed are three upper-case letters");
  *to = Money{from.minor_units(), currency};
  return absl::OkStatus();
}

// `depth`: the lists around it.
absl::Status Read(const v1::Value& from, const ProtoPath& path, std::size_t depth, Value* to);

absl::Status Read(const v1::ValueList& from, const ProtoPath& path, std::size_t depth,
                  ValueList* to) {
  if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
  const auto size = static_cast<std::size_t>(from.values_size());
  if (depth == kMaxFactListDepth)
    return path.Error(
        absl::StrCat("is nested too deep; allowed are ", kMaxFactListDepth, " levels"));
  if (size > kMaxExpressionList) {
    return path.Field("values").Error(
        absl::StrCat("has ", size, " values; allowed are up to ", kMaxExpressionList));
  }
  to->reserve(size);
  for (int i = 0; i < from.values_size(); ++i) {
    const ProtoPath element = path.Element("values", i);
    if (absl::Status status = Read(from.values(i), element, depth + 1, &to->emplace_back());
        !status.ok())
      return status;
    if (to->back().type() == ValueType::kNone)
      return element.Error("is missing; a list has a value in each place");
  }
  return absl::OkStatus();
}

absl::Status Read(const v1::Value& from, const ProtoPath& path, std::size_t depth, Value* to) {
  if (absl::Status status = CheckKnown(from, path); !status.ok()) return status;
  switch (from.kind_case()) {
    case v1::Value::kText:
      to->is = from.text();
      break;
    case v1::Value::kNumber:
      if (!std::isfinite(from.number()))
        return path.Field("number").Error("is not finite; allowed are finite numbers");
      to->is = from.number() == 0 ? 0.0 : from.number();
      break;
    case v1::Value::kFlag:
      to->is = from.flag();
      break;
    case v1::Value::kInstantMs:
      to->is = Instant{from.instant_ms()};
      break;
    case v1::Value::kDate:
      return Read(from.date(), path.Field("date"), &to->is.emplace<Date>());
    case v1::Value::kList:
      return Read(from.list(), path.Field("list"), depth, &to->is.emplace<ValueList>());
    case v1::Value::kWhole:
      to->is = std::int64_t{from.whole()};
      break;
    case v1::Value::kMoney:
      return Read(from.money(), path.Field("money"), &to->is.emplace<Money>());
    case v1::Value::KIND_NOT_SET:
      to->is = std::monostate();
      break;
  }
  return absl::OkStatus();
}

void Write(const Date& from, v1::Date* to) {
  if (from.year) to->set_year(*from.year);
  to->set_month(from.month);
  to->set_day(from.day);
  to->set_calendar(static_cast<v1::Date::Calendar>(from.calendar));
  to->set_leap_month(from.leap_month);
}

}  // namespace

absl::Status CheckKnown(const google::protobuf::Message& message, const ProtoPath& path) {
  return message.GetReflection()->GetUnknownFields(message).empty()
             ? absl::OkStatus()
             : path.Error("holds a field that this library does not know; use a newer one");
}

absl::Status FromProto(const v1::Value& from, const ProtoPath& path, Value* to) {
  return Read(from, path, 0, to);
}

// The fields of the message are in an order of their own: each kind is named.
void ToProto(const Value& from, v1::Value* to) {
  struct Kinds {
    v1::Value* to;
    void operator()(std::monostate) const {}
    void operator()(const std::string& text) const { to->set_text(text); }
    void operator()(double number) const { to->set_number(number == 0 ? 0.0 : number); }
    void operator()(bool flag) const { to->set_flag(flag); }
    void operator()(const Instant& instant) const { to->set_instant_ms(instant.ms); }
    void operator()(const Date& date) const { Write(date, to->mutable_date()); }
    void operator()(const ValueList& list) const {
      v1::ValueList* out = to->mutable_list();
      for (const Value& value : list) ToProto(value, out->add_values());
    }
    void operator()(std::int64_t whole) const { to->set_whole(whole); }
    void operator()(const Money& money) const {
      to->mutable_money()->set_minor_units(money.minor_units);
      to->mutable_money()->set_currency(money.currency);
    }
  };
  std::visit(Kinds{to}, from.is);
}

}  // namespace polyonym::codec
