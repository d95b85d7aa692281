#include "mapping.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

namespace polyonym::driver {

namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

absl::Status Wrong(const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(field + ": " + what);
}

// Non-empty parts of a list, trimmed; the whole text where there is no separator.
std::vector<std::string> Parts(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = separator.empty() ? std::string_view::npos : text.find(separator);
    const std::string_view part = Trimmed(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

template <class Number>
bool ReadNumber(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool ReadFlag(std::string text, bool* out) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
  };
  *out = is_one_of({"true", "yes", "y", "1", "是"});
  return *out || is_one_of({"false", "no", "n", "0", "否"});
}

// 1990-06-12, 19900612 or 06-12.
bool ReadDate(const std::string& text, v1::Date* date) {
  static const std::array<TimeFormat, 2> kFull = {*TimeFormat::Compile("%Y-%m-%d", ""),
                                                  *TimeFormat::Compile("%Y%m%d", "")};
  static const TimeFormat kYearless = *TimeFormat::Compile("%Y-%m-%d", "");
  std::optional<std::int64_t> ms = kFull[0].Parse(text);
  if (!ms) ms = kFull[1].Parse(text);
  const bool has_year = ms.has_value();
  if (!ms) ms = kYearless.Parse("2000-" + text);
  if (!ms) return false;
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(*ms))));
  if (has_year) date->set_year(static_cast<int>(day.year()));
  date->set_month(static_cast<std::int32_t>(static_cast<unsigned>(day.month())));
  date->set_day(static_cast<std::int32_t>(static_cast<unsigned>(day.day())));
  return true;
}

// 19.9 with two decimals is 1990; nothing is ever rounded.
bool ReadMinorUnits(std::string_view text, std::uint32_t decimals, std::int64_t* out) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  std::string fraction(point == std::string_view::npos ? std::string_view()
                                                       : text.substr(point + 1));
  if (digits.empty() || (point != std::string_view::npos && fraction.empty())) return false;
  while (fraction.size() > decimals && fraction.ends_with('0')) fraction.pop_back();
  if (fraction.size() > decimals) return false;
  digits += fraction + std::string(decimals - fraction.size(), '0');
  if (digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos ||
      !ReadNumber(digits, out))
    return false;
  if (minus) *out = -*out;
  return true;
}

std::string SerializeDeterministically(const v1::Facts& facts) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  facts.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

std::string Indexed(const char* list, int i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

}  // namespace

absl::StatusOr<Template> Template::Compile(const std::string& field, std::string_view text,
                                           const std::vector<std::string>& columns) {
  Template out;
  const auto add_text = [&](char c) {
    if (out.pieces_.empty() || out.pieces_.back().kind != Kind::kText)
      out.pieces_.push_back({Kind::kText, "", 0});
    out.pieces_.back().text.push_back(c);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if ((text[i] == '{' || text[i] == '}') && doubled) {
      add_text(text[i++]);
    } else if (text[i] == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos)
        return Wrong(field, "a { without its }; a brace itself is written {{");
      const std::string name(text.substr(i + 1, end - i - 1));
      i = end;
      if (name == ":line" || name == ":file") {
        out.pieces_.push_back({name == ":line" ? Kind::kLine : Kind::kFile, "", 0});
        continue;
      }
      const auto at = std::find(columns.begin(), columns.end(), name);
      if (at == columns.end()) return Wrong(field, "the file has no column " + name);
      out.pieces_.push_back({Kind::kColumn, "", static_cast<std::size_t>(at - columns.begin())});
    } else if (text[i] == '}') {
      return Wrong(field, "a } without its {; a brace itself is written }}");
    } else {
      add_text(text[i]);
    }
  }
  return out;
}

std::optional<std::string> Template::Expand(const Row& row,
                                            const std::vector<std::string>& empty) const {
  if (pieces_.empty()) return std::nullopt;
  std::string out;
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::kText:
        out += piece.text;
        break;
      case Kind::kLine:
        out += std::to_string(row.line);
        break;
      case Kind::kFile:
        out += row.file;
        break;
      case Kind::kColumn: {
        const std::string_view cell = Trimmed(row.cell(piece.column));
        if (cell.empty() || std::find(empty.begin(), empty.end(), cell) != empty.end())
          return std::nullopt;
        out += cell;
      }
    }
  }
  return out;
}

