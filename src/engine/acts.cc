#include "engine/acts.h"

namespace polyonym::engine {
namespace {

template <class Map, class Key>
std::optional<std::int64_t> Last(const Map& map, const Key& key) {
  const auto at = map.find(key);
  if (at == map.end()) return std::nullopt;
  return *at->second.rbegin();
}

// Takes one of `value` out of the set under `key`; no set stays empty.
template <class Map, class Key, class Value>
void RemoveOne(Map& map, const Key& key, const Value& value) {
  const auto at = map.find(key);
  if (at == map.end()) return;
  if (const auto one = at->second.find(value); one != at->second.end()) at->second.erase(one);
  if (at->second.empty()) map.erase(at);
}

}  // namespace

void Acts::AddUnbind(Node a, Node b, std::int64_t time_ms) {
  unbinds[MakePair(a, b)].insert(time_ms);
  unbound_from[a].insert(b);
  unbound_from[b].insert(a);
}

void Acts::RemoveUnbind(Node a, Node b, std::int64_t time_ms) {
  RemoveOne(unbinds, MakePair(a, b), time_ms);
  RemoveOne(unbound_from, a, b);
  RemoveOne(unbound_from, b, a);
}

std::optional<std::int64_t> Acts::UnboundUntil(Node a, Node b) const {
  return Last(unbinds, MakePair(a, b));
}

void Acts::RemoveDeletion(Node n, std::int64_t time_ms) { RemoveOne(deletions, n, time_ms); }

std::optional<std::int64_t> Acts::DeletedUntil(Node n) const { return Last(deletions, n); }

void Acts::RemoveSourceDeletion(const std::string& source, std::int64_t time_ms) {
  RemoveOne(source_deletions, source, time_ms);
}

std::optional<std::int64_t> Acts::SourceDeletedUntil(std::string_view source) const {
  return Last(source_deletions, source);
}

void Acts::AddApart(Node a, Node b) {
  apart_from[a].insert(b);
  apart_from[b].insert(a);
}

void Acts::RemoveApart(Node a, Node b) {
  RemoveOne(apart_from, a, b);
  RemoveOne(apart_from, b, a);
}

void Acts::AddRename(std::uint32_t record, RenameAct act) {
  renames_of[act.from].insert(record);
  renames_of[act.to].insert(record);
  renames.emplace(record, std::move(act));
}

void Acts::RemoveRename(std::uint32_t record) {
  const auto at = renames.find(record);
  if (at == renames.end()) return;
  RemoveOne(renames_of, at->second.from, record);
  RemoveOne(renames_of, at->second.to, record);
  renames.erase(at);
}

}  // namespace polyonym::engine
