#include "engine/index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string>
#include <utility>

namespace polyonym::engine {

void Index::UseMemory(std::shared_ptr<PageMemory> paged) {
  memory = std::move(paged);
  nodes.UseMemory(memory.get());
  profiles.UseMemory(memory.get());
  links.UseMemory(memory.get());
  mentions.UseMemory(memory.get());
  records.UseMemory(memory.get());
  renames.UseMemory(memory.get());
  values.UseMemory(memory.get());
  dictionary.UseMemory(memory.get());
  pairs.UseMemory(memory.get());
  record_keys.UseMemory(memory.get());
}

void Index::Begin(std::uint64_t commit) {
  nodes.Begin(commit);
  profiles.Begin(commit);
  links.Begin(commit);
  mentions.Begin(commit);
  records.Begin(commit);
  renames.Begin(commit);
}

void Index::GiveBack(std::uint64_t last) {
  mentions.GiveBack(last);
  records.GiveBack(last);
}

void Index::Reclaim(std::uint64_t oldest) {
  nodes.Reclaim(oldest);
  profiles.Reclaim(oldest);
  links.Reclaim(oldest);
  mentions.Reclaim(oldest);
  records.Reclaim(oldest);
  renames.Reclaim(oldest);
  values.Reclaim(oldest);
}

ResidentBytes Index::bytes() const {
  return {.identifiers = nodes.bytes(),
          .profiles = profiles.bytes(),
          .links = links.bytes(),
          .mentions = mentions.bytes(),
          .records = records.bytes(),
          .renames = renames.bytes(),
          .values = values.bytes(),
          .identifier_hashes = dictionary.bytes(),
          .link_hashes = pairs.bytes(),
          .record_hashes = record_keys.bytes()};
}

bool Index::HasRoom() const {
  constexpr std::uint64_t kRoom = (std::uint64_t{1} << 32) - (std::uint64_t{1} << 28);
  return nodes.size() < kRoom && profiles.size() < kRoom && links.size() < kRoom &&
         mentions.size() < kRoom && records.size() < kRoom;
}

std::uint64_t Index::Cut(std::uint64_t hash) const {
  return hash_bits >= 64 ? hash : hash & ((std::uint64_t{1} << hash_bits) - 1);
}

std::uint64_t Index::HashValue(Kind kind, std::string_view value) const {
  return Cut(
      XXH3_64bits_withSeed(value.data(), value.size(), seed + 0x9e3779b97f4a7c15u * (kind + 1)));
}

std::uint64_t Index::HashPair(Node a, Node b) const {
  const std::uint64_t both = a < b ? std::uint64_t{a} << 32 | b : std::uint64_t{b} << 32 | a;
  return Cut(XXH3_64bits_withSeed(&both, sizeof both, seed));
}

std::uint64_t Index::HashSource(std::string_view source) const {
  return XXH3_64bits_withSeed(source.data(), source.size(), seed);
}

std::uint64_t Index::HashRecordKey(std::uint64_t source_hash, std::string_view id) const {
  return Cut(XXH3_64bits_withSeed(id.data(), id.size(), source_hash));
}

}  // namespace polyonym::engine
