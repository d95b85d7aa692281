// engine/log.h - the packed record log: the truth on disk.
//
// Records and policies are appended as frames of about 4 KB under ascending keys (the frame's number, 8 bytes big-endian). Byte
// layout in docs/format.md. A record is addressed by frame << 16 | place. An Apply's frames go to the store
// in one commit; until then they can be read here.
//
// THREADS: a Log is the writer's, reading included; the free functions are thread-safe.
#ifndef POLYONYM_SRC_ENGINE_LOG_H_
#define POLYONYM_SRC_ENGINE_LOG_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/record.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

enum class FrameKind : std::uint8_t {
  kRecords = 1,
  kPolicy = 2,
  kClock = 3,
  kHorizon = 4,
  kFolded = 5,  // records that stand for others
  kErase = 6,   // records that go, for privacy's sake; behind it come those that are left of them
};

// Of a frame's kind, added to it: keys of some of what its records said were destroyed since (keyed_rows.h). Such identifiers have no value, such
// facts are left out, and a record that is named by its content is named by its place. Never stored.
inline constexpr std::uint8_t kSomeIsLost = 0x80;
// Before the number of a record that was named by its content.
inline constexpr std::string_view kLostId = "\x1flost ";

// Bits of a record's head byte, above the act's four.
struct RecordHead {
  static constexpr std::uint8_t kAct = 0x0f;
  static constexpr std::uint8_t kOwnId = 0x10;  // the id is the content's hash, and is not written
  static constexpr std::uint8_t kVersion = 0x20;  // the version differs from the time
  static constexpr std::uint8_t kFacts = 0x40;
  static constexpr std::uint8_t kTime = 0x80;
};

// Whether an identifier of the record cannot be read any more; or that, or somebody whom a relation of it is to. What a host sends has names.
bool HasLostName(const Record& record);
bool IsLossy(const Record& record);

// A record that goes.
struct GoneRecord {
  enum class Left : std::uint8_t {
    kNothing = 0,
    kFewerFacts = 1,  // a record of the same identifiers comes for it
    kRecord = 2,      // a record of fewer identifiers does
  };
  std::uint32_t index = 0;  // its number, less 1
  Left left = Left::kNothing;
  friend bool operator==(const GoneRecord&, const GoneRecord&) = default;
};

struct Frame {
  FrameKind kind = FrameKind::kRecords;
  std::uint64_t sequence = 0;      // of the Apply
  std::uint64_t first_record = 0;  // number of the first record in it
  bool lossy = false;              // kSomeIsLost
  // With id, time and version filled in; but nothing is left of one that was folded: it has no source.
  std::vector<Record> records;
  std::string policy;            // kPolicy: polyonym.v1.Policy bytes
  std::uint32_t graph = 0;       // kPolicy: number of the lens that it is for
  std::string graph_name;        // and the name of its graph
  std::int64_t clock_ms = 0;     // kClock
  std::string source;            // kHorizon
  std::int64_t before_ms = 0;    // kHorizon: its records before this were folded
  std::vector<GoneRecord> gone;  // kErase: each once, ascending
  std::vector<std::vector<std::uint32_t>>
      names;  // kErase: of each graph, nodes that are wiped, ascending
};

inline bool HoldsRecords(const Frame& frame) {
  return frame.kind == FrameKind::kRecords || frame.kind == FrameKind::kFolded;
}

std::string FrameKey(std::uint64_t frame);
std::uint64_t FrameNumber(std::string_view key);  // 0 for what is no frame's key
// ERRORS: DataLoss for anything that Log did not write.
absl::StatusOr<Frame> DecodeFrame(std::uint64_t number, std::string_view bytes);
// A frame as DecodeFrame() gives it, but for its records, which are passed over.  ERRORS: as DecodeFrame().
absl::StatusOr<Frame> DecodeConditions(std::uint64_t number, std::string_view bytes);
// The record at a place of a frame alone; the others are skipped.  ERRORS: as DecodeFrame(), DataLoss where it has none there,
// OutOfRange where it was folded.
absl::StatusOr<Record> DecodeRecordOfFrame(std::uint64_t number, std::string_view bytes,
                                           std::uint64_t place);

