#include "arrow_output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace polyonym::python {
namespace {

// What a buffer without a byte points to: some readers take no null pointer.
alignas(64) constexpr std::uint8_t kNothing[64] = {};

template <class T>
const void* BufferOf(const std::vector<T>& values) {
  return values.empty() ? static_cast<const void*>(kNothing) : values.data();
}

const void* BitsOf(const std::vector<std::uint8_t>& bits) {
  return bits.empty() ? nullptr : bits.data();
}

// An array whose first buffers lie in `held`.
template <class Held>
ArrayPtr MakeArray(std::int64_t length, std::int64_t null_count, std::shared_ptr<Held> held,
                   std::vector<const void*> buffers, std::vector<ArrayPtr> children = {},
                   ArrayPtr dictionary = nullptr) {
  auto array = std::make_shared<ArrayData>();
  array->length = length;
  array->null_count = null_count;
  array->buffers = std::move(buffers);
  array->children = std::move(children);
  array->dictionary = std::move(dictionary);
  array->owner = std::move(held);
  return array;
}

void SetBit(std::vector<std::uint8_t>* bits, std::int64_t place, bool value) {
  const auto byte = static_cast<std::size_t>(place / 8);
  if (bits->size() <= byte) bits->resize(byte + 1);
  if (value) (*bits)[byte] |= static_cast<std::uint8_t>(1u << place % 8);
}

template <class T>
const char* FormatOf() {
  if constexpr (std::is_same_v<T, std::int32_t>) return "i";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "I";
  if constexpr (std::is_same_v<T, std::int64_t>) return "l";
  if constexpr (std::is_same_v<T, std::uint64_t>) return "L";
  if constexpr (std::is_same_v<T, double>) return "g";
}

Field TypeOf(std::string format) {
  Field field;
  field.format = std::move(format);
  return field;
}

}  // namespace

// ---- columns ----

void Validity::Append(bool valid) {
  if (!valid && null_count_++ == 0) {
    // All before it have a value.
    bits_.assign(static_cast<std::size_t>(size_ / 8 + 1), 0xff);
    bits_.back() = static_cast<std::uint8_t>((1u << size_ % 8) - 1);
  }
  if (null_count_ > 0) SetBit(&bits_, size_, valid);
  ++size_;
}

std::vector<std::uint8_t> Validity::Take() {
  size_ = null_count_ = 0;
  return std::exchange(bits_, {});
}

template <class T>
Field NumberColumn<T>::type() const {
  return TypeOf(FormatOf<T>());
}

template <class T>
struct HeldNumbers {
  std::vector<std::uint8_t> valid;
  std::vector<T> values;
};

template <class T>
ArrayPtr NumberColumn<T>::Finish() {
  using Held = HeldNumbers<T>;
  const std::int64_t length = size(), nulls = validity_.null_count();
  auto held = std::make_shared<Held>(Held{validity_.Take(), std::exchange(values_, {})});
  std::vector<const void*> buffers = {BitsOf(held->valid), BufferOf(held->values)};
  return MakeArray(length, nulls, std::move(held), std::move(buffers));
}

template <class T>
std::vector<ArrayPtr> NumberColumn<T>::Cut(std::vector<T> values, T none,
                                           std::span<const std::int64_t> lengths) {
  auto held = std::make_shared<HeldNumbers<T>>();
  held->values = std::move(values);
  if (std::find(held->values.begin(), held->values.end(), none) != held->values.end()) {
    held->valid.resize(held->values.size() / 8 + 1);
    for (std::size_t i = 0; i < held->values.size(); ++i)
      SetBit(&held->valid, static_cast<std::int64_t>(i), held->values[i] != none);
  }
  std::vector<ArrayPtr> arrays;
  std::int64_t from = 0;
  for (const std::int64_t length : lengths) {
    const auto begin = held->values.begin() + from;
    auto array = std::make_shared<ArrayData>();
    array->length = length;
    array->offset = from;
    array->null_count = held->valid.empty() ? 0 : std::count(begin, begin + length, none);
    array->buffers = {BitsOf(held->valid), BufferOf(held->values)};
    array->owner = held;
    arrays.push_back(std::move(array));
    from += length;
  }
  return arrays;
}

template class NumberColumn<std::int32_t>;
template class NumberColumn<std::uint32_t>;
template class NumberColumn<std::int64_t>;
template class NumberColumn<std::uint64_t>;
template class NumberColumn<double>;

Field TimeColumn::type() const { return TypeOf("tsm:UTC"); }

Field FlagColumn::type() const { return TypeOf("b"); }

