#include "record_columns.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include "fact_words.h"

namespace polyonym::python {
namespace {

constexpr const char* kBadTime = "bad_time";
constexpr const char* kBadValue = "bad_value";
constexpr const char* kNotUtf8 = "not_utf8";

// Facts are written as they are: text that is not UTF-8 would take all facts of its record along.
bool IsUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    std::uint64_t eight = 0;
    if (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080U) == 0)) {
      at += 8;
    } else if (*at < 0x80) {
      ++at;
    } else {
      const int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
      if (*at < 0xc2 || *at > 0xf4 || end - at <= more) return false;
      // The first byte behind says whether it is too long a form, a surrogate or beyond the last code point.
      const unsigned char low = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
      const unsigned char high = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;
      if (at[1] < low || at[1] > high) return false;
      for (int i = 2; i <= more; ++i) {
        if ((at[i] & 0xc0) != 0x80) return false;
      }
      at += more + 1;
    }
  }
  return true;
}

bool IsCurrency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// The number that a decimal says, as its text would be read.
double ToDouble(absl::int128 units, std::int32_t scale) {
  char digits[64];
  char* at = digits + sizeof(digits);
  const bool minus = units < 0;
  absl::uint128 left = minus ? -absl::uint128(units) : absl::uint128(units);
  char exponent[16] = "e";
  const char* const exponent_end =
      std::to_chars(exponent + 1, exponent + sizeof(exponent), -scale).ptr;
  at -= exponent_end - exponent;
  std::memcpy(at, exponent, static_cast<std::size_t>(exponent_end - exponent));
  do {
    *--at = static_cast<char>('0' + static_cast<int>(left % 10));
    left /= 10;
  } while (left != 0);
  double number = 0;
  std::from_chars(at, digits + sizeof(digits), number);
  return minus ? -number : number;
}

// `whole` units in minor ones.
bool Scale(absl::int128 units, int power, std::int64_t* minor) {
  for (; power < 0; ++power) {
    if (units % 10 != 0) return false;
    units /= 10;
  }
  for (; power > 0 && units != 0; --power) {
    if (units > absl::int128(std::numeric_limits<std::int64_t>::max()) ||
        units < absl::int128(std::numeric_limits<std::int64_t>::min()))
      return false;
    units *= 10;
  }
  if (units > absl::int128(std::numeric_limits<std::int64_t>::max()) ||
      units < absl::int128(std::numeric_limits<std::int64_t>::min()))
    return false;
  *minor = static_cast<std::int64_t>(units);
  return true;
}

// 19.9 with two decimals is 1990. The float must be the nearest one to an amount of whole minor units, or within a millionth of one: then
// nothing is rounded but the float's own error.
bool Scale(double amount, bool single, int decimals, std::int64_t* minor) {
  const double power = std::pow(10.0, decimals);
  const double units = std::nearbyint(amount * power);
  // Beyond this, not every whole number is a double.
  if (!(std::abs(units) < 9007199254740992.0)) return false;
  const double nearest = units / power;
  if (std::abs(amount * power - units) > 1e-6 && nearest != amount &&
      !(single && static_cast<float>(nearest) == static_cast<float>(amount)))
    return false;
  *minor = static_cast<std::int64_t>(units);
  return true;
}

std::optional<Date> DateOf(std::int64_t days) {
  // The years 1 to 9999.
  if (days < -719'162 || days > 2'932'896) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(days))};
  return Date{static_cast<int>(day.year()),
              static_cast<std::int32_t>(static_cast<unsigned>(day.month())),
              static_cast<std::int32_t>(static_cast<unsigned>(day.day())), Calendar::kSolar, false};
}

}  // namespace

// Finds the columns of a mapping; the first error stands.
class RecordColumns::Binder {
 public:
  Binder(const TableInput& table, RecordColumns* to) : table_(table), to_(to) {}

  const absl::Status& status() const { return status_; }

  std::size_t Column(const std::string& what, const std::string& column,
                     std::initializer_list<CellKind> allowed, const char* hint,
                     const std::string& name = "", Role role = Role::kSelf) {
    auto found = table_.Find(what, column, allowed, hint);
    if (!found.ok()) {
      if (status_.ok()) status_ = found.status();
      return 0;
    }
    to_->columns_.push_back({*std::move(found), name, role});
    return to_->columns_.size() - 1;
  }

