// feature_columns.h - what is known of everybody as columns of numbers, for models that learn from them.
//
// Columns are gathered in one pass, person by person, and then laid out as a matrix: which columns there are is known only in the end.
#ifndef POLYONYM_PYTHON_FEATURE_COLUMNS_H_
#define POLYONYM_PYTHON_FEATURE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace polyonym::python {

// Columns that each have a number for nearly everybody.
class DenseColumns {
 public:
  // The place of a new column; nobody has a number in it yet.
  std::size_t Add(std::string name);
  void BeginPerson();
  // REQUIRES: a number is given at most once a person.
  void Set(std::size_t place, double number) { columns_[place].back() = number; }

  std::size_t size() const { return columns_.size(); }
  const std::string& name(std::size_t place) const { return names_[place]; }
  double number(std::size_t place, std::size_t person) const { return columns_[place][person]; }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> columns_;  // NaN: none
};

// Columns that few people have a number in, one for each of what occurs: categories of text, tags, currencies.
class SparseColumns {
 public:
  struct Naming {
    std::string before, behind;  // around what occurs
  };
  // `none`: the number of who has none. `most`: so many columns, of what most people have; the rest goes to one column more, the greatest number
  // of it, where `rest` names one.
  SparseColumns(Naming naming, double none, std::size_t most, std::string rest);
  // Exactly these columns, in this order, whether they occur or not; nothing else is kept.
  SparseColumns(Naming naming, double none, const std::vector<std::string>& occurring);

  void Add(std::uint32_t person, std::string_view occurring, double number);

  // After the last Add(): decides on the columns, by name where they were not given.
  void Close();
  const std::vector<std::string>& names() const { return names_; }
  // Into columns [first, first + names().size()) of `width`, a row a person.
  void Fill(std::size_t first, std::size_t width, std::size_t people, double* matrix) const;

 private:
  struct Entry {
    std::uint32_t person;
    std::uint32_t code;
    double number;
  };
  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};

  Naming naming_;
  double none_;
  std::size_t most_ = 0;
  std::string rest_;
  bool fixed_ = false;
  absl::flat_hash_map<std::string, std::uint32_t> codes_;
  std::vector<std::string> occurring_;  // by code
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> columns_;  // by code; kNowhere: none
  std::vector<std::string> names_;
};

struct FeatureMatrix {
  std::vector<std::string> names;
  std::unique_ptr<double[]> numbers;  // row by row, a row a person
};

// Dense columns first, then each of the sparse ones; these are closed.  COST: the matrix, besides what the columns hold.
FeatureMatrix MakeMatrix(const DenseColumns& dense, std::vector<SparseColumns>* sparse,
                         std::size_t people);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_FEATURE_COLUMNS_H_