// A frame without the records at some places, which keep their places.  ERRORS: as DecodeFrame().
absl::StatusOr<std::string> WithoutRecords(
    std::uint64_t number, std::string_view bytes,
    const std::function<bool(std::uint64_t first_record, std::uint64_t place)>& goes);

// Records of frames that are in the store. A frame is read and opened once as long as its records are asked for one after the other.
class FrameReader {
 public:
  explicit FrameReader(const Store* store);
  ~FrameReader();
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;

  // ERRORS: DataLoss, OutOfRange (it was folded).
  absl::StatusOr<Record> Read(std::uint64_t location);

 private:
  struct Opened;
  const Store* store_;
  std::unique_ptr<Opened> opened_;
};

class Log {
 public:
  static constexpr std::size_t kFrameBytes = 4096;  // a frame is closed when it reaches this
  static constexpr std::size_t kFrameRecords = 1024;

  explicit Log(const Store* store);
  ~Log();

  // Frames up to `last` exist in the store.
  void StartAfter(std::uint64_t last) { sealed_ = last; }
  std::uint64_t last_frame() const { return sealed_; }

  // Appends a record whose id is filled in; returns where it will be found. `own_id`: its id is its content's hash, and is not
  // written.
  std::uint64_t Append(std::uint64_t sequence, std::uint64_t number, const Record& record,
                       bool own_id);
  void AppendPolicy(std::uint64_t sequence, std::string_view policy, std::uint32_t graph = 0,
                    std::string_view graph_name = {});
  void AppendClock(std::uint64_t sequence, std::int64_t clock_ms);
  void AppendHorizon(std::uint64_t sequence, std::string_view source, std::int64_t before_ms);
  // REQUIRES: as Frame::gone and Frame::names.
  void AppendErase(std::uint64_t sequence, const std::vector<GoneRecord>& gone,
                   const std::vector<std::vector<std::uint32_t>>& names);
  // Frames in the store were changed.
  void ForgetFrames() { frames_ = FrameReader(store_); }

  // Closes the open frame. Frames closed since the last Release() go to `writes`.
  void Seal();
  void MoveTo(WriteSet* writes);
  // The same, to a sorted run.
  absl::Status WriteTo(const Store::RowSink& add);
  // What was moved or written is in the store now.
  void Release();
  std::uint64_t bytes_written() const { return bytes_written_; }
  // Of frames closed since the last Release().
  std::uint64_t pending_bytes() const { return pending_bytes_; }
  // Records, policies and clocks appended since it was made.
  std::uint64_t appended() const { return appended_; }

  // The record at a place, from the open frame, the closed ones, or the store.  ERRORS: DataLoss, OutOfRange (it was folded).
  absl::StatusOr<Record> ReadRecord(std::uint64_t location) const;
  // The same through the caller's reader of the store, so that several may read at once while nobody appends.
  absl::StatusOr<Record> ReadRecord(std::uint64_t location, FrameReader* frames) const;

 private:
  static constexpr std::size_t kNamePlaces = 64;

  const Store* store_;
  std::uint64_t sealed_ = 0;  // number of the last closed frame
  // The open frame.
  std::uint64_t open_sequence_ = 0;
  std::uint64_t open_first_ = 0;
  FrameKind open_kind_ = FrameKind::kRecords;
  std::vector<std::string> names_;  // sources and namespaces, in order of first use
  std::string bodies_;
  std::vector<std::size_t> places_;  // where each record's text begins in bodies_
  // One of those names by its PlaceOfName(), where it is known there.
  std::array<std::uint16_t, kNamePlaces> name_at_{};
  std::string body_;                              // reused; as long as the longest was
  std::map<std::uint64_t, std::string> pending_;  // closed, not yet in the store
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t appended_ = 0;
  mutable FrameReader frames_;  // of the store

  std::uint64_t NameIndex(std::string_view name);
  std::string_view EncodeBody(const Record& record, bool own_id);
  void AppendFrame(std::string_view payload);
};

// One record out of the store, for views.  ERRORS: DataLoss, OutOfRange (it was folded).
absl::StatusOr<Record> ReadRecordFromStore(const Store& store, std::uint64_t location);
absl::StatusOr<std::string> ReadFrameBytes(const Store& store, std::uint64_t number);
absl::StatusOr<Frame> ReadFrameFromStore(const Store& store, std::uint64_t number);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_LOG_H_