  std::optional<std::size_t> Time(const std::string& what,
                                  const std::optional<std::string>& column) {
    if (!column) return std::nullopt;
    return Column(what, *column,
                  {CellKind::kInstant, CellKind::kDay, CellKind::kWhole, CellKind::kText},
                  "cast it to one of them; whole numbers are milliseconds since 1970");
  }

  Text TextOf(const std::string& what, const std::optional<TextOrColumn>& from) {
    Text text;
    if (from && from->is_column) {
      text.column = Column(what, from->text, {CellKind::kText}, "cast it to text");
    } else if (from) {
      text.constant = from->text;
    }
    return text;
  }

  void Identifiers(const std::string& what, const std::vector<NamedColumn>& columns, Role role) {
    for (const NamedColumn& named : columns) {
      if (!named.name.empty() && !IsValidNamespace(named.name) && status_.ok()) {
        status_ = absl::InvalidArgumentError(
            what + ": the namespace of column '" + named.column +
            "' must be letters, digits and _ . $ -, with an optional /scope");
      }
      to_->identifiers_.push_back(
          Column(what, named.column, {CellKind::kText, CellKind::kWhole, CellKind::kTexts},
                 "cast it to text or whole numbers (1.0 is no phone number)", named.name, role));
    }
  }

  std::vector<std::size_t> Values(const std::string& what,
                                  const std::vector<NamedColumn>& columns) {
    std::vector<std::size_t> places;
    for (const NamedColumn& named : columns) {
      CheckName(what, named.name);
      places.push_back(
          Column(what, named.column,
                 {CellKind::kText, CellKind::kWhole, CellKind::kFlag, CellKind::kNumber,
                  CellKind::kDecimal, CellKind::kInstant, CellKind::kDay, CellKind::kTexts},
                 "", named.name));
    }
    return places;
  }

  void CheckName(const std::string& what, const std::string& name) {
    if ((name.empty() || name.size() > kMaxFactNameBytes) && status_.ok())
      status_ = absl::InvalidArgumentError(what + ": must have 1 to " +
                                           std::to_string(kMaxFactNameBytes) + " bytes");
  }

  Event EventOf(const EventMapping& from) {
    Event event;
    event.type = TextOf("event.type", from.type);
    if (!from.type.is_column) CheckName("event.type", from.type.text);
    event.time = Time("event.time", from.time);
    if (from.value) {
      event.value = Column("event.value", *from.value,
                           {CellKind::kDecimal, CellKind::kWhole, CellKind::kNumber},
                           "cast it to a decimal of units such as 19.90");
      if (!from.currency && status_.ok())
        status_ = absl::InvalidArgumentError(
            "event.currency: is missing; a value is of a currency, such as CNY");
    }
    event.currency = TextOf("event.currency", from.currency);
    if (from.currency && !from.currency->is_column && !IsCurrency(from.currency->text) &&
        status_.ok())
      status_ = absl::InvalidArgumentError(
          "event.currency: must be three capitals of ISO 4217, such as CNY");
    event.campaign = TextOf("event.campaign", from.campaign);
    if (from.place)
      event.place = Column("event.place", *from.place, {CellKind::kText}, "cast it to text");
    event.properties = Values("event.properties", from.properties);
    return event;
  }

 private:
  const TableInput& table_;
  RecordColumns* to_;
  absl::Status status_;
};

