// store/rocks_share.h - what stores on RocksDB share, and how one that shares is kept small.
//
// A database by itself takes 0.5 MB, writes a log of its own text, and sets 70 MB of disk aside: nothing beside one large store, much
// beside a thousand small ones. A store that shares gets small first blocks, 32 KiB file buffers, its index blocks in the common
// cache, and no text log or disk set aside. What grows with the data is as before.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_STORE_ROCKS_SHARE_H_
#define POLYONYM_SRC_STORE_ROCKS_SHARE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "absl/base/thread_annotations.h"
#include "polyonym/store/store.h"

namespace polyonym {

class RocksShare::Impl {
 public:
  Impl(std::size_t block_cache_bytes, std::size_t write_buffer_bytes);

  void Fit(rocksdb::DBOptions* db) const;
  void Fit(rocksdb::ColumnFamilyOptions* family, rocksdb::BlockBasedTableOptions* blocks) const;

  const rocksdb::Cache& cache() const { return *cache_; }
  const rocksdb::WriteBufferManager& buffers() const { return *buffers_; }

  // A store that is open, as long as this lives.
  class Member {
   public:
    Member(Impl* share, rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>* families);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // Call after every commit. Where the buffers are half full, flushes those stores that committed longest ago, so that they do
    // not stay full of what nobody writes to any more.  COST: a short lock; does not wait for the disk.
    void Wrote();

   private:
    Impl* const share_;
    rocksdb::DB* const db_;
    const std::vector<rocksdb::ColumnFamilyHandle*>* const families_;
    // Among share_->unflushed_, or its end. Guarded by share_->mutex_.
    std::list<Member*>::iterator place_;
  };

 private:
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> buffers_;
  const std::shared_ptr<rocksdb::Logger> no_log_;
  std::mutex mutex_;
  std::list<Member*> unflushed_ ABSL_GUARDED_BY(mutex_);  // the one that wrote last is last
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_ROCKS_SHARE_H_
