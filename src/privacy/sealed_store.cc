// The sealed store: values go to the store below sealed, and come from it opened.
//
// Its data keys lie in a row of the inner store's `meta`. Lest that row is seen among the others, keys of `meta` have a byte before them
// in the inner store: 1, and the row of data keys 0, so that it is the first and never the greatest while there is another.
#include "polyonym/privacy/sealed_store.h"

#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "privacy/data_keys.h"

namespace polyonym {
namespace {

using privacy::DataKey;
using privacy::WrappedKey;
using std::string_view_literals::operator""sv;

constexpr std::string_view kKeysRow = "\0keys"sv;
constexpr std::string_view kOurs = "\1"sv;        // before keys of `meta` that are the engine's
constexpr std::string_view kBehindOurs = "\2"sv;  // where they end

// Of a pass that seals again: so much at a time do writers wait for.
constexpr std::size_t kBatchRows = 1'024;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

// A key as the inner store has it.
class InnerKey {
 public:
  InnerKey(Table table, std::string_view key)
      : prefixed_(table == Table::kMeta ? std::string(kOurs).append(key) : std::string()),
        key_(table == Table::kMeta ? std::string_view(prefixed_) : key) {}
  InnerKey(const InnerKey&) = delete;
  InnerKey& operator=(const InnerKey&) = delete;
  std::string_view view() const { return key_; }

 private:
  const std::string prefixed_;
  const std::string_view key_;
};

std::string_view OuterKey(Table table, std::string_view key) {
  return table == Table::kMeta ? key.substr(kOurs.size()) : key;
}

absl::Status PutKeys(const std::vector<WrappedKey>& keys, Store* store) {
  WriteSet writes;
  writes.puts.push_back({Table::kMeta, std::string(kKeysRow), privacy::EncodeDataKeys(keys)});
  return store->Commit(writes, true);
}

class Sealed : public SealedStore {
 public:
  Sealed(std::unique_ptr<Store> inner, std::shared_ptr<KeyKeeper> keeper,
         std::vector<WrappedKey> wrapped, std::vector<std::shared_ptr<const DataKey>> keys)
      : inner_(std::move(inner)),
        keeper_(std::move(keeper)),
        wrapped_(std::move(wrapped)),
        newest_(keys.back()) {
    for (auto& key : keys) keys_.emplace(key->epoch(), std::move(key));
  }

