#include "segment/value_sets.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

namespace polyonym::segment {
namespace {

// What the facts would hold. REQUIRES: no span of time, and money of one currency: there are no others in facts.
struct Owner {
  Value operator()(std::string_view text) const { return {std::string(text)}; }
  Value operator()(List list) const { return {ValueList(list.begin(), list.end())}; }
  Value operator()(Duration duration) const { return {duration.ms}; }
  Value operator()(const Amounts& money) const {
    if (money.of.empty()) return {};
    return {Money{money.of.front().minor_units, std::string(money.of.front().currency)}};
  }
  template <class Plain>
  Value operator()(const Plain& plain) const {
    return {plain};
  }
};

}  // namespace

std::uint32_t ValueSets::NumberOf(const Datum& value) {
  const auto found = numbers_.find(value);
  if (found != numbers_.end()) return found->second;
  const auto at = numbers_.emplace(std::visit(Owner(), value), 0).first;
  if (free_.empty()) {
    at->second = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({at, {}});
  } else {
    at->second = free_.back();
    free_.pop_back();
    entries_[at->second].at = at;
  }
  return at->second;
}

void ValueSets::Add(std::uint32_t number, std::uint32_t person) {
  entries_[number].people.Add(person);
}

void ValueSets::Remove(std::uint32_t number, std::uint32_t person) {
  Entry& entry = entries_[number];
  entry.people.Remove(person);
  if (!entry.people.empty()) return;
  numbers_.erase(std::exchange(entry.at, numbers_.end()));
  entry.people = IdSet();
  free_.push_back(number);
}

const IdSet* ValueSets::Find(const Datum& value) const {
  const auto at = numbers_.find(value);
  return at == numbers_.end() ? nullptr : &entries_[at->second].people;
}

IdSet ValueSets::Where(Predicate is) const {
  std::vector<People> found;
  for (const auto& [value, number] : numbers_) {
    if (is(Read(value)) == true) found.push_back(People::Borrowed(entries_[number].people));
  }
  return found.empty() ? IdSet() : Union(std::move(found)).TakeOf({});
}

void ValueSets::Optimise() {
  for (Entry& entry : entries_) entry.people.Optimise();
}

std::size_t ValueSets::bytes() const {
  constexpr std::size_t kNode = 32;  // of the map, beside what it holds
  std::size_t bytes = entries_.capacity() * sizeof(Entry) + free_.capacity() * sizeof(free_[0]);
  for (const auto& [value, number] : numbers_) {
    bytes += kNode + sizeof(Numbers::value_type) + entries_[number].people.bytes();
    if (const auto* text = std::get_if<std::string>(&value.is)) bytes += text->capacity();
  }
  return bytes;
}

void SingleValues::Put(std::uint32_t person, const Datum& value) {
  const std::uint32_t number = sets_.NumberOf(value);
  const std::optional<std::int64_t> before = number_of_.Get(person);
  if (before == number) return;
  sets_.Add(number, person);
  if (before) sets_.Remove(static_cast<std::uint32_t>(*before), person);
  number_of_.Put(person, number);
}

void SingleValues::Remove(std::uint32_t person) {
  const std::optional<std::int64_t> before = number_of_.Get(person);
  if (!before) return;
  sets_.Remove(static_cast<std::uint32_t>(*before), person);
  number_of_.Remove(person);
}

void SingleValues::Optimise() {
  sets_.Optimise();
  number_of_.Optimise();
}

void ListedValues::Put(std::uint32_t person, List list) {
  known_.Add(person);
  Elements elements;
  for (const Value& element : list) {
    const Datum value = Read(element);
    if (IsUnknown(value)) continue;  // an element that is nothing equals nothing
    const std::uint32_t number = sets_.NumberOf(value);
    sets_.Add(number, person);
    elements.push_back(number);
  }
  std::sort(elements.begin(), elements.end());
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  const auto at = elements_of_.find(person);
  if (at == elements_of_.end()) {
    if (!elements.empty()) elements_of_.emplace(person, std::move(elements));
    return;
  }
  Elements gone;
  std::set_difference(at->second.begin(), at->second.end(), elements.begin(), elements.end(),
                      std::back_inserter(gone));
  Drop(gone, person);
  if (elements.empty()) {
    elements_of_.erase(at);
  } else {
    at->second = std::move(elements);
  }
}

void ListedValues::Remove(std::uint32_t person) {
  if (!known_.Remove(person)) return;
  const auto at = elements_of_.find(person);
  if (at == elements_of_.end()) return;
  Drop(at->second, person);
  elements_of_.erase(at);
}

void ListedValues::Drop(const Elements& elements, std::uint32_t person) {
  for (const std::uint32_t number : elements) sets_.Remove(number, person);
}

void ListedValues::Optimise() {
  sets_.Optimise();
  known_.Optimise();
}

std::size_t ListedValues::bytes() const {
  std::size_t bytes = sets_.bytes() + known_.bytes();
  bytes += elements_of_.capacity() * (sizeof(decltype(elements_of_)::value_type) + 1);
  for (const auto& [person, elements] : elements_of_)
    bytes += elements.capacity() * sizeof(std::uint32_t);
  return bytes;
}

}  // namespace polyonym::segment
