#include "store/checked_env.h"

#include <rocksdb/file_system.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/types/span.h"

namespace polyonym {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// The end of a table (format versions 2 to 5, table/format.h of RocksDB): kind of checksum (1), handles of the list of blocks beside the data
// ("metaindex") and of the index, filled up to 40, version (4), magic number (8). Handles are varints: where a block begins, and its size.
constexpr std::uint64_t kFooter = 53;
constexpr std::size_t kHandlesAt = 1;
constexpr char kXxh3 = 4;
constexpr std::string_view kMagic("\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 8);
// Behind a block: how it is compressed (1), and its checksum, with which that byte is mixed.
constexpr std::uint64_t kTrailer = 5;
constexpr std::uint32_t kMix = 0x6b9083d9;
constexpr std::uint64_t kMostBytes = std::uint64_t{1}
                                     << 20;  // of such a block; they have a few entries

constexpr std::string_view kProperties = "rocksdb.properties";
// Written into a table that was ingested, behind its checksum's back: 8 bytes that count as 0 there.
constexpr std::string_view kSequence = "rocksdb.external_sst_file.global_seqno";

struct Handle {
  std::uint64_t at = 0;
  std::uint64_t size = 0;
};

// Of bytes that may be anything; false once they are at an end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool Varint(std::uint64_t* out) {
    *out = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      *out |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }
  bool Bytes(std::uint64_t size, std::string_view* out) {
    if (size > bytes_.size()) return false;
    *out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool Read(Handle* handle) { return Varint(&handle->at) && Varint(&handle->size); }

 private:
  std::string_view bytes_;
};

// Of a block that is a list by name. An entry's name may share its first bytes with the one before.
std::optional<std::string_view> Find(std::string_view block, std::string_view name) {
  Reader in(block);
  std::uint64_t shared = 0, own = 0, size = 0;
  std::string key;
  std::string_view rest, value;
  while (in.Varint(&shared) && in.Varint(&own) && in.Varint(&size) && shared <= key.size() &&
         in.Bytes(own, &rest) && in.Bytes(size, &value)) {
    key.resize(shared);
    key.append(rest);
    if (key == name) return value;
  }
  return std::nullopt;
}

bool HasItsChecksum(std::string_view block, std::string_view trailer) {
  std::uint32_t expected = 0;
  for (std::size_t i = kTrailer; i-- > 1;)
    expected = expected << 8 | static_cast<std::uint8_t>(trailer[i]);
  const auto mixed = static_cast<std::uint32_t>(XXH3_64bits(block.data(), block.size())) ^
                     static_cast<std::uint8_t>(trailer.front()) * kMix;
  return mixed == expected;
}

IOStatus Rotten() { return IOStatus::Corruption("a table's footer or properties are rotten"); }

struct Range {
  std::uint64_t at = 0;
  std::string bytes;
};

// A table's bytes, of which its end is read once: what was looked at is what RocksDB gets, whatever a later read of the disk would say. Nobody reads
// asynchronously (ReadOptions::async_io), which would go past it; versions of RocksDB differ in how that call is declared.
class CheckedTable : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  using FSRandomAccessFileOwnerWrapper::FSRandomAccessFileOwnerWrapper;