  // ---- reading ----

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    const InnerKey inner(table, key);
    auto value = inner_->Get(table, inner.view(), snapshot);
    if (!value.ok() || !value->has_value()) return value;
    std::string plain;
    if (absl::Status status = Open(table, inner.view(), **value, &plain); !status.ok())
      return status;
    return std::optional<std::string>(std::move(plain));
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    std::vector<std::string> prefixed;
    if (table == Table::kMeta) {
      for (const std::string& key : keys) prefixed.emplace_back(kOurs).append(key);
      keys = prefixed;
    }
    auto values = inner_->MultiGet(table, keys, snapshot);
    if (!values.ok()) return values;
    std::string plain;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      std::optional<std::string>& value = (*values)[i];
      if (!value) continue;
      if (absl::Status status = Open(table, keys[i], *value, &plain); !status.ok()) return status;
      value->swap(plain);
    }
    return values;
  }

  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    return ScanRows(table, from, to, row, snapshot, false);
  }

  absl::Status ScanDamaged(Table table, std::string_view from,
                           const RowVisitor& row) const override {
    return ScanRows(table, from, "", row, nullptr, true);
  }

  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    auto key = inner_->LastKey(table);
    if (table != Table::kMeta || !key.ok() || !key->has_value()) return key;
    if (!(*key)->starts_with(kOurs)) return std::optional<std::string>();
    return std::optional<std::string>(OuterKey(table, **key));
  }

  std::shared_ptr<const StoreSnapshot> Snapshot() const override { return inner_->Snapshot(); }

  // ---- writing ----

  absl::Status Commit(const WriteSet& writes, bool sync) override {
    const std::shared_lock writing(reseal_mutex_);
    const std::shared_ptr<const DataKey> data_key = Newest();
    WriteSet sealed;
    sealed.puts.reserve(writes.puts.size());
    sealed.erases.reserve(writes.erases.size());
    for (const WriteSet::Put& put : writes.puts) {
      WriteSet::Put& one = sealed.puts.emplace_back();
      one.table = put.table;
      one.key = InnerKey(put.table, put.key).view();
      if (absl::Status status = data_key->Seal(put.table, one.key, put.value, &one.value);
          !status.ok())
        return status;
    }
    for (const WriteSet::Erase& erase : writes.erases) {
      sealed.erases.push_back({erase.table, std::string(InnerKey(erase.table, erase.key).view())});
    }
    return inner_->Commit(sealed, sync);
  }

  absl::Status Sync() override { return inner_->Sync(); }

  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    const std::shared_lock writing(reseal_mutex_);
    const std::shared_ptr<const DataKey> data_key = Newest();
    std::string sealed;
    return inner_->IngestFrom(table, [&](const RowSink& add) {
      return rows([&](std::string_view key, std::string_view value) {
        const InnerKey inner(table, key);
        absl::Status status = data_key->Seal(table, inner.view(), value, &sealed);
        return status.ok() ? add(inner.view(), sealed) : status;
      });
    });
  }

  // ---- files: they hold what is sealed, and are copied as they are ----

  absl::Status CopyTo(const std::string& path) const override { return inner_->CopyTo(path); }
  absl::StatusOr<std::uint32_t> BackUp(
      const std::string& folder, std::string_view label,
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) override {
    return inner_->BackUp(folder, label, progress);
  }
  absl::Status Rewrite(const std::function<bool()>& go_on) override {
    return inner_->Rewrite(go_on);
  }
  absl::StatusOr<int> ScratchFile() const override {
    return absl::FailedPreconditionError(
        "keys, memory_budget_bytes: what does not fit into memory would lie on disk in plain; set "
        "one of both");
  }
  std::uint64_t ApproximateBytes() const override { return inner_->ApproximateBytes(); }
  bool WritesStalled() const override { return inner_->WritesStalled(); }
  void WatchStalls(std::function<void()> changed) override {
    inner_->WatchStalls(std::move(changed));
  }

  // ---- keys ----

  std::uint32_t epoch() const override { return Newest()->epoch(); }

  absl::Status RotateKeys() override {
    const std::lock_guard lock(wrapped_mutex_);
    auto drawn = privacy::SecretKey::Draw();
    if (!drawn.ok()) return drawn.status();
    auto fresh = std::make_shared<const DataKey>(wrapped_.back().epoch + 1, *drawn);
    auto wrapped = privacy::WrapDataKey(*fresh, *keeper_);
    if (!wrapped.ok()) return wrapped.status();
    std::vector<WrappedKey> all = wrapped_;
    all.push_back(*std::move(wrapped));
    if (absl::Status status = PutKeys(all, inner_.get()); !status.ok()) return status;
    wrapped_ = std::move(all);
    const std::lock_guard publish(keys_mutex_);
    keys_.emplace(fresh->epoch(), fresh);
    newest_ = std::move(fresh);
    return absl::OkStatus();
  }

  absl::Status Rewrap(std::shared_ptr<KeyKeeper> keeper) override {
    if (keeper == nullptr) return absl::InvalidArgumentError("keeper: give one");
    const std::lock_guard lock(wrapped_mutex_);
    std::vector<WrappedKey> all;
    for (const WrappedKey& old : wrapped_) {
      auto wrapped = privacy::WrapDataKey(*Find(old.epoch), *keeper);
      if (!wrapped.ok()) return wrapped.status();
      all.push_back(*std::move(wrapped));
    }
    if (absl::Status status = PutKeys(all, inner_.get()); !status.ok()) return status;
    wrapped_ = std::move(all);
    keeper_ = std::move(keeper);
    return absl::OkStatus();
  }

  absl::Status Reseal(const std::function<void(std::uint64_t)>& progress) override {
    const std::lock_guard lock(wrapped_mutex_);  // so that the newest key stays it
    // Whoever writes under an older key is through with it behind this.
    { const std::unique_lock barrier(reseal_mutex_); }
    std::uint64_t rows = 0;
    for (int table = 0; table < kTableCount; ++table) {
      absl::Status status = ResealTable(static_cast<Table>(table), progress, &rows);
      if (!status.ok()) return status;
    }
    if (absl::Status status = inner_->Sync(); !status.ok()) return status;
    std::vector<WrappedKey> last = {wrapped_.back()};
    if (absl::Status status = PutKeys(last, inner_.get()); !status.ok()) return status;
    wrapped_ = std::move(last);
    // Keys of before stay in memory, for snapshots of before, and go with the store.
    return inner_->Rewrite();
  }

 private:
  // `damaged`: a row that does not open has no value, and ends nothing.
  absl::Status ScanRows(Table table, std::string_view from, std::string_view to,
                        const RowVisitor& row, const StoreSnapshot* snapshot, bool damaged) const {
    const InnerKey first(table, from), last(table, to);
    const std::string_view end = !to.empty()             ? last.view()
                                 : table == Table::kMeta ? kBehindOurs
                                                         : std::string_view();
    absl::Status problem;
    std::string plain;
    absl::Status status = inner_->Scan(
        table, first.view(), end,
        [&](std::string_view key, std::string_view value) {
          problem = Open(table, key, value, &plain);
          if (damaged && absl::IsDataLoss(problem)) {
            problem = absl::OkStatus();
            plain.clear();
          }
          return problem.ok() && row(OuterKey(table, key), plain);
        },
        snapshot);
    return status.ok() ? problem : status;
  }

  std::shared_ptr<const DataKey> Newest() const {
    const std::lock_guard lock(keys_mutex_);
    return newest_;
  }
  // Null where there is none.
  std::shared_ptr<const DataKey> Find(std::uint32_t epoch) const {
    const std::lock_guard lock(keys_mutex_);
    if (newest_->epoch() == epoch) return newest_;
    const auto at = keys_.find(epoch);
    return at == keys_.end() ? nullptr : at->second;
  }

  absl::Status Open(Table table, std::string_view inner_key, std::string_view sealed,
                    std::string* plain) const {
    const auto epoch = privacy::EpochOf(sealed);
    if (!epoch.ok()) return epoch.status();
    const std::shared_ptr<const DataKey> key = Find(*epoch);
    if (key == nullptr) {
      return absl::DataLossError(
          "a value names a data key that the store has not; run verify, then restore a backup");
    }
    return key->Open(table, inner_key, sealed, plain);
  }

  absl::Status ResealTable(Table table, const std::function<void(std::uint64_t)>& progress,
                           std::uint64_t* rows);
  absl::Status ResealRows(Table table, const std::vector<std::string>& keys);

  const std::unique_ptr<Store> inner_;

  // Writers hold it shared; the pass that seals again alone, while it reads some rows and writes them: a row that somebody else writes
  // in between would be lost.
  std::shared_mutex reseal_mutex_;

  std::mutex wrapped_mutex_;  // held through changes of keys, one after the other
  std::shared_ptr<KeyKeeper> keeper_ ABSL_GUARDED_BY(wrapped_mutex_);
  std::vector<WrappedKey> wrapped_ ABSL_GUARDED_BY(wrapped_mutex_);  // as the row has them

  mutable std::mutex keys_mutex_;
  std::map<std::uint32_t, std::shared_ptr<const DataKey>> keys_ ABSL_GUARDED_BY(keys_mutex_);
  std::shared_ptr<const DataKey> newest_ ABSL_GUARDED_BY(keys_mutex_);
};