absl::StatusOr<RecordColumns> RecordColumns::Bind(const RecordMapping& mapping,
                                                  const TableInput& table) {
  RecordColumns bound;
  Binder binder(table, &bound);
  bound.source_ = binder.TextOf("source", mapping.source);
  if (!mapping.source.is_column) binder.CheckName("source", mapping.source.text);
  if (const auto* column = std::get_if<std::string>(&mapping.time)) {
    bound.time_ = binder.Time("time", *column);
  } else {
    bound.constant_time_ = std::get<std::int64_t>(mapping.time);
  }
  if (mapping.id)
    bound.id_ = binder.Column("id", *mapping.id, {CellKind::kText, CellKind::kWhole},
                              "cast it to one of them");
  bound.version_ = binder.Time("version", mapping.version);
  binder.Identifiers("identifiers", mapping.identifiers, Role::kSelf);
  binder.Identifiers("others", mapping.others, Role::kOther);
  bound.traits_ = binder.Values("traits", mapping.traits);
  for (const std::string& column : mapping.tags) {
    binder.CheckName("tags", column);
    bound.tags_.push_back(binder.Column("tags", column,
                                        {CellKind::kText, CellKind::kTexts, CellKind::kFlag},
                                        "of flags the tag has the column's name", column));
  }
  for (const NamedColumn& named : mapping.consents) {
    binder.CheckName("consents", named.name);
    bound.consents_.push_back(binder.Column("consents", named.column,
                                            {CellKind::kFlag, CellKind::kText},
                                            "text is granted, denied or withdrawn", named.name));
  }
  if (mapping.event) bound.event_ = binder.EventOf(*mapping.event);
  if (!binder.status().ok()) return binder.status();
  return bound;
}

absl::Status RecordColumns::Open(const ArrowArray& batch) {
  cells_.clear();
  for (const Bound& bound : columns_) {
    auto cells = CellsOf(batch, bound.column);
    if (!cells.ok()) return cells.status();
    cells_.push_back(*std::move(cells));
  }
  return absl::OkStatus();
}

std::string_view RecordColumns::TextAt(const Text& text, std::int64_t row) const {
  if (!text.column) return text.constant;
  return Null(*text.column, row) ? std::string_view() : cells_[*text.column].text(row);
}

bool RecordColumns::TimeAt(std::optional<std::size_t> column, std::int64_t row,
                           std::optional<std::int64_t>* ms) const {
  ms->reset();
  if (!column || Null(*column, row)) return true;
  const Cells& cells = cells_[*column];
  if (cells.type().kind == CellKind::kText && cells.text(row).empty()) return true;
  *ms = cells.time_ms(row);
  return ms->has_value();
}

std::optional<CellFault> RecordColumns::Read(std::int64_t row, Record* record) {
  left_out_.clear();
  record->act = Act::kObserve;
  record->source = TextAt(source_, row);
  record->id.clear();
  if (id_ && !Null(*id_, row)) {
    NumberText space;
    record->id = cells_[*id_].text_of(row, &space);
  }
  record->time_ms = constant_time_;
  if (time_ && !TimeAt(time_, row, &record->time_ms))
    return CellFault{&columns_[*time_].column.name, kBadTime};
  if (!TimeAt(version_, row, &record->version))
    return CellFault{&columns_[*version_].column.name, kBadTime};
  ReadIdentifiers(row, record);
  record->facts.clear();
  if (traits_.empty() && tags_.empty() && consents_.empty() && !event_) return std::nullopt;
  ReadFacts(row);
  if (!facts_.empty()) record->facts = WriteFacts(facts_);
  return std::nullopt;
}

void RecordColumns::ReadIdentifiers(std::int64_t row, Record* record) {
  identifier_columns_.clear();
  std::size_t count = 0;
  NumberText space;
  for (const std::size_t column : identifiers_) {
    const Cells& cells = cells_[column];
    if (cells.null(row)) continue;
    if (cells.type().kind != CellKind::kTexts) {
      AddIdentifier(column, cells.text_of(row, &space), &count, record);
      continue;
    }
    const auto [from, to] = cells.range(row);
    for (std::int64_t item = from; item < to; ++item) {
      if (!cells.items().null(item))
        AddIdentifier(column, cells.items().text(item), &count, record);
    }
  }
  record->identifiers.resize(count);
}