absl::StatusOr<v1::Mapping> ReadMappingJson(const std::string& json) {
  v1::Mapping mapping;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &mapping);
  if (!status.ok()) return absl::InvalidArgumentError(status.message().as_string());
  if (mapping.source().empty()) return Wrong("source", "is missing");
  if (mapping.time().value().empty()) return Wrong("time.value", "is missing");
  if (mapping.identifiers().empty())
    return Wrong("identifiers", "is missing: a record names at least one");
  const std::string& separator = mapping.dialect().separator();
  if (separator.size() > 1 || separator == "\"" || separator == "\n" || separator == "\r" ||
      (!separator.empty() && static_cast<unsigned char>(separator[0]) >= 0x80)) {
    return Wrong("dialect.separator", "expected one character of ASCII, no quote and no line end");
  }
  for (int i = 0; i < mapping.identifiers_size(); ++i) {
    if (mapping.identifiers(i).namespace_().empty())
      return Wrong(Indexed("identifiers", i) + ".namespace", "is missing");
    if (mapping.identifiers(i).value().empty())
      return Wrong(Indexed("identifiers", i) + ".value", "is missing");
  }
  for (const v1::EventMapping& event : mapping.facts().events()) {
    if (event.value().decimals() > 6) return Wrong("facts.events.value.decimals", "at most 6");
  }
  return mapping;
}

#define ASSIGN_TEMPLATE(target, field, text)                  \
  do {                                                        \
    auto compiled_ = Template::Compile(field, text, columns); \
    if (!compiled_.ok()) return compiled_.status();           \
    (target) = *std::move(compiled_);                         \
  } while (false)

absl::StatusOr<RowMapper> RowMapper::Bind(const v1::Mapping& mapping,
                                          const std::vector<std::string>& columns) {
  RowMapper out;
  out.empty_.assign(mapping.dialect().empty().begin(), mapping.dialect().empty().end());
  ASSIGN_TEMPLATE(out.source_, "source", mapping.source());
  ASSIGN_TEMPLATE(out.record_id_, "record_id", mapping.record_id());
  ASSIGN_TEMPLATE(out.act_, "act", mapping.act());
  ASSIGN_TEMPLATE(out.target_source_, "target_source", mapping.target_source());
  if (auto status = out.BindTimes(mapping, columns); !status.ok()) return status;
  if (auto status = out.BindIdentifiers(mapping, columns); !status.ok()) return status;
  if (auto status = out.BindFacts(mapping.facts(), columns); !status.ok()) return status;
  return out;
}

absl::Status RowMapper::BindTimes(const v1::Mapping& mapping,
                                  const std::vector<std::string>& columns) {
  const auto bind = [&](const std::string& field, const v1::TimeMapping& from,
                        Time* to) -> absl::Status {
    ASSIGN_TEMPLATE(to->value, field + ".value", from.value());
    auto format = TimeFormat::Compile(from.format(), from.zone());
    if (!format.ok()) return Wrong(field, std::string(format.status().message()));
    to->format = *std::move(format);
    return absl::OkStatus();
  };
  if (auto status = bind("time", mapping.time(), &time_); !status.ok()) return status;
  return bind("version", mapping.version(), &version_);
}

absl::Status RowMapper::BindIdentifiers(const v1::Mapping& mapping,
                                        const std::vector<std::string>& columns) {
  for (int i = 0; i < mapping.identifiers_size(); ++i) {
    const v1::IdentifierMapping& from = mapping.identifiers(i);
    const std::string field = Indexed("identifiers", i);
    IdentifierRule& rule = identifiers_.emplace_back();
    ASSIGN_TEMPLATE(rule.ns, field + ".namespace", from.namespace_());
    ASSIGN_TEMPLATE(rule.value, field + ".value", from.value());
    rule.list_separator = from.list_separator();
    rule.strip_suffix = from.strip_suffix();
    rule.role = from.role() == v1::ROLE_OTHER ? Role::kOther : Role::kSelf;
  }
  return absl::OkStatus();
}