absl::Status Sealed::ResealTable(Table table, const std::function<void(std::uint64_t)>& progress,
                                 std::uint64_t* rows) {
  const std::uint32_t newest = epoch();
  std::string from(table == Table::kMeta ? kOurs : std::string_view());
  for (bool more = true; more;) {
    std::vector<std::string> old;
    std::size_t count = 0, bytes = 0;
    absl::Status problem;
    more = false;
    absl::Status status =
        inner_->Scan(table, from, "", [&](std::string_view key, std::string_view value) {
          if (count == kBatchRows || bytes >= kBatchBytes) {
            more = true;
            from.assign(key);
            return false;
          }
          ++count;
          bytes += value.size();
          const auto epoch = privacy::EpochOf(value);
          problem = epoch.status();
          if (epoch.ok() && *epoch != newest) old.emplace_back(key);
          return problem.ok();
        });
    if (status.ok()) status = problem;
    if (status.ok() && !old.empty()) status = ResealRows(table, old);
    if (!status.ok()) return status;
    *rows += count;
    if (progress) progress(*rows);
  }
  return absl::OkStatus();
}

absl::Status Sealed::ResealRows(Table table, const std::vector<std::string>& keys) {
  const std::unique_lock alone(reseal_mutex_);
  const auto values = inner_->MultiGet(table, keys);
  if (!values.ok()) return values.status();
  const std::shared_ptr<const DataKey> newest = Newest();
  WriteSet writes;
  std::string plain;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::optional<std::string>& value = (*values)[i];
    if (!value) continue;  // it was erased since
    if (absl::Status status = Open(table, keys[i], *value, &plain); !status.ok()) return status;
    WriteSet::Put& put = writes.puts.emplace_back();
    put.table = table;
    put.key = keys[i];
    if (absl::Status status = newest->Seal(table, put.key, plain, &put.value); !status.ok())
      return status;
  }
  return writes.empty() ? absl::OkStatus() : inner_->Commit(writes, false);
}