void RecordColumns::AddIdentifier(std::size_t column, std::string_view value, std::size_t* count,
                                  Record* record) {
  if (value.empty()) return;
  const Bound& bound = columns_[column];
  if (*count == record->identifiers.size()) record->identifiers.emplace_back();
  RecordIdentifier& identifier = record->identifiers[(*count)++];
  identifier.role = bound.role;
  identifier_columns_.push_back(static_cast<std::uint32_t>(column));
  if (bound.name.empty()) {
    // Without a colon there is no namespace, which is not a valid one.
    const std::size_t colon = value.find(':');
    identifier.ns = colon == value.npos ? std::string_view() : value.substr(0, colon);
    if (colon != value.npos) value.remove_prefix(colon + 1);
  } else {
    identifier.ns = bound.name;
  }
  identifier.value = value;
}

void RecordColumns::ReadFacts(std::int64_t row) {
  facts_.traits.clear(), facts_.tags.clear(), facts_.events.clear(), facts_.consents.clear();
  for (const std::size_t column : traits_) {
    if (Null(column, row)) continue;
    Trait& trait = facts_.traits.emplace_back();
    const char* const problem = ReadValue(column, row, &trait.value);
    if (problem != nullptr) LeaveOut(column, problem);
    if (problem != nullptr || trait.value.type() == ValueType::kNone) {
      facts_.traits.pop_back();
      continue;
    }
    trait.name = columns_[column].name;
  }
  for (const std::size_t column : tags_) ReadTags(column, row);
  for (const std::size_t column : consents_) ReadConsent(column, row);
  if (event_) ReadEvent(row);
}

const char* RecordColumns::ReadValue(std::size_t column, std::int64_t row, Value* value) const {
  const Cells& cells = cells_[column];
  value->is = std::monostate();
  if (cells.null(row)) return nullptr;
  switch (cells.type().kind) {
    case CellKind::kText: {
      const std::string_view text = cells.text(row);
      if (!IsUtf8(text)) return kNotUtf8;
      if (!text.empty()) value->is.emplace<std::string>(text);
      return nullptr;
    }
    case CellKind::kWhole: {
      const auto whole = cells.whole(row);
      if (!whole) return kBadValue;
      value->is = *whole;
      return nullptr;
    }
    case CellKind::kFlag:
      value->is = cells.flag(row);
      return nullptr;
    case CellKind::kNumber: {
      const double number = cells.number(row);
      if (!std::isfinite(number)) return kBadValue;
      value->is = number;
      return nullptr;
    }
    case CellKind::kDecimal:
      value->is = ToDouble(cells.decimal(row), cells.type().scale);
      return nullptr;
    case CellKind::kInstant: {
      const auto ms = cells.instant_ms(row);
      if (!ms) return kBadValue;
      value->is = Instant{*ms};
      return nullptr;
    }
    case CellKind::kDay: {
      const auto date = DateOf(cells.days(row));
      if (!date) return kBadValue;
      value->is = *date;
      return nullptr;
    }
    case CellKind::kTexts: {
      ValueList list;
      const auto [from, to] = cells.range(row);
      for (std::int64_t item = from; item < to; ++item) {
        if (cells.items().null(item) || cells.items().text(item).empty()) continue;
        const std::string_view text = cells.items().text(item);
        if (!IsUtf8(text)) return kNotUtf8;
        list.emplace_back().is.emplace<std::string>(text);
      }
      if (!list.empty()) value->is = std::move(list);
      return nullptr;
    }
    case CellKind::kNothing:
      return nullptr;
  }
  return nullptr;
}

void RecordColumns::ReadTags(std::size_t column, std::int64_t row) {
  const Cells& cells = cells_[column];
  if (cells.null(row)) return;
  const auto add = [&](std::string_view name) {
    if (name.empty()) return;
    if (!IsUtf8(name)) return LeaveOut(column, kNotUtf8);
    facts_.tags.emplace_back().name = name;
  };
  switch (cells.type().kind) {
    case CellKind::kText:
      return add(cells.text(row));
    case CellKind::kFlag:
      if (cells.flag(row)) add(columns_[column].name);
      return;
    default: {
      const auto [from, to] = cells.range(row);
      for (std::int64_t item = from; item < to; ++item) {
        if (!cells.items().null(item)) add(cells.items().text(item));
      }
    }
  }
}