absl::Status RowMapper::BindFacts(const v1::FactsMapping& facts,
                                  const std::vector<std::string>& columns) {
  const auto bind_value = [&](const std::string& field, const std::string& name,
                              const v1::ValueMapping& from, ValueRule* to) -> absl::Status {
    ASSIGN_TEMPLATE(to->value, field + ".value", from.value());
    to->field = field;
    to->name = name;
    to->type = from.type();
    to->list_separator = from.list_separator();
    return absl::OkStatus();
  };
  for (int i = 0; i < facts.traits_size(); ++i) {
    const auto& from = facts.traits(i);
    if (auto status = bind_value(Indexed("facts.traits", i), from.name(), from.value(),
                                 &traits_.emplace_back());
        !status.ok()) {
      return status;
    }
  }
  for (int i = 0; i < facts.tags_size(); ++i) {
    TagRule& rule = tags_.emplace_back();
    rule.field = Indexed("facts.tags", i);
    ASSIGN_TEMPLATE(rule.name, rule.field + ".name", facts.tags(i).name());
    ASSIGN_TEMPLATE(rule.weight, rule.field + ".weight", facts.tags(i).weight());
    rule.list_separator = facts.tags(i).list_separator();
  }
  for (int i = 0; i < facts.events_size(); ++i) {
    const v1::EventMapping& from = facts.events(i);
    EventRule& rule = events_.emplace_back();
    rule.field = Indexed("facts.events", i);
    ASSIGN_TEMPLATE(rule.type, rule.field + ".type", from.type());
    ASSIGN_TEMPLATE(rule.campaign, rule.field + ".campaign", from.campaign());
    ASSIGN_TEMPLATE(rule.amount, rule.field + ".value.amount", from.value().amount());
    ASSIGN_TEMPLATE(rule.currency, rule.field + ".value.currency", from.value().currency());
    rule.decimals = from.value().decimals();
    for (const auto& [name, value] : from.properties()) {
      auto status = bind_value(rule.field + ".properties." + name, name, value,
                               &rule.properties.emplace_back());
      if (!status.ok()) return status;
    }
    std::sort(rule.properties.begin(), rule.properties.end(),
              [](const ValueRule& a, const ValueRule& b) { return a.name < b.name; });
  }
  return absl::OkStatus();
}

#undef ASSIGN_TEMPLATE

bool RowMapper::ReadTime(const Time& rule, const Row& row, std::optional<std::int64_t>* ms) const {
  ms->reset();
  const std::optional<std::string> text = Expand(rule.value, row);
  if (!text)
    return true;  // a record without a time is rejected by the library, with its own reason
  *ms = rule.format.Parse(*text);
  return ms->has_value();
}

std::optional<RowMapper::Problem> RowMapper::Map(const Row& row, Record* record) const {
  record->source = Expand(source_, row).value_or("");
  record->id = Expand(record_id_, row).value_or("");
  record->target_source = Expand(target_source_, row).value_or("");
  record->act = Act::kObserve;
  if (const auto act = Expand(act_, row)) {
    const std::optional<Act> known = ParseAct(*act);
    if (!known) return Problem{"act", "unknown_act"};
    record->act = *known;
  }
  if (!ReadTime(time_, row, &record->time_ms)) return Problem{"time", "bad_time"};
  if (!ReadTime(version_, row, &record->version)) return Problem{"version", "bad_time"};
  MapIdentifiers(row, record);
  return MapFacts(row, &record->facts);
}

void RowMapper::MapIdentifiers(const Row& row, Record* record) const {
  record->identifiers.clear();
  for (const IdentifierRule& rule : identifiers_) {
    const std::optional<std::string> ns = Expand(rule.ns, row);
    const std::optional<std::string> text = Expand(rule.value, row);
    if (!ns || !text) continue;
    for (std::string& value : Parts(*text, rule.list_separator)) {
      const std::string& suffix = rule.strip_suffix;
      if (!suffix.empty() && value.size() > suffix.size() && value.ends_with(suffix))
        value.resize(value.size() - suffix.size());
      record->identifiers.push_back({*ns, std::move(value), rule.role});
    }
  }
}

