// crash/disk_journal.h - what was done to the files of a folder, in order; and what a power cut at any moment leaves of them.
//
// Bytes of a file are there once it was synced, and so is the name under which it was made, as ext4, XFS and Btrfs have it (RocksDB counts on it where it
// begins a MANIFEST); all other changes of names once their folder was synced. Behind that a cut takes what it likes: the end of a file, from any
// byte on or sector by sector; a new name, a renaming, a removal, in any order. After a sync that failed nothing more of that file is ever safe: the system
// may have dropped what it could not write.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_TESTS_CRASH_DISK_JOURNAL_H_
#define POLYONYM_TESTS_CRASH_DISK_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/random.h"

namespace polyonym::harness {

// Of names that were made, changed or removed since their folder was synced.
enum class Names : std::uint8_t { kLost, kKept, kFirst, kSome };

// Of bytes behind what of a file was synced.
enum class Tail : std::uint8_t {
  kLost,
  kKept,
  kTorn,     // kept up to some byte
  kZeroed,   // kept up to some sector; from there to some byte zeroes
  kGarbled,  // kept up to some sector; from there to some byte anything
  kSectors,  // some sectors are there, the others are zeroes
};
inline constexpr int kTailKinds = 6;

// What a cut takes. Not given: drawn, for each file anew.
struct Loss {
  std::optional<Names> names;
  std::optional<Tail> tail;
  std::string files;  // those alone whose names end so; of others all bytes are kept
};

// What a cut took.
struct Taken {
  std::size_t names = 0;              // changes of names
  std::uint64_t bytes = 0;            // that were written and not synced
  std::map<Tail, std::size_t> tails;  // files whose end is not what was written
  bool any() const { return names + tails.size() != 0; }
};

using FileNumber = std::size_t;

class DiskJournal {
 public:
  // What happens. Names are relative to the folder.
  FileNumber Create(const std::string& name);  // empty, in place of what had the name
  void Append(FileNumber file, std::string_view bytes);
  // In place of bytes that are there.
  void Overwrite(FileNumber file, std::uint64_t offset, std::string_view bytes);
  void Truncate(FileNumber file, std::uint64_t size);
  void SyncFile(FileNumber file);
  void FailSync(FileNumber file);
  void Link(const std::string& from, const std::string& to);
  void Rename(const std::string& from, const std::string& to);
  void Remove(const std::string& name);
  void SyncFolder();

  // Of everything that happened.
  std::size_t size() const { return events_.size(); }
  std::optional<FileNumber> Find(const std::string& name) const;
  std::uint64_t bytes() const { return bytes_; }  // of files that have a name
  // Names and contents, as a process sees them.
  std::map<std::string, std::string> Now() const;
  // Whether an event is the end of something that a cut may tear: a write, a sync, a renaming.
  std::string NameOf(std::size_t event) const;

  // Writes to a new folder what a cut leaves that comes when the first `events` have happened.
  Taken Cut(std::size_t events, const Loss& loss, Random& random, const std::string& folder) const;

 private:
  struct Event {
    enum class Kind : std::uint8_t {
      kCreate,
      kAppend,
      kOverwrite,
      kTruncate,
      kSyncFile,
      kFailSync,
      kLink,
      kRename,
      kRemove,
      kSyncFolder
    };
    Kind kind;
    FileNumber file = 0;
    std::uint64_t size = 0;  // kTruncate; kOverwrite: the offset
    std::string bytes;
    std::string from;
    std::string to;
  };
  struct File {
    std::string bytes;
    std::uint64_t synced = 0;
    bool doomed = false;  // a sync of it failed
    // What was overwritten and may come back: offsets, and bytes as they were.
    std::vector<std::pair<std::uint64_t, std::string>> before;
  };
  using NamesOfFiles = std::map<std::string, FileNumber>;
  struct State {
    std::vector<File> files;
    NamesOfFiles now;
    NamesOfFiles stable;
    std::vector<const Event*> unsynced;  // changes of names
  };

  static void ApplyName(const Event& event, NamesOfFiles* names);
  static void Apply(const Event& event, State* state);
  State StateAt(std::size_t events) const;
  void Add(Event event);

  std::vector<Event> events_;
  NamesOfFiles now_;
  std::vector<std::uint64_t> sizes_;
  std::vector<std::uint32_t> links_;  // names that a file has
  std::uint64_t bytes_ = 0;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_DISK_JOURNAL_H_