void RecordColumns::ReadConsent(std::size_t column, std::int64_t row) {
  const Cells& cells = cells_[column];
  if (cells.null(row)) return;
  ConsentState state = ConsentState::kUnknown;
  if (cells.type().kind == CellKind::kFlag) {
    state = cells.flag(row) ? ConsentState::kGranted : ConsentState::kDenied;
  } else {
    const std::string_view text = cells.text(row);
    if (text.empty()) return;
    state = ConsentNamed(text);
    if (state == ConsentState::kUnknown) return LeaveOut(column, kBadValue);
  }
  facts_.consents.push_back({columns_[column].name, state, std::nullopt});
}

void RecordColumns::LeaveOut(const Text& text, const char* reason) {
  left_out_.push_back({text.column ? &columns_[*text.column].column.name : nullptr, reason});
}

// An event of which a part cannot be read is left out as a whole: it would say something else.
void RecordColumns::ReadEvent(std::int64_t row) {
  const Event& from = *event_;
  const std::string_view type = TextAt(from.type, row), campaign = TextAt(from.campaign, row);
  if (type.empty()) return;
  if (!IsUtf8(type)) return LeaveOut(from.type, kNotUtf8);
  if (!IsUtf8(campaign)) return LeaveOut(from.campaign, kNotUtf8);
  polyonym::Event event;
  event.type = type;
  event.campaign = campaign;
  if (!TimeAt(from.time, row, &event.time_ms)) return LeaveOut(*from.time, kBadTime);
  if (from.value && !Null(*from.value, row)) {
    const std::string_view currency = TextAt(from.currency, row);
    if (!IsCurrency(currency)) return LeaveOut(from.currency, kBadValue);
    if (!ReadMoney(*from.value, row, currency, &event.value.emplace()))
      return LeaveOut(*from.value, kBadValue);
  }
  if (from.place && !Null(*from.place, row)) {
    const std::string_view place = cells_[*from.place].text(row);
    if (!IsUtf8(place)) return LeaveOut(*from.place, kNotUtf8);
    if (!place.empty()) event.place.emplace().name = place;
  }
  for (const std::size_t column : from.properties) {
    Value value;
    if (const char* problem = ReadValue(column, row, &value)) return LeaveOut(column, problem);
    if (value.type() != ValueType::kNone)
      event.properties[columns_[column].name] = std::move(value);
  }
  facts_.events.push_back(std::move(event));
}

bool RecordColumns::ReadMoney(std::size_t column, std::int64_t row, std::string_view currency,
                              Money* money) {
  if (currency_ != currency) {
    // The library writes no money as `0.00 CNY`: so it says how many decimals the currency has.
    const std::string none = ToText(Value{Money{0, std::string(currency)}});
    const std::size_t point = none.find('.');
    decimals_ = point == none.npos ? 0 : static_cast<int>(none.find(' ') - point - 1);
    currency_ = currency;
  }
  money->currency = currency;
  const Cells& cells = cells_[column];
  switch (cells.type().kind) {
    case CellKind::kDecimal:
      return Scale(cells.decimal(row), decimals_ - cells.type().scale, &money->minor_units);
    case CellKind::kWhole: {
      const auto whole = cells.whole(row);
      return whole && Scale(absl::int128(*whole), decimals_, &money->minor_units);
    }
    default: {
      const CellType& within = cells.type().values ? *cells.type().values : cells.type();
      return Scale(cells.number(row), within.layout == CellLayout::kSingle, decimals_,
                   &money->minor_units);
    }
  }
}

const std::string* RecordColumns::ColumnOf(std::string_view field,
                                           const std::uint32_t* identifier_columns) const {
  const auto name = [&](std::optional<std::size_t> column) {
    return column ? &columns_[*column].column.name : nullptr;
  };
  if (field == "source") return name(source_.column);
  if (field == "id") return name(id_);
  if (field == "time_ms") return name(time_);
  if (field == "version") return name(version_);
  constexpr std::string_view kIdentifier = "identifiers[";
  if (!field.starts_with(kIdentifier)) return nullptr;
  field.remove_prefix(kIdentifier.size());
  std::size_t place = 0;
  std::from_chars(field.data(), field.data() + field.size(), place);
  return name(identifier_columns[place]);
}

}  // namespace polyonym::python