bool RowMapper::MapValue(const ValueRule& rule, const std::string& text, v1::Value* value) const {
  switch (rule.type) {
    case v1::ValueMapping::TYPE_NUMBER: {
      double number = 0;
      if (!ReadNumber(text, &number) || !std::isfinite(number)) return false;
      value->set_number(number);
      return true;
    }
    case v1::ValueMapping::TYPE_WHOLE: {
      std::int64_t whole = 0;
      if (!ReadNumber(text, &whole)) return false;
      value->set_whole(whole);
      return true;
    }
    case v1::ValueMapping::TYPE_FLAG: {
      bool flag = false;
      if (!ReadFlag(text, &flag)) return false;
      value->set_flag(flag);
      return true;
    }
    case v1::ValueMapping::TYPE_INSTANT: {
      const std::optional<std::int64_t> ms = time_.format.Parse(text);
      if (!ms) return false;
      value->set_instant_ms(*ms);
      return true;
    }
    case v1::ValueMapping::TYPE_DATE:
      return ReadDate(text, value->mutable_date());
    default:
      value->set_text(text);
      return true;
  }
}

std::optional<RowMapper::Problem> RowMapper::MapEvent(const EventRule& rule, const Row& row,
                                                      v1::Facts* facts) const {
  const std::optional<std::string> type = Expand(rule.type, row);
  if (!type) return std::nullopt;
  v1::Event* event = facts->add_events();
  event->set_type(*type);
  if (const auto campaign = Expand(rule.campaign, row)) event->set_campaign(*campaign);
  if (const auto amount = Expand(rule.amount, row)) {
    std::int64_t minor_units = 0;
    if (!ReadMinorUnits(*amount, rule.decimals, &minor_units))
      return Problem{rule.field + ".value.amount", "bad_value"};
    event->mutable_value()->set_minor_units(minor_units);
    event->mutable_value()->set_currency(Expand(rule.currency, row).value_or(""));
  }
  for (const ValueRule& property : rule.properties) {
    const std::optional<std::string> text = Expand(property.value, row);
    if (text && !MapValue(property, *text, &(*event->mutable_properties())[property.name])) {
      return Problem{property.field, "bad_value"};
    }
  }
  return std::nullopt;
}

std::optional<RowMapper::Problem> RowMapper::MapFacts(const Row& row, std::string* facts) const {
  facts->clear();
  if (traits_.empty() && tags_.empty() && events_.empty()) return std::nullopt;
  v1::Facts out;
  for (const ValueRule& rule : traits_) {
    const std::optional<std::string> text = Expand(rule.value, row);
    if (!text) continue;
    v1::Trait* trait = out.add_traits();
    trait->set_name(rule.name);
    if (rule.list_separator.empty()) {
      if (!MapValue(rule, *text, trait->mutable_value())) return Problem{rule.field, "bad_value"};
      continue;
    }
    for (const std::string& part : Parts(*text, rule.list_separator)) {
      if (!MapValue(rule, part, trait->mutable_value()->mutable_list()->add_values()))
        return Problem{rule.field, "bad_value"};
    }
  }
  for (const TagRule& rule : tags_) {
    const std::optional<std::string> weight = Expand(rule.weight, row);
    for (const std::string& name :
         Parts(Expand(rule.name, row).value_or(""), rule.list_separator)) {
      v1::Tag* tag = out.add_tags();
      tag->set_name(name);
      double number = 0;
      if (weight && (!ReadNumber(*weight, &number) || !std::isfinite(number)))
        return Problem{rule.field + ".weight", "bad_value"};
      if (weight) tag->set_weight(number);
    }
  }
  for (const EventRule& rule : events_) {
    if (auto problem = MapEvent(rule, row, &out)) return problem;
  }
  *facts = SerializeDeterministically(out);
  return std::nullopt;
}

}  // namespace polyonym::driver
