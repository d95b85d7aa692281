#include "engine/acts.h"

#include <algorithm>

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
  for (const Node name : {act.from, act.to}) {
    auto& acts = renames_of[name];
    const auto at = std::lower_bound(acts.begin(), acts.end(), record);
    if (at == acts.end() || *at != record) acts.insert(at, record);
  }
  renames.emplace(record, act);
}

void Acts::RemoveRename(std::uint32_t record) {
  const auto at = renames.find(record);
  if (at == renames.end()) return;
  for (const Node name : {at->second.from, at->second.to}) {
    const auto acts = renames_of.find(name);
    if (acts == renames_of.end()) continue;
    acts->second.erase(std::remove(acts->second.begin(), acts->second.end(), record),
                       acts->second.end());
    if (acts->second.empty()) renames_of.erase(acts);
  }
  renames.erase(at);
}

}  // namespace polyonym::engine