absl::StatusOr<std::unique_ptr<SealedStore>> SealNew(std::unique_ptr<Store> inner,
                                                     std::shared_ptr<KeyKeeper> keeper) {
  for (int table = 0; table < kTableCount; ++table) {
    auto key = inner->LastKey(static_cast<Table>(table));
    if (!key.ok()) return key.status();
    if (key->has_value()) {
      return absl::FailedPreconditionError(
          "keys: the store is in plain, and cannot be sealed any more; open it without keys, or "
          "take its records into a new store with keys");
    }
  }
  auto drawn = privacy::SecretKey::Draw();
  if (!drawn.ok()) return drawn.status();
  auto key = std::make_shared<const DataKey>(1, *drawn);
  auto wrapped = privacy::WrapDataKey(*key, *keeper);
  if (!wrapped.ok()) return wrapped.status();
  std::vector<WrappedKey> all = {*std::move(wrapped)};
  if (absl::Status status = PutKeys(all, inner.get()); !status.ok()) return status;
  return std::make_unique<Sealed>(std::move(inner), std::move(keeper), std::move(all),
                                  std::vector{std::move(key)});
}

}  // namespace

absl::StatusOr<std::unique_ptr<SealedStore>> OpenSealedStore(std::unique_ptr<Store> inner,
                                                             std::shared_ptr<KeyKeeper> keeper) {
  if (inner == nullptr || keeper == nullptr)
    return absl::InvalidArgumentError("inner, keeper: give both");
  auto row = inner->Get(Table::kMeta, kKeysRow);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return SealNew(std::move(inner), std::move(keeper));
  auto wrapped = privacy::DecodeDataKeys(**row);
  if (!wrapped.ok()) return wrapped.status();
  std::vector<std::shared_ptr<const DataKey>> keys;
  for (const WrappedKey& one : *wrapped) {
    auto key = privacy::UnwrapDataKey(one, *keeper);
    if (!key.ok()) return key.status();
    keys.push_back(std::make_shared<const DataKey>(one.epoch, *key));
  }
  return std::make_unique<Sealed>(std::move(inner), std::move(keeper), *std::move(wrapped),
                                  std::move(keys));
}

absl::StatusOr<std::unique_ptr<Store>> WithKeys(std::unique_ptr<Store> inner,
                                                std::shared_ptr<KeyKeeper> keeper) {
  if (keeper != nullptr) return OpenSealedStore(std::move(inner), std::move(keeper));
  auto row = inner->Get(Table::kMeta, kKeysRow);
  if (!row.ok()) return row.status();
  if (row->has_value())
    return absl::FailedPreconditionError("keys: the store is sealed; open it with its keys");
  return inner;
}

}  // namespace polyonym
