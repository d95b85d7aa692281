#include "store/rocks_share.h"

#include <cstdarg>
#include <cstdint>

namespace polyonym {
namespace {

// Errors are in the statuses; RocksDB's text besides would be a file handle and 50 KB a store.
class NoLog : public rocksdb::Logger {
 public:
  NoLog() : rocksdb::Logger(rocksdb::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

constexpr std::size_t kArenaBlockBytes = std::size_t{32} << 10;  // several frames of the log
constexpr std::size_t kFileBufferBytes = std::size_t{32} << 10;  // a block of RocksDB's log

}  // namespace

RocksShare::RocksShare(std::size_t block_cache_bytes, std::size_t write_buffer_bytes)
    : impl_(std::make_unique<Impl>(block_cache_bytes, write_buffer_bytes)) {}
RocksShare::~RocksShare() = default;
std::size_t RocksShare::cached_bytes() const { return impl_->cache().GetUsage(); }
std::size_t RocksShare::write_buffered_bytes() const { return impl_->buffers().memory_usage(); }

RocksShare::Impl::Impl(std::size_t block_cache_bytes, std::size_t write_buffer_bytes)
    : cache_(rocksdb::NewLRUCache(block_cache_bytes)),
      buffers_(std::make_shared<rocksdb::WriteBufferManager>(write_buffer_bytes)),
      no_log_(std::make_shared<NoLog>()) {}

void RocksShare::Impl::Fit(rocksdb::DBOptions* db) const {
  db->write_buffer_manager = buffers_;
  db->info_log = no_log_;
  db->max_file_opening_threads = 1;
  db->skip_stats_update_on_db_open = true;
  db->table_cache_numshardbits = 0;
  db->writable_file_max_buffer_size = kFileBufferBytes;
  db->manifest_preallocation_size = kFileBufferBytes;
  db->allow_fallocate = false;
}

void RocksShare::Impl::Fit(rocksdb::ColumnFamilyOptions* family,
                           rocksdb::BlockBasedTableOptions* blocks) const {
  family->arena_block_size = kArenaBlockBytes;
  blocks->block_cache = cache_;
  blocks->cache_index_and_filter_blocks = true;
}

RocksShare::Impl::Member::Member(Impl* share, rocksdb::DB* db,
                                 const std::vector<rocksdb::ColumnFamilyHandle*>* families)
    : share_(share), db_(db), families_(families), place_(share->unflushed_.end()) {}

RocksShare::Impl::Member::~Member() {
  const std::lock_guard lock(share_->mutex_);
  if (place_ != share_->unflushed_.end()) share_->unflushed_.erase(place_);
}

void RocksShare::Impl::Member::Wrote() {
  std::list<Member*>& unflushed = share_->unflushed_;
  const rocksdb::WriteBufferManager& buffers = *share_->buffers_;
  const std::lock_guard lock(share_->mutex_);
  if (place_ == unflushed.end()) {
    place_ = unflushed.insert(unflushed.end(), this);
  } else {
    unflushed.splice(unflushed.end(), unflushed, place_);
  }
  while (buffers.mutable_memtable_memory_usage() > buffers.buffer_size() / 2 &&
         unflushed.front() != this) {
    Member& oldest = *unflushed.front();
    unflushed.pop_front();
    oldest.place_ = unflushed.end();
    rocksdb::FlushOptions flush;
    flush.wait = false;
    flush.allow_write_stall = true;
    // One that fails is that store's to tell at its next write.
    oldest.db_->Flush(flush, *oldest.families_).PermitUncheckedError();
  }
}

}  // namespace polyonym