void FlagColumn::Append(bool value) {
  SetBit(&bits_, size(), value);
  validity_.Append(true);
}

void FlagColumn::AppendNull() {
  SetBit(&bits_, size(), false);
  validity_.Append(false);
}

ArrayPtr FlagColumn::Finish() {
  struct Held {
    std::vector<std::uint8_t> valid, bits;
  };
  const std::int64_t length = size(), nulls = validity_.null_count();
  auto held = std::make_shared<Held>(Held{validity_.Take(), std::exchange(bits_, {})});
  std::vector<const void*> buffers = {BitsOf(held->valid), BufferOf(held->bits)};
  return MakeArray(length, nulls, std::move(held), std::move(buffers));
}

Field TextColumn::type() const { return TypeOf("U"); }

void TextColumn::Append(std::string_view value) {
  text_.append(value);
  ends_.push_back(static_cast<std::int64_t>(text_.size()));
  validity_.Append(true);
}

void TextColumn::AppendNull() {
  ends_.push_back(ends_.back());
  validity_.Append(false);
}

ArrayPtr TextColumn::Finish() {
  struct Held {
    std::vector<std::uint8_t> valid;
    std::vector<std::int64_t> ends;
    std::string text;
  };
  const std::int64_t length = size(), nulls = validity_.null_count();
  auto held = std::make_shared<Held>(
      Held{validity_.Take(), std::exchange(ends_, {0}), std::exchange(text_, {})});
  std::vector<const void*> buffers = {BitsOf(held->valid), BufferOf(held->ends), held->text.data()};
  return MakeArray(length, nulls, std::move(held), std::move(buffers));
}

Field DictionaryColumn::type() const {
  Field field = indices_.type();
  field.dictionary.push_back(texts_.type());
  return field;
}

void DictionaryColumn::Append(std::string_view value) {
  // Absl's view of text is not everywhere the standard's.
  const auto [found, is_new] = places_.try_emplace(absl::string_view(value.data(), value.size()),
                                                   static_cast<std::int32_t>(places_.size()));
  if (is_new) texts_.Append(value);
  indices_.Append(found->second);
}

ArrayPtr DictionaryColumn::Finish() {
  auto array = std::make_shared<ArrayData>(*indices_.Finish());
  array->dictionary = dictionary_;  // filled by Close()
  return array;
}

void DictionaryColumn::Close() { *dictionary_ = *texts_.Finish(); }

Field TextListColumn::type() const {
  Field field = TypeOf("+L");
  field.children.push_back(elements_.type());
  field.children.back().name = "item";
  return field;
}

void TextListColumn::Append(std::span<const std::string> values) {
  for (const std::string& value : values) elements_.Append(value);
  ends_.push_back(elements_.size());
  validity_.Append(true);
}

void TextListColumn::AppendNull() {
  ends_.push_back(ends_.back());
  validity_.Append(false);
}

ArrayPtr TextListColumn::Finish() {
  struct Held {
    std::vector<std::uint8_t> valid;
    std::vector<std::int64_t> ends;
  };
  const std::int64_t length = size(), nulls = validity_.null_count();
  auto held = std::make_shared<Held>(Held{validity_.Take(), std::exchange(ends_, {0})});
  std::vector<const void*> buffers = {BitsOf(held->valid), BufferOf(held->ends)};
  return MakeArray(length, nulls, std::move(held), std::move(buffers), {elements_.Finish()});
}

// ---- from another producer ----

