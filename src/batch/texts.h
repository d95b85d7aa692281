// batch/texts.h - values as they lie in the caller's memory, and the namespaces that they are of.
#ifndef POLYONYM_SRC_BATCH_TEXTS_H_
#define POLYONYM_SRC_BATCH_TEXTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/name_table.h"
#include "polyonym/identity/limits.h"

namespace polyonym::batch {

using identity::Kind;
using identity::kNone;

// A value of a namespace; none where `kind` is kNone.
struct Text {
  const char* data = nullptr;
  std::uint32_t size = 0;
  Kind kind = kNone;
  std::string_view view() const { return {data, size}; }
  bool operator==(const Text& other) const { return kind == other.kind && view() == other.view(); }
};

// Namespaces with their scopes, numbered in any order: nothing may depend on it.
// THREADS: thread-safe.
class Kinds {
 public:
  struct Known {
    std::string_view ns;  // as long as the object
    Kind kind = kNone;
    std::uint64_t seed = 0;  // what its values are hashed with: of its name, not of its number
  };
  explicit Kinds(std::uint64_t seed) : seed_(seed) {}
  Known Add(std::string_view ns);
  std::string_view NameOf(Kind kind) const;
  // By kind.
  std::vector<Known> all() const;
  std::vector<std::string> names() const;

 private:
  const std::uint64_t seed_;
  mutable std::mutex mutex_;
  std::deque<std::string> names_;
  absl::flat_hash_map<std::string_view, Known> index_;
};

// What one thread met last, so that it asks Kinds seldom.
class KindCache {
 public:
  explicit KindCache(Kinds* kinds) : kinds_(kinds) {}
  const Kinds::Known& Of(std::string_view ns) {
    Kinds::Known& known = known_[PlaceOfName<kPlaces>(ns)];
    if (known.kind == kNone || known.ns != ns) known = kinds_->Add(ns);
    return known;
  }

 private:
  static constexpr std::size_t kPlaces = 64;
  Kinds* kinds_;
  std::array<Kinds::Known, kPlaces> known_;
};

// Texts in a row, as cells: batch/numbering.h.
class TextsOf {
 public:
  TextsOf(std::span<const Text> texts, const Kinds& kinds) : texts_(texts), kinds_(kinds.all()) {}
  std::size_t size() const { return texts_.size(); }

  class Reader {
   public:
    explicit Reader(const TextsOf& of) : of_(of) {}
    template <class F>
    void Read(std::size_t from, std::size_t to, const F& f) const {
      for (std::size_t i = from; i < to; ++i) {
        const Text& text = of_.texts_[i];
        if (text.kind != kNone) f(i, text, of_.kinds_[text.kind].seed);
      }
    }
    const Text& TextAt(std::uint32_t i) const { return of_.texts_[i]; }
    Kind KindOf(std::uint32_t i) const { return of_.texts_[i].kind; }

   private:
    const TextsOf& of_;
  };

 private:
  std::span<const Text> texts_;
  std::vector<Kinds::Known> kinds_;
};

// Bytes that stay where they are.
// THREADS: single-threaded.
class TextStore {
 public:
  const char* Keep(std::string_view text) {
    if (text.size() > left_) {
      left_ = std::max(text.size(), std::size_t{1} << 16);
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
      next_ = blocks_.back().get();
    }
    char* at = next_;
    std::memcpy(at, text.data(), text.size());
    next_ += text.size();
    left_ -= text.size();
    return at;
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_TEXTS_H_