  // From `file`, which need not be the one that is read later.
  IOStatus Check(const rocksdb::FSRandomAccessFile& file, std::uint64_t size) {
    if (size < kFooter) return Rotten();
    footer_.at = size - kFooter;
    IOStatus status = Load(file, kFooter, &footer_);
    if (!status.ok()) return status;
    const std::string_view footer = footer_.bytes;
    Reader handles(footer.substr(kHandlesAt));
    Handle list, index, properties;
    // Of the handles no checksum tells anything, and as much memory is asked for as they say.
    if (!footer.ends_with(kMagic) || footer.front() != kXxh3 || !handles.Read(&list) ||
        !handles.Read(&index) || !IsHere(index))
      return Rotten();
    Range entries;
    status = LoadBlock(file, list, &entries);
    if (!status.ok()) return status;
    const auto found = Find(entries.bytes, kProperties);
    if (!found || !Reader(*found).Read(&properties)) return Rotten();
    return LoadBlock(file, properties, &properties_);
  }

  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    IOStatus status = target()->Read(offset, n, options, result, scratch, debug);
    if (!status.ok()) return status;
    for (const Range* range : {&properties_, &footer_}) Lay(*range, offset, result, scratch);
    return status;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    IOStatus status = target()->MultiRead(requests, count, options, debug);
    if (!status.ok()) return status;
    for (rocksdb::FSReadRequest& one : absl::MakeSpan(requests, count))
      if (one.status.ok())
        for (const Range* range : {&properties_, &footer_})
          Lay(*range, one.offset, &one.result, one.scratch);
    return status;
  }

 private:
  bool IsHere(const Handle& block) const {
    return block.at <= footer_.at && block.size <= footer_.at - block.at &&
           kTrailer <= footer_.at - block.at - block.size;
  }

  static IOStatus Load(const rocksdb::FSRandomAccessFile& file, std::uint64_t size, Range* out) {
    out->bytes.resize(size);
    Slice read;
    IOStatus status =
        file.Read(out->at, out->bytes.size(), IOOptions(), &read, out->bytes.data(), nullptr);
    if (!status.ok()) return status;
    if (read.size() != size) return Rotten();
    if (read.data() != out->bytes.data()) out->bytes.assign(read.data(), read.size());
    return status;
  }

  // With its trailer.
  IOStatus LoadBlock(const rocksdb::FSRandomAccessFile& file, const Handle& handle,
                     Range* out) const {
    if (!IsHere(handle) || handle.size > kMostBytes) return Rotten();
    out->at = handle.at;
    IOStatus status = Load(file, handle.size + kTrailer, out);
    if (!status.ok()) return status;
    const std::string_view trailer = std::string_view(out->bytes).substr(handle.size);
    std::string block = out->bytes.substr(0, handle.size);
    if (HasItsChecksum(block, trailer)) return status;
    const auto sequence = Find(block, kSequence);
    if (!sequence) return Rotten();
    std::fill_n(block.begin() + (sequence->data() - block.data()), sequence->size(), '\0');
    return HasItsChecksum(block, trailer) ? status : Rotten();
  }

  // What is known of bytes that were read from `offset` on, over them.
  static void Lay(const Range& known, std::uint64_t offset, Slice* read, char* scratch) {
    const std::uint64_t from = std::max(known.at, offset);
    const std::uint64_t to = std::min(known.at + known.bytes.size(), offset + read->size());
    if (from >= to) return;
    if (read->data() != scratch) {
      std::memmove(scratch, read->data(), read->size());
      *read = Slice(scratch, read->size());
    }
    std::memcpy(scratch + (from - offset), known.bytes.data() + (from - known.at), to - from);
  }

  Range footer_, properties_;
};

class CheckedFiles : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "PolyonymCheckedFiles"; }

  IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                               IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file, looked_at;
    IOStatus status = target()->NewRandomAccessFile(name, options, &file, debug);
    if (status.ok() && name.ends_with(".sst")) {
      auto table = std::make_unique<CheckedTable>(std::move(file));
      // Through a file of its own: RocksDB's may take reads of whole sectors alone.
      rocksdb::FileOptions small = options;
      small.use_direct_reads = small.use_mmap_reads = false;
      std::uint64_t size = 0;
      status = target()->GetFileSize(name, options.io_options, &size, debug);
      if (status.ok()) status = target()->NewRandomAccessFile(name, small, &looked_at, debug);
      if (status.ok()) status = table->Check(*looked_at, size);
      file = std::move(table);
    }
    if (status.ok()) *out = std::move(file);
    return status;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> MakeCheckedEnv(rocksdb::Env* base) {
  return rocksdb::NewCompositeEnv(std::make_shared<CheckedFiles>(base->GetFileSystem()));
}

rocksdb::Env* CheckedEnv() {
  // Never destroyed: threads of RocksDB may outlive whoever asks.
  static rocksdb::Env* const env = MakeCheckedEnv(rocksdb::Env::Default()).release();
  return env;
}

}  // namespace polyonym
