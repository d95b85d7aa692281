#include "arrow_cells.h"

#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

namespace polyonym::python {
namespace {

static_assert(std::endian::native == std::endian::little, "Arrow's buffers are read as they lie");

// Beyond this no memory reaches, and no place of a row overflows.
constexpr std::int64_t kMostRows = std::int64_t{1} << 48;
constexpr std::int64_t kDayMs = 86'400'000;

absl::Status Malformed(const char* what) {
  return absl::InvalidArgumentError(std::string("breaks the Arrow format: ") + what);
}

// Buffers need not be aligned.
template <class T>
T Load(const void* base, std::int64_t place) {
  T value;
  std::memcpy(&value, static_cast<const char*>(base) + place * static_cast<std::int64_t>(sizeof(T)),
              sizeof(T));
  return value;
}

bool Bit(const void* bits, std::int64_t place) {
  return (static_cast<const std::uint8_t*>(bits)[place >> 3] >> (place & 7) & 1) != 0;
}

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

CellLayout WholeLayout(std::string_view format) {
  if (format.size() != 1) return CellLayout::kNone;
  switch (format[0]) {
    case 'c':
      return CellLayout::kInt8;
    case 's':
      return CellLayout::kInt16;
    case 'i':
      return CellLayout::kInt32;
    case 'l':
      return CellLayout::kInt64;
    case 'C':
      return CellLayout::kUint8;
    case 'S':
      return CellLayout::kUint16;
    case 'I':
      return CellLayout::kUint32;
    case 'L':
      return CellLayout::kUint64;
    default:
      return CellLayout::kNone;
  }
}

// Nothing for what 64 signed bits do not hold.
std::optional<std::int64_t> LoadWhole(CellLayout layout, const void* data, std::int64_t place) {
  switch (layout) {
    case CellLayout::kInt8:
      return Load<std::int8_t>(data, place);
    case CellLayout::kInt16:
      return Load<std::int16_t>(data, place);
    case CellLayout::kInt32:
      return Load<std::int32_t>(data, place);
    case CellLayout::kInt64:
      return Load<std::int64_t>(data, place);
    case CellLayout::kUint8:
      return Load<std::uint8_t>(data, place);
    case CellLayout::kUint16:
      return Load<std::uint16_t>(data, place);
    case CellLayout::kUint32:
      return Load<std::uint32_t>(data, place);
    default: {
      const auto value = Load<std::uint64_t>(data, place);
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
  }
}

double HalfToDouble(std::uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double magnitude = exponent == 31  ? (fraction == 0 ? HUGE_VAL : std::nan(""))
                           : exponent == 0 ? std::ldexp(fraction, -24)
                                           : std::ldexp(1024 + fraction, exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

// What people call a format.
std::string NameOf(std::string_view format) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"n", "null"},        {"b", "bool"},    {"c", "int8"},         {"C", "uint8"},
      {"s", "int16"},       {"S", "uint16"},  {"i", "int32"},        {"I", "uint32"},
      {"l", "int64"},       {"L", "uint64"},  {"e", "float16"},      {"f", "float32"},
      {"g", "float64"},     {"z", "binary"},  {"Z", "large binary"}, {"vz", "binary"},
      {"u", "text"},        {"U", "text"},    {"vu", "text"},        {"tdD", "date"},
      {"tdm", "date"},      {"+l", "list"},   {"+L", "list"},        {"+vl", "list view"},
      {"+vL", "list view"}, {"+s", "struct"}, {"+m", "map"},         {"+r", "run-end encoded"}};
  static constexpr std::pair<std::string_view, std::string_view> kBeginnings[] = {
      {"d:", "decimal"},          {"ts", "timestamp"}, {"tt", "time of day"},
      {"tD", "duration"},         {"ti", "interval"},  {"w:", "fixed-size binary"},
      {"+w:", "fixed-size list"}, {"+u", "union"}};
  for (const auto& [of, name] : kNames) {
    if (format == of) return std::string(name);
  }
  for (const auto& [of, name] : kBeginnings) {
    if (format.starts_with(of)) return std::string(name);
  }
  return "an unknown type";
}

absl::Status Refused(const std::string& name) {
  return absl::InvalidArgumentError(
      "holds " + name +
      "; accepted are text, whole numbers, floats, decimals of up to 128 bits, flags, timestamps, "
      "dates, lists of text, and "
      "dictionaries and run-end encodings of these: cast it to one of them");
}

bool ReadNumber(std::string_view text, std::int32_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// `d:19,2` or `d:19,2,64`.
bool ReadDecimal(std::string_view format, CellType* type) {
  format.remove_prefix(2);
  const std::size_t comma = format.find(',');
  if (comma == format.npos) return false;
  std::string_view scale = format.substr(comma + 1), width = "128";
  if (const std::size_t second = scale.find(','); second != scale.npos) {
    width = scale.substr(second + 1);
    scale = scale.substr(0, second);
  }
  type->layout = width == "32"    ? CellLayout::kDecimal32
                 : width == "64"  ? CellLayout::kDecimal64
                 : width == "128" ? CellLayout::kDecimal128
                                  : CellLayout::kNone;
  return type->layout != CellLayout::kNone && ReadNumber(scale, &type->scale) &&
         std::abs(type->scale) <= 1000;
}

// `tsm:Asia/Shanghai`.
bool ReadTimestamp(std::string_view format, CellType* type) {
  if (format.size() < 4 || format[3] != ':') return false;
  type->layout = CellLayout::kInt64;
  switch (format[2]) {
    case 's':
      type->a_second = 1;
      return true;
    case 'm':
      type->a_second = 1'000;
      return true;
    case 'u':
      type->a_second = 1'000'000;
      return true;
    case 'n':
      type->a_second = 1'000'000'000;
      return true;
    default:
      return false;
  }
}

// `count` digits at `at`; negative where they are none.
int Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// RFC 3339 with a zone, as records have it: digits of a second beyond three are cut, a leap second is the last millisecond before it.
std::optional<std::int64_t> ReadTime(std::string_view text) {
  const int year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const int hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const bool marks = text[4] == '-' && text[7] == '-' &&
                     (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && text[13] == ':' &&
                     text[16] == ':';
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!marks || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::string_view zone = text.substr(19);
  std::int64_t fraction_ms = 0;
  if (zone.starts_with('.')) {
    std::size_t end = 1;
    for (; end < zone.size() && zone[end] >= '0' && zone[end] <= '9'; ++end) {
    }
    if (end == 1) return std::nullopt;
    for (std::size_t i = 1; i <= 3; ++i)
      fraction_ms = fraction_ms * 10 + (i < end ? zone[i] - '0' : 0);
    zone.remove_prefix(end);
  }
  int east = 0;  // minutes
  if (zone != "Z" && zone != "z") {
    const int hours = Digits(zone, 1, 2), minutes = Digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || hours < 0 ||
        hours > 23 || minutes < 0 || minutes > 59)
      return std::nullopt;
    east = (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  if (second == 60) fraction_ms = 999;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute - east) * 60 + std::min(second, 59)) * 1000 +
         fraction_ms;
}

// A view of text: the length, then the text itself, or its beginning, buffer and place.
struct TextView {
  std::int32_t length, start, buffer, offset;
};
constexpr std::int32_t kMostInline = 12;

}  // namespace

absl::StatusOr<CellType> CellType::Of(const ArrowSchema& schema, int depth) {
  if (schema.format == nullptr) return Malformed("its type has no format");
  const std::string_view format = schema.format;
  CellType type;
  type.name = NameOf(format);
  const CellLayout whole = WholeLayout(format);
  // Encodings stand for the values within; a list of a list is nothing that is read.
  const auto take_values = [&](const ArrowSchema* values) -> absl::Status {
    if (values == nullptr || values->release == nullptr)
      return Malformed("a type within its type is missing");
    if (depth == 3) return Refused("types within types within types");
    auto within = Of(*values, depth + 1);
    if (!within.ok()) return within.status();
    type.values = std::make_shared<const CellType>(*std::move(within));
    return absl::OkStatus();
  };
  const auto stand_for_values = [&](CellLayout layout) {
    const CellType& within = *type.values;
    type.kind = within.kind, type.scale = within.scale, type.a_second = within.a_second;
    type.name = within.name;
    type.layout = layout;
  };
  if (schema.dictionary != nullptr) {
    if (whole == CellLayout::kNone)
      return Malformed("the indices of its dictionary are no whole numbers");
    if (absl::Status status = take_values(schema.dictionary); !status.ok()) return status;
    stand_for_values(CellLayout::kDictionary);
    type.places = whole;
  } else if (format == "+r") {
    if (schema.n_children != 2 || schema.children == nullptr || schema.children[0] == nullptr ||
        schema.children[0]->format == nullptr)
      return Malformed("run-end encoding has two children");
    type.places = WholeLayout(schema.children[0]->format);
    if (type.places != CellLayout::kInt16 && type.places != CellLayout::kInt32 &&
        type.places != CellLayout::kInt64)
      return Malformed("ends of runs are int16, int32 or int64");
    if (absl::Status status = take_values(schema.children[1]); !status.ok()) return status;
    stand_for_values(CellLayout::kRuns);
  } else if (format == "+l" || format == "+L") {
    if (schema.n_children != 1 || schema.children == nullptr)
      return Malformed("a list has one child");
    if (absl::Status status = take_values(schema.children[0]); !status.ok()) return status;
    if (type.values->kind != CellKind::kText && type.values->kind != CellKind::kNothing)
      return Refused("lists of " + type.values->name);
    type.kind = CellKind::kTexts;
    type.layout = format == "+l" ? CellLayout::kOffsets32 : CellLayout::kOffsets64;
  } else if (whole != CellLayout::kNone) {
    type.kind = CellKind::kWhole, type.layout = whole;
  } else if (format == "n") {
    type.kind = CellKind::kNothing;
  } else if (format == "b") {
    type.kind = CellKind::kFlag, type.layout = CellLayout::kBits;
  } else if (format == "e" || format == "f" || format == "g") {
    type.kind = CellKind::kNumber;
    type.layout = format == "e"   ? CellLayout::kHalf
                  : format == "f" ? CellLayout::kSingle
                                  : CellLayout::kDouble;
  } else if (format == "u" || format == "U" || format == "vu") {
    type.kind = CellKind::kText;
    type.layout = format == "u"   ? CellLayout::kOffsets32
                  : format == "U" ? CellLayout::kOffsets64
                                  : CellLayout::kViews;
  } else if (format == "tdD" || format == "tdm") {
    type.kind = CellKind::kDay;
    type.layout = format == "tdD" ? CellLayout::kInt32 : CellLayout::kInt64;
  } else if (format.starts_with("d:") && ReadDecimal(format, &type)) {
    type.kind = CellKind::kDecimal;
  } else if (format.starts_with("ts") && ReadTimestamp(format, &type)) {
    type.kind = CellKind::kInstant;
  } else {
    return Refused(type.name);
  }
  return type;
}

absl::StatusOr<Cells> Cells::Of(const CellType& type, const ArrowArray& array, std::int64_t from,
                                std::int64_t rows, const void* hidden, std::int64_t hidden_from) {
  Cells cells;
  cells.hidden_ = static_cast<const std::uint8_t*>(hidden);
  cells.hidden_from_ = hidden_from;
  if (absl::Status status = cells.Open(type, array, from, rows); !status.ok()) return status;
  return cells;
}

absl::Status Cells::Open(const CellType& type, const ArrowArray& array, std::int64_t from,
                         std::int64_t rows) {
  if (array.length < 0 || array.offset < 0 || array.length > kMostRows ||
      array.offset > kMostRows || from < 0 || rows < 0 || rows > array.length ||
      from > array.length - rows)
    return Malformed("an array is shorter than its rows");
  type_ = &type, array_ = &array, first_ = array.offset + from, rows_ = rows;
  if (type.layout == CellLayout::kNone) return absl::OkStatus();
  if (type.layout == CellLayout::kRuns) return OpenRuns(array);
  const bool text = type.kind == CellKind::kText && type.layout != CellLayout::kDictionary;
  const std::int64_t buffers = text ? 3 : 2;
  if (type.layout == CellLayout::kViews ? array.n_buffers < buffers : array.n_buffers != buffers)
    return Malformed("an array has not the buffers of its type");
  if (array.buffers == nullptr) return Malformed("an array has no buffers");
  valid_ = static_cast<const std::uint8_t*>(array.buffers[0]);
  data_ = array.buffers[1];
  if (valid_ == nullptr && array.null_count > 0)
    return Malformed("it counts nulls, and does not say which");
  if (rows > 0 && data_ == nullptr) return Malformed("a buffer is missing");
  if (type.layout == CellLayout::kViews) return OpenViews(array);
  if (type.layout == CellLayout::kDictionary) return OpenDictionary(array);
  if (type.kind == CellKind::kTexts) return OpenList(array);
  if (text) return OpenText(array);
  return absl::OkStatus();
}

// Checks that they do not go back.
template <class Offset>
absl::StatusOr<std::int64_t> Cells::LastOffset() const {
  if (rows_ == 0) return 0;
  Offset last = Load<Offset>(data_, first_);
  if (last < 0) return Malformed("an offset is negative");
  for (std::int64_t row = 1; row <= rows_; ++row) {
    const Offset next = Load<Offset>(data_, first_ + row);
    if (next < last) return Malformed("its offsets go back");
    last = next;
  }
  return std::int64_t{last};
}

absl::Status Cells::OpenText(const ArrowArray& array) {
  bytes_ = static_cast<const char*>(array.buffers[2]);
  const auto last = type_->layout == CellLayout::kOffsets32 ? LastOffset<std::int32_t>()
                                                            : LastOffset<std::int64_t>();
  if (!last.ok()) return last.status();
  if (*last > 0 && bytes_ == nullptr) return Malformed("a buffer is missing");
  return absl::OkStatus();
}

absl::Status Cells::OpenViews(const ArrowArray& array) {
  const std::int64_t buffers = array.n_buffers - 3;
  const void* lengths = array.buffers[array.n_buffers - 1];
  if (buffers > 0 && lengths == nullptr) return Malformed("a buffer is missing");
  for (std::int64_t row = 0; row < rows_; ++row) {
    if (Masked(row)) continue;
    const auto view = Load<TextView>(data_, first_ + row);
    if (view.length < 0) return Malformed("a view has a negative length");
    if (view.length <= kMostInline) continue;
    if (view.buffer < 0 || view.buffer >= buffers || view.offset < 0 ||
        std::int64_t{view.offset} + view.length > Load<std::int64_t>(lengths, view.buffer) ||
        array.buffers[2 + view.buffer] == nullptr)
      return Malformed("a view goes beyond its buffer");
  }
  return absl::OkStatus();
}

absl::Status Cells::OpenList(const ArrowArray& array) {
  const auto last = type_->layout == CellLayout::kOffsets32 ? LastOffset<std::int32_t>()
                                                            : LastOffset<std::int64_t>();
  if (!last.ok()) return last.status();
  if (array.n_children != 1 || array.children == nullptr || array.children[0] == nullptr)
    return Malformed("a list has one child");
  if (*last > array.children[0]->length) return Malformed("its lists go beyond their items");
  values_.reset(new Cells);
  return values_->Open(*type_->values, *array.children[0], 0, *last);
}

absl::Status Cells::OpenDictionary(const ArrowArray& array) {
  if (array.dictionary == nullptr) return Malformed("its dictionary is missing");
  values_.reset(new Cells);
  if (absl::Status status =
          values_->Open(*type_->values, *array.dictionary, 0, array.dictionary->length);
      !status.ok())
    return status;
  for (std::int64_t row = 0; row < rows_; ++row) {
    if (Masked(row)) continue;
    const auto place = LoadWhole(type_->places, data_, first_ + row);
    if (!place || *place < 0 || *place >= values_->rows())
      return Malformed("an index goes beyond its dictionary");
  }
  return absl::OkStatus();
}

absl::Status Cells::OpenRuns(const ArrowArray& array) {
  if (array.n_children != 2 || array.children == nullptr || array.children[0] == nullptr ||
      array.children[1] == nullptr)
    return Malformed("run-end encoding has two children");
  static const CellType kEnds16 = {CellKind::kWhole, CellLayout::kInt16, {}, 0, 1, nullptr, ""};
  static const CellType kEnds32 = {CellKind::kWhole, CellLayout::kInt32, {}, 0, 1, nullptr, ""};
  static const CellType kEnds64 = {CellKind::kWhole, CellLayout::kInt64, {}, 0, 1, nullptr, ""};
  const CellType& ends = type_->places == CellLayout::kInt16   ? kEnds16
                         : type_->places == CellLayout::kInt32 ? kEnds32
                                                               : kEnds64;
  ends_.reset(new Cells);
  values_.reset(new Cells);
  if (absl::Status status = ends_->Open(ends, *array.children[0], 0, array.children[0]->length);
      !status.ok())
    return status;
  if (absl::Status status =
          values_->Open(*type_->values, *array.children[1], 0, array.children[1]->length);
      !status.ok())
    return status;
  std::int64_t last = 0;
  for (std::int64_t run = 0; run < ends_->rows(); ++run) {
    const std::int64_t end = *ends_->whole(run);
    if (end <= last) return Malformed("the ends of its runs go back");
    last = end;
  }
  if ((rows_ > 0 && last < first_ + rows_) || values_->rows() < ends_->rows())
    return Malformed("its runs end before its rows");
  return absl::OkStatus();
}

bool Cells::Masked(std::int64_t row) const {
  return (hidden_ != nullptr && !Bit(hidden_, hidden_from_ + row)) ||
         (valid_ != nullptr && !Bit(valid_, first_ + row));
}

std::int64_t Cells::Place(std::int64_t row) const {
  if (type_->layout == CellLayout::kDictionary)
    return *LoadWhole(type_->places, data_, first_ + row);
  // The first run that ends behind the row.
  std::int64_t low = 0, high = ends_->rows() - 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (*ends_->whole(middle) > first_ + row) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

bool Cells::null(std::int64_t row) const {
  if (Masked(row) || type_->kind == CellKind::kNothing) return true;
  const bool encoded =
      type_->layout == CellLayout::kDictionary || type_->layout == CellLayout::kRuns;
  return encoded && values_->null(Place(row));
}

std::string_view Cells::text(std::int64_t row) const {
  const std::int64_t place = first_ + row;
  const auto cut = [&](std::int64_t from, std::int64_t to) {
    return std::string_view(bytes_ + from, static_cast<std::size_t>(to - from));
  };
  switch (type_->layout) {
    case CellLayout::kOffsets32:
      return cut(Load<std::int32_t>(data_, place), Load<std::int32_t>(data_, place + 1));
    case CellLayout::kOffsets64:
      return cut(Load<std::int64_t>(data_, place), Load<std::int64_t>(data_, place + 1));
    case CellLayout::kViews: {
      const auto view = Load<TextView>(data_, place);
      const char* from =
          view.length <= kMostInline
              ? static_cast<const char*>(data_) +
                    place * static_cast<std::int64_t>(sizeof(TextView)) + 4
              : static_cast<const char*>(array_->buffers[2 + view.buffer]) + view.offset;
      return {from, static_cast<std::size_t>(view.length)};
    }
    default:
      return values_->text(Place(row));
  }
}

std::optional<std::int64_t> Cells::whole(std::int64_t row) const {
  return values_ ? values_->whole(Place(row)) : LoadWhole(type_->layout, data_, first_ + row);
}

bool Cells::flag(std::int64_t row) const {
  return values_ ? values_->flag(Place(row)) : Bit(data_, first_ + row);
}

double Cells::number(std::int64_t row) const {
  switch (type_->layout) {
    case CellLayout::kHalf:
      return HalfToDouble(Load<std::uint16_t>(data_, first_ + row));
    case CellLayout::kSingle:
      return Load<float>(data_, first_ + row);
    case CellLayout::kDouble:
      return Load<double>(data_, first_ + row);
    default:
      return values_->number(Place(row));
  }
}

absl::int128 Cells::decimal(std::int64_t row) const {
  const std::int64_t place = first_ + row;
  switch (type_->layout) {
    case CellLayout::kDecimal32:
      return Load<std::int32_t>(data_, place);
    case CellLayout::kDecimal64:
      return Load<std::int64_t>(data_, place);
    case CellLayout::kDecimal128:
      return absl::MakeInt128(Load<std::int64_t>(data_, 2 * place + 1),
                              Load<std::uint64_t>(data_, 2 * place));
    default:
      return values_->decimal(Place(row));
  }
}

std::optional<std::int64_t> Cells::instant_ms(std::int64_t row) const {
  if (values_) return values_->instant_ms(Place(row));
  const auto units = Load<std::int64_t>(data_, first_ + row);
  if (type_->a_second >= 1000) return FloorDivide(units, type_->a_second / 1000);
  std::int64_t ms = 0;
  if (__builtin_mul_overflow(units, std::int64_t{1000}, &ms)) return std::nullopt;
  return ms;
}

std::int64_t Cells::days(std::int64_t row) const {
  if (values_) return values_->days(Place(row));
  if (type_->layout == CellLayout::kInt32) return Load<std::int32_t>(data_, first_ + row);
  return FloorDivide(Load<std::int64_t>(data_, first_ + row), kDayMs);
}

std::pair<std::int64_t, std::int64_t> Cells::range(std::int64_t row) const {
  const std::int64_t place = first_ + row;
  switch (type_->layout) {
    case CellLayout::kOffsets32:
      return {Load<std::int32_t>(data_, place), Load<std::int32_t>(data_, place + 1)};
    case CellLayout::kOffsets64:
      return {Load<std::int64_t>(data_, place), Load<std::int64_t>(data_, place + 1)};
    default:
      return values_->range(Place(row));
  }
}

const Cells& Cells::items() const {
  const bool encoded =
      type_->layout == CellLayout::kDictionary || type_->layout == CellLayout::kRuns;
  return encoded ? values_->items() : *values_;
}

std::string_view Cells::text_of(std::int64_t row, NumberText* space) const {
  if (type_->kind == CellKind::kText) return text(row);
  if (values_) return values_->text_of(Place(row), space);
  char* const end = space->data() + space->size();
  const char* const last =
      type_->layout == CellLayout::kUint64
          ? std::to_chars(space->data(), end, Load<std::uint64_t>(data_, first_ + row)).ptr
          : std::to_chars(space->data(), end, *whole(row)).ptr;
  return {space->data(), static_cast<std::size_t>(last - space->data())};
}

std::optional<std::int64_t> Cells::time_ms(std::int64_t row) const {
  switch (type_->kind) {
    case CellKind::kInstant:
      return instant_ms(row);
    case CellKind::kWhole:
      return whole(row);
    case CellKind::kText:
      return ReadTime(text(row));
    default: {
      std::int64_t ms = 0;
      if (__builtin_mul_overflow(days(row), kDayMs, &ms)) return std::nullopt;
      return ms;
    }
  }
}

std::optional<Cells::Strings> Cells::strings() const {
  const bool large = type_->layout == CellLayout::kOffsets64;
  if (type_->kind != CellKind::kText || rows_ == 0 ||
      (!large && type_->layout != CellLayout::kOffsets32))
    return std::nullopt;
  if (hidden_ != nullptr || valid_ != nullptr) {
    for (std::int64_t row = 0; row < rows_; ++row) {
      if (Masked(row) && !text(row).empty()) return std::nullopt;
    }
  }
  const auto count = static_cast<std::size_t>(rows_) + 1;
  const auto aligned = [&](std::size_t size) {
    return reinterpret_cast<std::uintptr_t>(data_) % size == 0;
  };
  Strings strings;
  if (large) {
    if (!aligned(sizeof(std::int64_t))) return std::nullopt;
    strings.large_offsets = {static_cast<const std::int64_t*>(data_) + first_, count};
    strings.bytes = {bytes_, static_cast<std::size_t>(strings.large_offsets.back())};
  } else {
    if (!aligned(sizeof(std::int32_t))) return std::nullopt;
    strings.offsets = {static_cast<const std::int32_t*>(data_) + first_, count};
    strings.bytes = {bytes_, static_cast<std::size_t>(strings.offsets.back())};
  }
  return strings;
}

}  // namespace polyonym::python
