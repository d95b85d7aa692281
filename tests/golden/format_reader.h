// golden/format_reader.h - docs/format.md read by hand: nothing of the library's own reading and writing is used.
//
// What does not read as the document says throws std::runtime_error with what was wrong.
#ifndef POLYONYM_TESTS_GOLDEN_FORMAT_READER_H_
#define POLYONYM_TESTS_GOLDEN_FORMAT_READER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/model/change.h"
#include "polyonym/model/record.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

// The envelope's payload.
std::string OpenEnvelope(std::string_view key, std::string_view value, int version = 1);

struct LoggedFrame {
  int kind = 0;
  std::uint64_t sequence = 0;
  std::uint64_t graph = 0;  // of a policy
  std::string graph_name;
  std::string policy;
  std::int64_t clock_ms = 0;
  std::string source;  // of a horizon
  std::int64_t before_ms = 0;
  std::uint64_t first_record = 0;
  // With ids and versions filled in; of one that was folded nothing is left, not even a source.
  std::vector<Record> records;
};
LoggedFrame ReadLoggedFrame(std::string_view payload);

struct FeedChanges {
  std::vector<Change> changes;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> before;  // of those that say who is who
  std::int64_t now_ms = 0;
};
FeedChanges ReadFeedChanges(std::uint64_t sequence, std::string_view payload, int version);

struct Manifest {
  std::string graph_name;
  std::uint64_t seed, hash_bits, sequence, nodes, links, profiles, mentions, records, renames,
      end_of_values, last_frame, standing_records, held_records, live_identifiers, live_nodes,
      merged_away, shared, live_links, refused_links, policy_version, rank_epoch;
  std::int64_t clock_ms, newest_ms;
  std::uint64_t folded_at, folded;
  std::map<std::string, std::int64_t> horizons;
  std::string policy;
  std::vector<std::string> namespaces;
  std::vector<std::string> families;
  // What is kept of segments; nothing of it in a manifest of before there were any.
  std::size_t bytes_before_segments;  // of the payload
  bool segments_are_kept;
  std::uint64_t dues, next_slot;
  std::vector<std::uint64_t> slots;  // by segment, as the policy defines them
};
Manifest ReadManifest(std::string_view payload);

// The ids of a chunk of a set, without what its key says of them.
std::set<std::uint64_t> ReadChunk(std::string_view bytes);

// One graph of a store: its feed, and the last checkpoint of it.
class DocumentedGraph {
 public:
  const std::map<std::uint64_t, FeedChanges>& feed() const { return feed_; }
  const Manifest& manifest() const { return manifest_; }

  // A field of a cell, by its offset.
  enum Part {
    kNodes = 1,
    kProfiles,
    kLinks,
    kMentions,
    kRecords,
    kRenames,
    kValues,
    kDues,
    kMembers
  };
  std::uint64_t Field(Part part, std::uint64_t cell, std::size_t offset,
                      std::size_t bytes = 4) const;
  // The value at a place of the arena.
  std::string ValueAt(std::uint64_t place) const;
  // Profiles that are in a segment, by its slot.
  std::set<std::uint64_t> MembersOf(std::uint64_t slot) const;
  // Whose rows there are, of segments that are no more too.
  std::set<std::uint64_t> SlotsWithRows() const;

 private:
  friend class DocumentedStore;

  std::map<std::uint64_t, FeedChanges> feed_;
  Manifest manifest_{};
  std::map<std::pair<int, std::uint64_t>, std::string> state_;  // (part, block) → payload
};

// Everything in a store.
class DocumentedStore {
 public:
  explicit DocumentedStore(const Store& store);

  std::uint64_t salt() const { return salt_; }
  std::uint64_t cleaned_at() const { return cleaned_at_; }
  const std::map<std::uint64_t, LoggedFrame>& frames() const { return frames_; }
  const std::map<std::uint64_t, DocumentedGraph>& graphs() const { return graphs_; }

 private:
  void ReadFeed(const std::string& key, int version, const std::string& payload);
  void ReadState(const std::string& key, const std::string& payload);

  std::uint64_t salt_ = 0;
  std::uint64_t cleaned_at_ = 0;
  std::map<std::uint64_t, LoggedFrame> frames_;
  std::map<std::uint64_t, DocumentedGraph> graphs_;
};

// The keyed hash of a source, and of a source and a record's id.
std::uint64_t KeyedHash(std::uint64_t salt, std::string_view source);
std::uint64_t KeyedHash(std::uint64_t salt, std::string_view source, std::string_view id);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_GOLDEN_FORMAT_READER_H_
