// engine/keyed_store.h - a store that hands a sealed one rows of which what is personal is sealed under keys of single identifiers besides.
//
// Whoever stands on it reads and writes rows as ever; what is lost reads as keyed_rows.h says. Chunks of values go through
// KeyedRows by themselves (checkpoint.h): a row does not say where a value begins.
//
// THREADS: as store.h.
#ifndef POLYONYM_SRC_ENGINE_KEYED_STORE_H_
#define POLYONYM_SRC_ENGINE_KEYED_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/keyed_rows.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

class KeyedStore : public Store {
 public:
  KeyedStore(std::unique_ptr<Store> inner, std::shared_ptr<KeyedRows> rows)
      : inner_(std::move(inner)), rows_(std::move(rows)) {}

  const std::shared_ptr<KeyedRows>& rows() const { return rows_; }
  // The store below, whose rows are sealed under keys of identifiers.
  const Store& inner() const { return *inner_; }
  Store* mutable_inner() { return inner_.get(); }

  // A frame with one of its records, and the others as if they were folded.  ERRORS: as Get(), DataLoss (it is not there).
  absl::StatusOr<std::string> FrameForRecord(std::uint64_t number, std::uint64_t place) const;

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override;
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys, const StoreSnapshot* snapshot) const override;
  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override;
  absl::Status ScanDamaged(Table table, std::string_view from,
                           const RowVisitor& row) const override;
  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    return inner_->LastKey(table);
  }
  std::shared_ptr<const StoreSnapshot> Snapshot() const override { return inner_->Snapshot(); }
  absl::Status Commit(const WriteSet& writes, bool sync) override;
  absl::Status Sync() override { return inner_->Sync(); }
  absl::Status IngestFrom(Table table, const RowSource& rows) override;
  absl::Status CopyTo(const std::string& path) const override { return inner_->CopyTo(path); }
  absl::StatusOr<std::uint32_t> BackUp(
      const std::string& folder, std::string_view label,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) override {
    return inner_->BackUp(folder, label, progress);
  }
  absl::Status Rewrite(const std::function<bool()>& go_on) override {
    return inner_->Rewrite(go_on);
  }
  absl::StatusOr<int> ScratchFile() const override { return inner_->ScratchFile(); }
  std::uint64_t ApproximateBytes() const override { return inner_->ApproximateBytes(); }
  bool WritesStalled() const override { return inner_->WritesStalled(); }
  void WatchStalls(std::function<void()> changed) override {
    inner_->WatchStalls(std::move(changed));
  }

 private:
  const std::unique_ptr<Store> inner_;
  const std::shared_ptr<KeyedRows> rows_;
};

// The store as it is to be used: where it was made with a keyring, or is empty and one is asked for, with it. `path`: of the keyring's
// file; empty: none. `sealed`: whether the store is.
// ERRORS: InvalidArgument (a keyring for a store in plain), FailedPrecondition (the store was made without one, or with one and none is given; it is
// another store's), NotFound (its file is missing), AlreadyExists (a file is there, and the store is new), Unavailable, DataLoss.
absl::StatusOr<std::unique_ptr<Store>> WithKeyring(std::unique_ptr<Store> store,
                                                   const std::string& path, bool sealed);

// WithKeys() and WithKeyring(): a store by the keys that EngineOptions and options of calls on stores that nobody has open name alike.
absl::StatusOr<std::unique_ptr<Store>> WithKeysAndKeyring(std::unique_ptr<Store> store,
                                                          std::shared_ptr<KeyKeeper> keys,
                                                          const std::string& keyring);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_KEYED_STORE_H_
