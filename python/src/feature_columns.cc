#include "feature_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/string_view.h"

namespace polyonym::python {

std::size_t DenseColumns::Add(std::string name) {
  names_.push_back(std::move(name));
  columns_.emplace_back();
  return columns_.size() - 1;
}

void DenseColumns::BeginPerson() {
  for (std::vector<double>& column : columns_)
    column.push_back(std::numeric_limits<double>::quiet_NaN());
}

SparseColumns::SparseColumns(Naming naming, double none, std::size_t most, std::string rest)
    : naming_(std::move(naming)), none_(none), most_(most), rest_(std::move(rest)) {}

SparseColumns::SparseColumns(Naming naming, double none, const std::vector<std::string>& occurring)
    : naming_(std::move(naming)), none_(none), fixed_(true), occurring_(occurring) {
  for (const std::string& one : occurring)
    codes_.emplace(one, static_cast<std::uint32_t>(codes_.size()));
}

void SparseColumns::Add(std::uint32_t person, std::string_view occurring, double number) {
  const absl::string_view key(occurring.data(), occurring.size());
  auto found = codes_.find(key);
  if (found == codes_.end()) {
    if (fixed_) return;
    found = codes_.try_emplace(key, static_cast<std::uint32_t>(codes_.size())).first;
    occurring_.emplace_back(occurring);
  }
  entries_.push_back({person, found->second, number});
}

void SparseColumns::Close() {
  std::vector<std::uint32_t> chosen(occurring_.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  const auto by_name = [this](std::uint32_t a, std::uint32_t b) {
    return occurring_[a] < occurring_[b];
  };
  const bool has_rest = !fixed_ && chosen.size() > most_;
  if (has_rest) {
    std::vector<std::size_t> count(occurring_.size());
    for (const Entry& entry : entries_) ++count[entry.code];
    std::sort(chosen.begin(), chosen.end(), [&](std::uint32_t a, std::uint32_t b) {
      return count[a] != count[b] ? count[a] > count[b] : by_name(a, b);
    });
    chosen.resize(most_);
  }
  if (!fixed_) std::sort(chosen.begin(), chosen.end(), by_name);
  columns_.assign(occurring_.size(), has_rest && !rest_.empty()
                                         ? static_cast<std::uint32_t>(chosen.size())
                                         : kNowhere);
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    columns_[chosen[c]] = static_cast<std::uint32_t>(c);
    names_.push_back(naming_.before + occurring_[chosen[c]] + naming_.behind);
  }
  if (has_rest && !rest_.empty()) names_.push_back(rest_);
}

void SparseColumns::Fill(std::size_t first, std::size_t width, std::size_t people,
                         double* matrix) const {
  for (std::size_t person = 0; person < people; ++person)
    std::fill_n(matrix + person * width + first, names_.size(), none_);
  for (const Entry& entry : entries_) {
    const std::uint32_t column = columns_[entry.code];
    if (column == kNowhere) continue;
    double& cell = matrix[entry.person * width + first + column];
    // Only the rest has several of one person.
    const bool is_set = !std::isnan(cell) && cell != none_;
    cell = is_set ? std::max(cell, entry.number) : entry.number;
  }
}

FeatureMatrix MakeMatrix(const DenseColumns& dense, std::vector<SparseColumns>* sparse,
                         std::size_t people) {
  FeatureMatrix out;
  for (std::size_t c = 0; c < dense.size(); ++c) out.names.push_back(dense.name(c));
  for (SparseColumns& columns : *sparse) {
    columns.Close();
    out.names.insert(out.names.end(), columns.names().begin(), columns.names().end());
  }
  const std::size_t width = out.names.size();
  out.numbers = std::make_unique_for_overwrite<double[]>(people * width);
  for (std::size_t person = 0; person < people; ++person) {
    for (std::size_t c = 0; c < dense.size(); ++c)
      out.numbers[person * width + c] = dense.number(c, person);
  }
  std::size_t first = dense.size();
  for (const SparseColumns& columns : *sparse) {
    columns.Fill(first, width, people, out.numbers.get());
    first += columns.names().size();
  }
  return out;
}

}  // namespace polyonym::python