namespace {

// Pairs of keys and values, each behind its length: as the interface lays them out.
std::string MetadataOf(const char* from) {
  if (from == nullptr) return {};
  const char* at = from;
  const auto next = [&at] {
    std::int32_t number = 0;
    std::memcpy(&number, at, sizeof(number));
    at += sizeof(number);
    return number;
  };
  for (std::int64_t texts = std::int64_t{2} * next(); texts > 0; --texts) at += next();
  return {from, at};
}

Field FieldOf(const ArrowSchema& schema) {
  Field field;
  field.name = schema.name == nullptr ? "" : schema.name;
  field.format = schema.format;
  field.metadata = MetadataOf(schema.metadata);
  field.flags = schema.flags;
  for (std::int64_t c = 0; c < schema.n_children; ++c)
    field.children.push_back(FieldOf(*schema.children[c]));
  if (schema.dictionary != nullptr) field.dictionary.push_back(FieldOf(*schema.dictionary));
  return field;
}

ArrayPtr ArrayOf(const ArrowArray& from, const std::shared_ptr<const void>& owner) {
  auto array = std::make_shared<ArrayData>();
  array->length = from.length;
  array->null_count = from.null_count;
  array->offset = from.offset;
  array->buffers.assign(from.buffers, from.buffers + from.n_buffers);
  for (std::int64_t c = 0; c < from.n_children; ++c)
    array->children.push_back(ArrayOf(*from.children[c], owner));
  if (from.dictionary != nullptr) array->dictionary = ArrayOf(*from.dictionary, owner);
  array->owner = owner;
  return array;
}

// The rows of the column that are rows of the batch.
ArrayPtr Slice(ArrayPtr column, std::int64_t offset, std::int64_t length) {
  if (offset == 0 && column->length == length) return column;
  auto slice = std::make_shared<ArrayData>(*column);
  slice->offset += offset;
  slice->length = length;
  if (slice->null_count != 0) slice->null_count = -1;
  return slice;
}

// Whether a bit of the batch's own says that a row is null as a whole.
bool HasNullRows(const ArrowArray& batch) {
  if (batch.null_count == 0 || batch.n_buffers == 0 || batch.buffers[0] == nullptr) return false;
  const auto* bits = static_cast<const std::uint8_t*>(batch.buffers[0]);
  for (std::int64_t row = batch.offset; row < batch.offset + batch.length; ++row) {
    if ((bits[row / 8] >> row % 8 & 1) == 0) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<Table> Table::TakeOver(const ArrowSchema& schema, std::vector<OwnedArray> batches) {
  Field fields = FieldOf(schema);
  if (fields.format != "+s")
    return absl::InvalidArgumentError("table: is a column, not a table of named columns");
  Table table;
  table.columns_ = std::move(fields.children);
  for (OwnedArray& owned : batches) {
    if (static_cast<std::size_t>(owned->n_children) != table.columns_.size())
      return absl::InvalidArgumentError("table: a batch has other columns than the schema says");
    if (HasNullRows(*owned))
      return absl::InvalidArgumentError("table: a row is null as a whole; drop such rows");
    const auto owner = std::make_shared<OwnedArray>(std::move(owned));
    const ArrowArray& from = **owner;
    Batch batch;
    batch.rows = from.length;
    for (std::int64_t c = 0; c < from.n_children; ++c)
      batch.arrays.push_back(Slice(ArrayOf(*from.children[c], owner), from.offset, from.length));
    table.num_rows_ += batch.rows;
    table.batches_.push_back(std::move(batch));
  }
  return table;
}

absl::Status Table::AppendColumn(std::string name, Field type, std::vector<ArrayPtr> arrays) {
  if (arrays.size() != batches_.size())
    return absl::InvalidArgumentError("column: must have one array for each batch");
  for (std::size_t b = 0; b < arrays.size(); ++b) {
    if (arrays[b]->length != batches_[b].rows)
      return absl::InvalidArgumentError("column: must have a value for each row");
  }
  type.name = std::move(name);
  columns_.push_back(std::move(type));
  for (std::size_t b = 0; b < arrays.size(); ++b)
    batches_[b].arrays.push_back(std::move(arrays[b]));
  return absl::OkStatus();
}

// ---- to another consumer ----

namespace {

// Children and dictionary of what is handed out. The receiver may move any of them out: each is released where it still is.
template <class T>
struct Parts {
  std::vector<T> children;
  std::vector<T*> pointers;
  T dictionary{};

  explicit Parts(std::size_t count) : children(count), pointers(count) {
    for (std::size_t c = 0; c < count; ++c) pointers[c] = &children[c];
  }
  Parts(const Parts&) = delete;
  ~Parts() {
    for (T& child : children) {
      if (child.release != nullptr) child.release(&child);
    }
    if (dictionary.release != nullptr) dictionary.release(&dictionary);
  }
};

struct SchemaHeld {
  std::string name, format, metadata;
  Parts<ArrowSchema> parts;
};

struct ArrayHeld {
  ArrayPtr array;
  std::vector<const void*> buffers;
  Parts<ArrowArray> parts;
};

template <class T, class Held>
void Release(T* released) {
  delete static_cast<Held*>(released->private_data);
  released->release = nullptr;
}

// A table as it is read, batch by batch.
struct StreamHeld {
  Table table;
  std::size_t next = 0;
  std::string error;
};

ArrayPtr BatchOf(const Table& table, std::size_t batch) {
  std::vector<ArrayPtr> arrays;
  for (std::size_t c = 0; c < table.columns().size(); ++c) arrays.push_back(table.array(batch, c));
  return MakeArray<void>(table.batch_rows(batch), 0, nullptr, {nullptr}, std::move(arrays));
}

// Memory alone can fail.
template <class F>
int Try(ArrowArrayStream* stream, const F& f) {
  auto* held = static_cast<StreamHeld*>(stream->private_data);
  try {
    f(held);
    return 0;
  } catch (const std::bad_alloc&) {
    held->error = "out of memory";
    return ENOMEM;
  }
}

}  // namespace

void ExportSchema(const Field& field, ArrowSchema* out) {
  std::unique_ptr<SchemaHeld> held(new SchemaHeld{field.name, field.format, field.metadata,
                                                  Parts<ArrowSchema>(field.children.size())});
  for (std::size_t c = 0; c < field.children.size(); ++c)
    ExportSchema(field.children[c], &held->parts.children[c]);
  if (!field.dictionary.empty()) ExportSchema(field.dictionary[0], &held->parts.dictionary);
  *out = {.format = held->format.c_str(),
          .name = held->name.c_str(),
          .metadata = held->metadata.empty() ? nullptr : held->metadata.data(),
          .flags = field.flags,
          .n_children = static_cast<std::int64_t>(field.children.size()),
          .children = held->parts.pointers.data(),
          .dictionary = field.dictionary.empty() ? nullptr : &held->parts.dictionary,
          .release = &Release<ArrowSchema, SchemaHeld>,
          .private_data = nullptr};
  out->private_data = held.release();
}

void ExportArray(ArrayPtr array, ArrowArray* out) {
  std::unique_ptr<ArrayHeld> held(
      new ArrayHeld{array, array->buffers, Parts<ArrowArray>(array->children.size())});
  for (std::size_t c = 0; c < array->children.size(); ++c)
    ExportArray(array->children[c], &held->parts.children[c]);
  if (array->dictionary != nullptr) ExportArray(array->dictionary, &held->parts.dictionary);
  *out = {.length = array->length,
          .null_count = array->null_count,
          .offset = array->offset,
          .n_buffers = static_cast<std::int64_t>(array->buffers.size()),
          .n_children = static_cast<std::int64_t>(array->children.size()),
          .buffers = held->buffers.data(),
          .children = held->parts.pointers.data(),
          .dictionary = array->dictionary == nullptr ? nullptr : &held->parts.dictionary,
          .release = &Release<ArrowArray, ArrayHeld>,
          .private_data = nullptr};
  out->private_data = held.release();
}

void Table::ExportSchema(ArrowSchema* schema) const {
  Field all = TypeOf("+s");
  all.flags = 0;
  all.children = columns_;
  python::ExportSchema(all, schema);
}

void Table::Export(ArrowArrayStream* stream) const {
  stream->private_data = new StreamHeld{*this, 0, {}};
  stream->get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    return Try(self, [out](StreamHeld* held) { held->table.ExportSchema(out); });
  };
  stream->get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    return Try(self, [out](StreamHeld* held) {
      if (held->next == held->table.num_batches()) {
        out->release = nullptr;  // the end
        return;
      }
      ExportArray(BatchOf(held->table, held->next), out);
      ++held->next;
    });
  };
  stream->get_last_error = [](ArrowArrayStream* self) {
    const std::string& error = static_cast<StreamHeld*>(self->private_data)->error;
    return error.empty() ? nullptr : error.c_str();
  };
  stream->release = &Release<ArrowArrayStream, StreamHeld>;
}

// ---- rows ----

void TableBuilder::Add(std::string name, std::unique_ptr<Column> column) {
  Field field = column->type();
  field.name = std::move(name);
  table_.columns_.push_back(std::move(field));
  columns_.push_back(std::move(column));
}

void TableBuilder::EndRow() {
  ++rows_;
  for (const auto& column : columns_) {
    if (column->size() < rows_) column->AppendNull();
  }
  if (rows_ == kRowsABatch) EndBatch();
}

void TableBuilder::EndBatch() {
  Table::Batch batch;
  batch.rows = rows_;
  for (const auto& column : columns_) batch.arrays.push_back(column->Finish());
  table_.batches_.push_back(std::move(batch));
  table_.num_rows_ += rows_;
  rows_ = 0;
}

Table TableBuilder::Finish() && {
  if (rows_ > 0) EndBatch();
  for (const auto& column : columns_) column->Close();
  return std::move(table_);
}

nanobind::object ToPython(Table table) {
  return nanobind::module_::import_("polyonym.table")
      .attr("Table")(nanobind::cast(std::move(table)));
}

}  // namespace polyonym::python
