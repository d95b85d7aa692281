#include "arrow_input.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nanobind/stl/string.h>

#include "calls.h"

namespace polyonym::python {
namespace {

constexpr int kMostLevels = 64;
constexpr std::int64_t kMostRows = std::int64_t{1} << 48;
constexpr std::size_t kNamesShown = 10;

absl::Status Malformed(const char* what) {
  return absl::InvalidArgumentError(std::string("table: breaks the Arrow format: ") + what);
}

// Whether all within it is there to be read.
absl::Status CheckSchema(const ArrowSchema& schema, int level = 0) {
  if (schema.format == nullptr || schema.n_children < 0 ||
      (schema.n_children > 0 && schema.children == nullptr))
    return Malformed("a part of its schema is missing");
  if (level == kMostLevels) return Malformed("its types are nested too deep");
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    if (schema.children[c] == nullptr) return Malformed("a part of its schema is missing");
    if (absl::Status status = CheckSchema(*schema.children[c], level + 1); !status.ok())
      return status;
  }
  return schema.dictionary == nullptr ? absl::OkStatus()
                                      : CheckSchema(*schema.dictionary, level + 1);
}

// Whether the array has the parts that the schema says. Of buffers Cells has its own checks.
absl::Status CheckArray(const ArrowSchema& schema, const ArrowArray& array) {
  if (array.length < 0 || array.length > kMostRows || array.offset < 0 || array.offset > kMostRows)
    return Malformed("a length or an offset is out of range");
  if (array.n_buffers < 0 || (array.n_buffers > 0 && array.buffers == nullptr))
    return Malformed("an array has no buffers");
  if (array.n_children != schema.n_children ||
      (array.n_children > 0 && array.children == nullptr) ||
      (array.dictionary == nullptr) != (schema.dictionary == nullptr))
    return Malformed("an array is not of the type that the schema says");
  for (std::int64_t c = 0; c < array.n_children; ++c) {
    if (array.children[c] == nullptr) return Malformed("a part of an array is missing");
    if (absl::Status status = CheckArray(*schema.children[c], *array.children[c]); !status.ok())
      return status;
  }
  return array.dictionary == nullptr ? absl::OkStatus()
                                     : CheckArray(*schema.dictionary, *array.dictionary);
}

// What a capsule holds.  RAISES: InvalidArgument: it is no such capsule, or was consumed already.
template <class T>
T* Held(nb::handle capsule, const char* name) {
  if (!PyCapsule_IsValid(capsule.ptr(), name)) {
    PyErr_Clear();
    RaiseInvalid(std::string("table: must give a capsule named ") + name +
                 ", as the Arrow PyCapsule interface has it");
  }
  T* held = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (held->release == nullptr) RaiseInvalid("table: was consumed already; make it again");
  return held;
}

std::string Printable(const char* text) {
  if (text == nullptr) return "";
  nb::object decoded =
      nb::steal(PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace"));
  if (!decoded.is_valid()) throw nb::python_error();
  return nb::cast<std::string>(decoded);
}

// What the producer says of it.  REQUIRES: that the GIL is not held.
absl::Status Failed(ArrowArrayStream* stream) {
  const char* why = stream->get_last_error(stream);
  nb::gil_scoped_acquire acquired;
  return absl::UnknownError("table: its producer failed: " + Printable(why));
}

const char* KindName(CellKind kind) {
  switch (kind) {
    case CellKind::kNothing:
      return "nulls";
    case CellKind::kText:
      return "text";
    case CellKind::kWhole:
      return "whole numbers";
    case CellKind::kFlag:
      return "flags";
    case CellKind::kNumber:
      return "floats";
    case CellKind::kDecimal:
      return "decimals";
    case CellKind::kInstant:
      return "timestamps";
    case CellKind::kDay:
      return "dates";
    case CellKind::kTexts:
      return "lists of text";
  }
  return "";
}

}  // namespace

TableInput TableInput::Of(nb::handle table) {
  TableInput input;
  if (nb::hasattr(table, "__arrow_c_stream__")) {
    const nb::object capsule = table.attr("__arrow_c_stream__")();
    input.stream_ = OwnedStream(Held<ArrowArrayStream>(capsule, "arrow_array_stream"));
    ArrowArrayStream* stream = input.stream_.get();
    Call([&]() -> absl::Status {
      if (stream->get_schema(stream, input.schema_.Fill()) == 0) return absl::OkStatus();
      return Failed(stream);
    });
  } else if (nb::hasattr(table, "__arrow_c_array__")) {
    const nb::object pair = table.attr("__arrow_c_array__")();
    if (!nb::isinstance<nb::tuple>(pair) || nb::len(pair) != 2)
      RaiseInvalid("table: __arrow_c_array__ must give a schema and an array");
    input.schema_ = OwnedSchema(Held<ArrowSchema>(pair[0], "arrow_schema"));
    input.single_ = OwnedArray(Held<ArrowArray>(pair[1], "arrow_array"));
  } else {
    RaiseInvalid(
        "table: must have __arrow_c_stream__ or __arrow_c_array__, as tables of pyarrow, polars, "
        "pandas and DuckDB have; of dicts "
        "and lists make one by pyarrow.table() or polars.DataFrame(), of a lazy frame by "
        "collect()");
  }
  const ArrowSchema& schema = *input.schema_;
  if (schema.release == nullptr) Raise(Malformed("it has no schema"));
  if (absl::Status status = CheckSchema(schema); !status.ok()) Raise(status);
  if (std::strcmp(schema.format, "+s") != 0)
    RaiseInvalid("table: is a single column; make a table of it, with names of columns");
  for (std::int64_t c = 0; c < schema.n_children; ++c)
    input.names_.push_back(Printable(schema.children[c]->name));
  return input;
}

bool TableInput::Has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

absl::StatusOr<InputColumn> TableInput::Find(const std::string& what, const std::string& name,
                                             std::initializer_list<CellKind> allowed,
                                             const char* hint) const {
  const auto wrong = [&](const std::string& why) {
    return absl::InvalidArgumentError(what + ": column '" + name + "' " + why);
  };
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at == names_.end()) {
    std::string shown;
    for (std::size_t i = 0; i < std::min(names_.size(), kNamesShown); ++i)
      shown += (i == 0 ? "" : ", ") + names_[i];
    if (names_.size() > kNamesShown) shown += ", …";
    return wrong("is not in the table, which has " + (names_.empty() ? "no columns" : shown));
  }
  if (std::find(at + 1, names_.end(), name) != names_.end())
    return wrong("is there twice; name each another way");
  InputColumn column{static_cast<std::size_t>(at - names_.begin()), name, {}};
  auto type = CellType::Of(*schema_->children[column.place]);
  if (!type.ok()) {
    const absl::string_view why = type.status().message();
    return wrong(std::string(why.data(), why.size()));
  }
  column.type = *std::move(type);
  if (column.type.kind != CellKind::kNothing &&
      std::find(allowed.begin(), allowed.end(), column.type.kind) == allowed.end()) {
    std::string accepted;
    for (const CellKind kind : allowed)
      accepted += (accepted.empty() ? "" : ", ") + std::string(KindName(kind));
    return wrong("holds " + column.type.name + "; accepted are " + accepted +
                 (*hint == '\0' ? "" : ": ") + hint);
  }
  return column;
}

absl::StatusOr<bool> TableInput::Next(OwnedArray* batch) {
  if (stream_) {
    if (stream_->get_next(stream_.get(), batch->Fill()) != 0) return Failed(stream_.get());
  } else {
    *batch = std::move(single_);
  }
  if (!*batch) return false;
  if (absl::Status status = CheckArray(*schema_, **batch); !status.ok()) return status;
  const ArrowArray& rows = **batch;
  if (rows.n_buffers != 1) return Malformed("a batch has not the buffers of a struct");
  for (std::int64_t c = 0; c < rows.n_children; ++c) {
    if (rows.children[c]->length < rows.offset + rows.length)
      return Malformed("a column is shorter than its batch");
  }
  return true;
}

absl::StatusOr<Cells> CellsOf(const ArrowArray& batch, const InputColumn& column) {
  auto cells = Cells::Of(column.type, *batch.children[column.place], batch.offset, batch.length,
                         batch.buffers[0], batch.offset);
  if (cells.ok()) return cells;
  const absl::string_view why = cells.status().message();
  return absl::InvalidArgumentError("column '" + column.name + "' " +
                                    std::string(why.data(), why.size()));
}

}  // namespace polyonym::python
