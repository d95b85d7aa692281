#include "store/checked_env.h"

#include <rocksdb/file_system.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace polyonym {
namespace {

// The end of a table (format versions 1 to 5, table/format.h of RocksDB): kind of checksum (1), handles of the list of blocks beside the data
// ("metaindex") and of the index, filled up to 40, version (4), magic number (8). Handles are varints: where a block begins, and its size.
constexpr std::uint64_t kFooter = 53;
constexpr std::size_t kHandlesAt = 1;
constexpr std::string_view kMagic("\xf7\xcf\xf4\x85\xb7\x41\xe2\x88", 8);
constexpr std::string_view kProperties = "rocksdb.properties";
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;  // of the list; it has a few entries
// The last four bytes of a block say how many restarts it has, and in the highest bit whether it has an index of hashes.
constexpr std::size_t kRestarts = 4;
constexpr std::uint8_t kHasHashes = 0x80;

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

// None: they cannot be read.
std::optional<std::string> BytesAt(const rocksdb::FSRandomAccessFile& file, const Handle& handle) {
  std::string bytes(handle.size, '\0');
  rocksdb::Slice read;
  const rocksdb::IOStatus status =
      file.Read(handle.at, handle.size, rocksdb::IOOptions(), &read, bytes.data(), nullptr);
  if (!status.ok() || read.size() != handle.size) return std::nullopt;
  if (read.data() != bytes.data()) bytes.assign(read.data(), read.size());
  return bytes;
}

// Entries have a key that may share its first bytes with the one before, and here are whole at each.
std::optional<Handle> FindProperties(std::string_view list) {
  Reader in(list);
  std::uint64_t shared = 0, own = 0, size = 0;
  std::string_view key, value;
  while (in.Varint(&shared) && in.Varint(&own) && in.Varint(&size) && in.Bytes(own, &key) &&
         in.Bytes(size, &value)) {
    Handle handle;
    if (shared == 0 && key == kProperties) {
      if (!Reader(value).Read(&handle)) return std::nullopt;
      return handle;
    }
  }
  return std::nullopt;
}

// Whether RocksDB may read it: also where anything else is wrong with it, which checksums tell.
bool MayBeRead(const rocksdb::FSRandomAccessFile& file, std::uint64_t size) {
  if (size < kFooter) return true;
  const auto footer = BytesAt(file, {size - kFooter, kFooter});
  if (!footer || !std::string_view(*footer).ends_with(kMagic)) return true;
  // Nothing but the magic number says that the handles are right, and as much memory is asked for as they say.
  const auto is_in_file = [size](const Handle& h) { return h.at <= size && h.size <= size - h.at; };
  Reader handles(std::string_view(*footer).substr(kHandlesAt));
  Handle list, index;
  if (!handles.Read(&list) || !handles.Read(&index)) return true;
  if (!is_in_file(list) || !is_in_file(index) || list.size > kMostBytes) return false;
  const auto entries = BytesAt(file, list);
  const auto properties = entries ? FindProperties(*entries) : std::nullopt;
  if (!properties || !is_in_file(*properties)) return true;
  if (properties->size < 2 * kRestarts) return false;
  const auto end = BytesAt(file, {properties->at + properties->size - 1, 1});
  return !end || (static_cast<std::uint8_t>(end->front()) & kHasHashes) == 0;
}

class CheckedFiles : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "PolyonymCheckedFiles"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                                        rocksdb::IODebugContext* debug) override {
    if (name.ends_with(".sst") && !MayBeRead(name, options, debug))
      return rocksdb::IOStatus::Corruption("a table's footer or properties are rotten");
    return target()->NewRandomAccessFile(name, options, out, debug);
  }

 private:
  // Through a file of its own: RocksDB's may take reads of whole sectors alone.
  bool MayBeRead(const std::string& name, rocksdb::FileOptions options,
                 rocksdb::IODebugContext* debug) const {
    options.use_direct_reads = options.use_mmap_reads = false;
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    std::uint64_t size = 0;
    if (!target()->GetFileSize(name, options.io_options, &size, debug).ok()) return true;
    if (!target()->NewRandomAccessFile(name, options, &file, debug).ok()) return true;
    return polyonym::MayBeRead(*file, size);
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
