// The end of a table is what was written or is refused, however its file rots and whatever the disk says when it is asked again: over any
// other bytes RocksDB may end the process.
#include "store/checked_env.h"

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random.h"
#include "store/rocks_store.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

namespace rdb = rocksdb;

constexpr std::size_t kFooterBytes = 53;

// Of each file that is read at random, bit `bit` is flipped in the reads from the `first`-th to the one before `last`, counted over all files.
class FlippingFiles : public rdb::FileSystemWrapper {
 public:
  FlippingFiles() : FileSystemWrapper(rdb::FileSystem::Default()) {}
  const char* Name() const override { return "FlippingFiles"; }

  rdb::IOStatus NewRandomAccessFile(const std::string& name, const rdb::FileOptions& options,
                                    std::unique_ptr<rdb::FSRandomAccessFile>* out,
                                    rdb::IODebugContext* debug) override;

  std::uint64_t bit = 0;
  std::size_t first = 0, last = 0;
  std::atomic<std::size_t> reads = 0;
};

class FlippingFile : public rdb::FSRandomAccessFileOwnerWrapper {
 public:
  FlippingFile(FlippingFiles* files, std::unique_ptr<rdb::FSRandomAccessFile> target)
      : FSRandomAccessFileOwnerWrapper(std::move(target)), files_(*files) {}

  rdb::IOStatus Read(std::uint64_t offset, std::size_t n, const rdb::IOOptions& options,
                     rdb::Slice* result, char* scratch, rdb::IODebugContext* debug) const override {
    rdb::IOStatus status = target()->Read(offset, n, options, result, scratch, debug);
    const std::size_t read = files_.reads++;
    const std::uint64_t at = files_.bit / 8;
    if (status.ok() && read >= files_.first && read < files_.last && at >= offset &&
        at - offset < result->size() && result->data() == scratch) {
      scratch[at - offset] = static_cast<char>(scratch[at - offset] ^ (1 << files_.bit % 8));
    }
    return status;
  }
  rdb::IOStatus MultiRead(rdb::FSReadRequest* requests, std::size_t count,
                          const rdb::IOOptions& options, rdb::IODebugContext* debug) override {
    return FSRandomAccessFile::MultiRead(requests, count, options, debug);
  }

 private:
  FlippingFiles& files_;
};

rdb::IOStatus FlippingFiles::NewRandomAccessFile(const std::string& name,
                                                 const rdb::FileOptions& options,
                                                 std::unique_ptr<rdb::FSRandomAccessFile>* out,
                                                 rdb::IODebugContext* debug) {
  std::unique_ptr<rdb::FSRandomAccessFile> file;
  rdb::IOStatus status = target()->NewRandomAccessFile(name, options, &file, debug);
  if (status.ok()) *out = std::make_unique<FlippingFile>(this, std::move(file));
  return status;
}

// A store of one table, as it is when `folder` is copied.
std::string MakeTable(const std::string& folder, bool ingested) {
  const auto store = Must(OpenRocksStore(folder, RocksStoreOptions()));
  if (ingested) {
    // Twice, so that the later one has a number of its own.
    for (int i = 0; i < 2; ++i)
      Must(store->IngestFrom(Table::kState, [](const Store::RowSink& add) -> absl::Status {
        for (int row = 100; row < 300; ++row)
          if (absl::Status status = add(std::to_string(row), std::string(40, 'x')); !status.ok())
            return status;
        return absl::OkStatus();
      }));
  } else {
    for (int row = 100; row < 300; ++row)
      Must(
          store->Commit(Puts(Table::kState, {{std::to_string(row), std::string(40, 'x')}}), false));
  }
  Must(store->CopyTo(folder + ".copy"));
  std::string last;
  for (const auto& entry : std::filesystem::directory_iterator(folder + ".copy"))
    if (entry.path().extension() == ".sst" && entry.path().string() > last)
      last = entry.path().string();
  REQUIRE(!last.empty());
  return last;
}

