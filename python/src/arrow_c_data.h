// arrow_c_data.h - the structures of the Arrow C data and stream interfaces, and owners for them.
//
// They are an ABI that every Arrow library shares, so that none needs another's headers.
// SOURCE: Apache Arrow, "The Arrow C data interface", "The Arrow C stream interface", "The Arrow PyCapsule interface".
#ifndef POLYONYM_PYTHON_ARROW_C_DATA_H_
#define POLYONYM_PYTHON_ARROW_C_DATA_H_

#include <cstdint>
#include <utility>

// Other Arrow headers in one program define the same under the same guards.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

namespace polyonym::python {

// Owns one of the three: releases it in the end. Moved as the interface says: the source is marked released.
template <class T>
class ArrowOwner {
 public:
  ArrowOwner() = default;
  // Takes it over.
  explicit ArrowOwner(T* from) : held_(*from) { from->release = nullptr; }
  ArrowOwner(ArrowOwner&& other) noexcept : held_(std::exchange(other.held_, T{})) {}
  ArrowOwner& operator=(ArrowOwner&& other) noexcept {
    if (this != &other) {
      Release();
      held_ = std::exchange(other.held_, T{});
    }
    return *this;
  }
  ~ArrowOwner() { Release(); }

  explicit operator bool() const { return held_.release != nullptr; }
  T* get() { return &held_; }
  const T* get() const { return &held_; }
  T* operator->() { return &held_; }
  const T* operator->() const { return &held_; }
  const T& operator*() const { return held_; }

  // For a producer to fill; what was held is released.
  T* Fill() {
    Release();
    return &held_;
  }
  // Gives it away, by the rule of a move.
  void MoveTo(T* to) { *to = std::exchange(held_, T{}); }

 private:
  void Release() {
    if (held_.release != nullptr) held_.release(&held_);
    held_ = T{};
  }

  T held_{};
};

using OwnedSchema = ArrowOwner<ArrowSchema>;
using OwnedArray = ArrowOwner<ArrowArray>;
using OwnedStream = ArrowOwner<ArrowArrayStream>;

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ARROW_C_DATA_H_
