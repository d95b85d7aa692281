// arrow_input.h - tables of other Python libraries, batch by batch, where they lie.
//
// Any object that speaks the Arrow PyCapsule interface is one: it has __arrow_c_stream__, or __arrow_c_array__, of a struct whose children
// are the columns.
// SOURCE: Apache Arrow, "The Arrow PyCapsule interface".
#ifndef POLYONYM_PYTHON_ARROW_INPUT_H_
#define POLYONYM_PYTHON_ARROW_INPUT_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "arrow_c_data.h"
#include "arrow_cells.h"

namespace polyonym::python {

// A column of the table that is asked for.
struct InputColumn {
  std::size_t place = 0;  // in the table
  std::string name;
  CellType type;
};

// THREADS: thread-compatible.
class TableInput {
 public:
  // REQUIRES: the GIL.  RAISES: InvalidArgument: it is no table; what the object itself raises; Error: its producer failed.
  static TableInput Of(nanobind::handle table);

  const ArrowSchema& schema() const { return *schema_; }
  bool Has(std::string_view name) const;

  // The column of a name. `what` is the argument that asks for it; `allowed` are the kinds that it may be of, beside nulls alone; `hint`
  // says what to do about others.
  // ERRORS: InvalidArgument, naming argument, column and type: there is none or more than one, or it is of another kind.
  absl::StatusOr<InputColumn> Find(const std::string& what, const std::string& name,
                                   std::initializer_list<CellKind> allowed, const char* hint) const;

  // The next batch into `batch`, its shape checked; false at the end.  REQUIRES: that the GIL is not held: producers in Python take it.
  // ERRORS: Unknown (what the producer says), InvalidArgument (the batch is not of the schema).
  absl::StatusOr<bool> Next(OwnedArray* batch);

 private:
  OwnedSchema schema_;
  OwnedStream stream_;
  OwnedArray single_;  // where there is no stream
  std::vector<std::string> names_;
};

// The cells of a column in a batch.  ERRORS: InvalidArgument naming the column.  `batch` and `column` outlive them.
absl::StatusOr<Cells> CellsOf(const ArrowArray& batch, const InputColumn& column);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ARROW_INPUT_H_