std::string Whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The last bytes of a table, as whoever opens it through `env` gets them in one read; empty where it is refused.
std::string Tail(rdb::Env& env, const std::string& table, std::uint64_t at, std::size_t size) {
  std::unique_ptr<rdb::FSRandomAccessFile> file;
  const rdb::IOStatus opened =
      env.GetFileSystem()->NewRandomAccessFile(table, rdb::FileOptions(), &file, nullptr);
  if (!opened.ok()) {
    REQUIRE(opened.IsCorruption());
    return "";
  }
  std::string bytes(size, '\0');
  rdb::Slice read;
  REQUIRE(file->Read(at, size, rdb::IOOptions(), &read, bytes.data(), nullptr).ok());
  REQUIRE(read.size() == size);
  return bytes;
}

}  // namespace

TEST_CASE("the end of a table is what was written or is refused whichever bit flips") {
  for (const bool ingested : {false, true}) {
    const TempFolder folder;
    const std::string table = MakeTable(folder / "store", ingested);
    const std::string whole = Whole(table);
    // Behind the rows there are the index, the properties and the list of both; where the properties begin is told by their first name.
    const std::size_t properties = whole.rfind("rocksdb.block.based.table.index.type");
    REQUIRE(properties != std::string::npos);
    const std::size_t list = whole.rfind("fullfilter.rocksdb.BuiltinBloomFilter") - 3;
    REQUIRE(properties < list);
    const std::size_t from = properties - 3;  // the entry's three sizes

    const auto files = std::make_shared<FlippingFiles>();
    const auto base = rdb::NewCompositeEnv(files);
    const auto env = MakeCheckedEnv(base.get());
    const auto tail = [&] {
      files->reads = 0;
      return Tail(*env, table, from, whole.size() - from);
    };
    const std::string end = whole.substr(from);
    REQUIRE((tail() == end));
    const std::size_t reads = files->reads;
    REQUIRE(reads >= 4);
    std::size_t refused = 0, mended = 0, believed = 0;
    for (files->bit = 8 * from; files->bit < 8 * whole.size(); ++files->bit) {
      const bool in_properties = files->bit < 8 * list;
      const bool in_handles = files->bit >= 8 * (whole.size() - kFooterBytes + 1);
      // In the file itself: nothing that RocksDB goes through unchecked is wrong.
      files->first = 0, files->last = reads;
      INFO((ingested ? "ingested" : "flushed")
           << ", bit " << files->bit << " of " << 8 * whole.size());
      const std::string rotten = tail();
      if (rotten.empty()) ++refused;
      if (in_properties && !rotten.empty() && rotten != end) ++believed;
      // In the last read alone, behind those that looked.
      files->first = reads - 1;
      const bool is_mended = tail() == end;
      if (is_mended) ++mended;
      if (in_properties || in_handles) REQUIRE(is_mended);
    }
    // The number that an ingested table got is in no checksum; RocksDB compares it with the MANIFEST's.
    CHECK(believed == (ingested ? 64 : 0));
    CHECK(refused > 1'000);
    CHECK(mended > 1'000);
  }
}

TEST_CASE("a store whose properties flip on the way is opened or refused") {
  const TempFolder folder;
  const std::string table = MakeTable(folder / "store", true);
  const std::string whole = Whole(table);
  const std::size_t properties = whole.rfind("rocksdb.block.based.table.index.type") - 3;
  const std::string store = std::filesystem::path(table).parent_path().string();
  ForEachSeed(7'100, 100, [&](std::uint64_t seed) {
    Random random(seed);
    const auto files = std::make_shared<FlippingFiles>();
    const auto base = rdb::NewCompositeEnv(files);
    files->bit = 8 * properties + random.Below(8 * (whole.size() - properties));
    files->first = random.Below(6);
    files->last = files->first + 1 + random.Below(20);
    INFO("seed " << seed << ", bit " << files->bit << ", reads " << files->first << " to "
                 << files->last);
    const auto opened = OpenRocksStoreIn(store, RocksStoreOptions(), base.get());
    if (opened.ok()) {
      const auto row = (*opened)->Get(Table::kState, "200");
      if (row.ok()) CHECK(*row == std::string(40, 'x'));
    } else {
      CHECK(opened.status().code() == absl::StatusCode::kDataLoss);
    }
  });
}

}  // namespace polyonym::harness
