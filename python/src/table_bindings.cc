// Table: columns for whoever speaks the Arrow PyCapsule interface, and some rows of them for people.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow_cells.h"
#include "arrow_output.h"
#include "bindings.h"
#include "calls.h"
#include "values.h"

namespace polyonym::python {
namespace {

// A structure of the interface in a capsule, which releases what nobody has moved out of it.
template <class T>
nb::object CapsuleOf(std::unique_ptr<T> held, const char* name) {
  PyObject* capsule = PyCapsule_New(held.get(), name, [](PyObject* self) {
    auto* inside = static_cast<T*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (inside->release != nullptr) inside->release(inside);
    delete inside;
  });
  if (capsule == nullptr) throw nb::python_error();
  held.release();
  return nb::steal(capsule);
}

nb::object StreamOf(const Table& table) {
  auto stream = std::make_unique<ArrowArrayStream>();
  table.Export(stream.get());
  return CapsuleOf(std::move(stream), "arrow_array_stream");
}

nb::object SchemaOf(const Table& table) {
  auto schema = std::make_unique<ArrowSchema>();
  table.ExportSchema(schema.get());
  return CapsuleOf(std::move(schema), "arrow_schema");
}

std::vector<std::string> NamesOf(const Table& table) {
  std::vector<std::string> names;
  for (const Field& column : table.columns()) names.push_back(column.name);
  return names;
}

// What a type is called; the format itself where that is of no type that is made here.
std::string TypeName(const Field& field) {
  static constexpr std::pair<const char*, const char*> kNames[] = {
      {"n", "null"},    {"b", "bool"},    {"c", "int8"},    {"C", "uint8"},   {"s", "int16"},
      {"S", "uint16"},  {"i", "int32"},   {"I", "uint32"},  {"l", "int64"},   {"L", "uint64"},
      {"e", "float16"}, {"f", "float32"}, {"g", "float64"}, {"u", "text"},    {"U", "text"},
      {"vu", "text"},   {"tdD", "date"},  {"tdm", "date"},  {"+s", "struct"},
  };
  if (!field.dictionary.empty()) return TypeName(field.dictionary[0]);
  for (const auto& [format, name] : kNames) {
    if (field.format == format) return name;
  }
  if (field.format.starts_with("ts")) return "time";
  if (field.format.starts_with("d:")) return "decimal";
  if ((field.format == "+l" || field.format == "+L") && field.children.size() == 1)
    return "list of " + TypeName(field.children[0]);
  return field.format;
}

std::vector<std::string> TypesOf(const Table& table) {
  std::vector<std::string> types;
  for (const Field& column : table.columns()) types.push_back(TypeName(column));
  return types;
}

// ---- rows for people ----

nb::object ToObject(const Cells& cells, std::int64_t row) {
  if (cells.null(row)) return nb::none();
  switch (cells.type().kind) {
    case CellKind::kText:
      return nb::cast(cells.text(row));
    case CellKind::kWhole:
      if (const auto whole = cells.whole(row)) return nb::cast(*whole);
      break;
    case CellKind::kFlag:
      return nb::cast(cells.flag(row));
    case CellKind::kNumber:
      return nb::cast(cells.number(row));
    case CellKind::kDecimal:
      return nb::cast(static_cast<double>(cells.decimal(row)) * std::pow(10, -cells.type().scale));
    case CellKind::kInstant:
    case CellKind::kDay:
      return TimeOf(cells.time_ms(row));
    case CellKind::kTexts: {
      nb::list texts;
      const auto [first, second] = cells.range(row);
      for (std::int64_t item = first; item < second; ++item)
        texts.append(ToObject(cells.items(), item));
      return texts;
    }
    case CellKind::kNothing:
      break;
  }
  return nb::none();
}

// Values of the first rows of a column; of a type that has no reader here, three dots each.
nb::list FirstCells(const Table& table, std::size_t column, std::int64_t rows) {
  OwnedSchema schema;
  ExportSchema(table.columns()[column], schema.Fill());
  const auto type = CellType::Of(*schema);
  nb::list values;
  for (std::size_t b = 0; b < table.num_batches() && rows > 0; ++b) {
    OwnedArray array;
    ExportArray(table.array(b, column), array.Fill());
    const std::int64_t some = std::min(rows, array->length);
    const auto cells = type.ok() ? Cells::Of(*type, *array, 0, some) : type.status();
    for (std::int64_t row = 0; row < some; ++row)
      values.append(cells.ok() ? ToObject(*cells, row) : nb::object(nb::str("…")));
    rows -= some;
  }
  return values;
}

// By column.
nb::list FirstRows(const Table& table, std::int64_t rows) {
  nb::list columns;
  for (std::size_t c = 0; c < table.columns().size(); ++c)
    columns.append(FirstCells(table, c, rows));
  return columns;
}

}  // namespace

void BindTable(nb::module_& module) {
  nb::class_<Table>(module, "Table")
      .def_prop_ro("num_rows", &Table::num_rows)
      .def_prop_ro("names", &NamesOf)
      .def_prop_ro("types", &TypesOf)
      .def("stream", &StreamOf)
      .def("schema", &SchemaOf)
      .def("first_rows", &FirstRows, "rows"_a);
}

}  // namespace polyonym::python
