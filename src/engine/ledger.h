// engine/ledger.h - who was erased and may not come back: hashes of identifiers under a key of their own. docs/erasure.md.
//
// Rows of Table::kMeta (docs/format.md): one for the key, one for each identifier.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_LEDGER_H_
#define POLYONYM_SRC_ENGINE_LEDGER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "polyonym/engine/erase.h"
#include "polyonym/store/store.h"

namespace polyonym::privacy {
class Hmac;
}  // namespace polyonym::privacy

namespace polyonym::engine {

class Ledger {
 public:
  using Hash = std::array<std::uint8_t, 16>;

  Ledger();
  ~Ledger();

  // Reads the rows.  ERRORS: InvalidArgument (the host's key is too short, or is not the one that the rows were made under), DataLoss, Unavailable.
  absl::Status Open(const Store& store, const std::string& hosts_key);
  // Makes sure that there is a key, drawn where the host gave none; its row goes to `writes`, with what is put next, until NoteBegun() says that it was
  // committed: a dry run commits none. Before any hash is asked for.  ERRORS: Unavailable (no random bytes).
  absl::Status Begin(WriteSet* writes);
  void NoteBegun() { has_row_ = true; }

  const std::string& key() const { return key_; }
  // Whether the host gave it: only then hashes mean something to another store.
  bool has_hosts_key() const { return hosts_key_; }
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }

  // Of a namespace and a value normalised, or as the channel gave it where it has no normal form.  COST: about a microsecond.
  Hash HashOf(std::string_view ns, std::string_view value) const;
  bool Has(const Hash& hash) const;
  std::vector<Erasure> All() const;  // by hash

  // Rows for what is not there yet, which is there at once; returns those. Where `writes` are not committed Drop() takes them out again.
  std::vector<Hash> Put(const std::vector<Erasure>& erasures, WriteSet* writes);
  void Drop(const std::vector<Hash>& hashes);
  // What was lifted, to be put again where `writes` are not committed; nothing where it was not there.
  std::optional<Erasure> Lift(const Hash& hash, WriteSet* writes);

 private:
  std::string key_;
  std::unique_ptr<const privacy::Hmac> hmac_;  // under it; null until there is a key
  bool hosts_key_ = false;
  std::atomic<bool> has_row_{false};
  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  absl::flat_hash_map<Hash, std::uint64_t> sequences_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_LEDGER_H_
