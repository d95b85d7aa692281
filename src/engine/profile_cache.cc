#include "engine/profile_cache.h"

#include <utility>

namespace polyonym::engine {
namespace {

constexpr std::size_t kTexts = 64;  // of one or some

std::size_t BytesOf(const Facts& facts) {
  std::size_t bytes = kTexts + facts.traits.size() * (sizeof(Trait) + kTexts) +
                      facts.tags.size() * (sizeof(Tag) + kTexts) +
                      facts.relations.size() * (sizeof(RelationFact) + kTexts) +
                      facts.consents.size() * (sizeof(Consent) + kTexts);
  for (const Event& event : facts.events)
    bytes += sizeof(event) + kTexts + event.properties.size() * (sizeof(Value) + 2 * kTexts);
  return bytes;
}

std::size_t BytesOf(const PersonFacts& person) {
  std::size_t bytes = sizeof(person);
  for (const FactRow& row : person.rows) bytes += engine::BytesOf(row);
  for (const AmbiguousFacts& told : person.ambiguous) {
    bytes +=
        sizeof(told) + (told.here.size() + told.elsewhere.size()) * (sizeof(Identifier) + kTexts);
    bytes += BytesOf(told.facts);
  }
  return bytes;
}

}  // namespace

std::size_t BytesOf(const FactRow& row) { return sizeof(row) + BytesOf(row.facts); }

ProfileCache::Entry ProfileCache::Find(Node root) {
  if (bytes_a_shard_ == 0) return {};
  Shard& shard = ShardOf(root);
  const std::lock_guard lock(shard.mutex);
  const auto at = shard.by_root.find(root);
  if (at == shard.by_root.end()) return {};
  shard.kept.splice(shard.kept.begin(), shard.kept, at->second);
  return at->second->entry;
}

std::size_t ProfileCache::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

void ProfileCache::Put(Node root, Entry entry) {
  const std::size_t bytes = BytesOf(*entry.facts);
  if (bytes > bytes_a_shard_) return;
  Shard& shard = ShardOf(root);
  std::list<Kept> gone;  // freed without the lock
  const std::lock_guard lock(shard.mutex);
  const auto drop = [&](std::list<Kept>::iterator at) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    shard.bytes -= at->bytes;
    shard.by_root.erase(at->root);
    gone.splice(gone.begin(), shard.kept, at);
  };
  if (const auto at = shard.by_root.find(root); at != shard.by_root.end()) {
    if (at->second->entry.sequence > entry.sequence) return;
    drop(at->second);
  }
  shard.kept.push_front({root, std::move(entry), bytes});
  shard.by_root[root] = shard.kept.begin();
  shard.bytes += bytes;
  while (shard.bytes > bytes_a_shard_) drop(std::prev(shard.kept.end()));
}

}  // namespace polyonym::engine
