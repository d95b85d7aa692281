// The row `keyring` of `meta` says that there is one: payload is the store's secret (32), without which the file says nothing. It is sealed with
// the store's other rows, and so under the host's master key.
#include "engine/keyed_store.h"

#include <utility>

#include "engine/bytes.h"
#include "engine/log.h"
#include "polyonym/privacy/sealed_store.h"

namespace polyonym::engine {
namespace {

constexpr std::string_view kKeyringRow = "keyring";
constexpr std::uint8_t kKeyringVersion = 1;

// Draws the secret of a store in which nothing is yet.
absl::StatusOr<privacy::SecretKey> DrawStoreSecret(Store* store) {
  auto secret = privacy::SecretKey::Draw();
  if (!secret.ok()) return secret.status();
  WriteSet writes;
  writes.puts.push_back({Table::kMeta, std::string(kKeyringRow),
                         SealValue(kKeyringVersion, kKeyringRow, secret->view())});
  if (absl::Status status = store->Commit(writes, true); !status.ok()) return status;
  return secret;
}

// Whether nothing was ever put into the store, but the row above.
absl::StatusOr<bool> IsNew(const Store& store) {
  bool empty = true;
  for (int table = 0; table < kTableCount; ++table) {
    absl::Status status =
        store.Scan(static_cast<Table>(table), "", "", [&](std::string_view key, std::string_view) {
          empty = static_cast<Table>(table) == Table::kMeta && key == kKeyringRow;
          return empty;
        });
    if (!status.ok()) return status;
    if (!empty) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> WithKeyring(std::unique_ptr<Store> store,
                                                   const std::string& path, bool sealed) {
  if (!sealed) {
    if (path.empty()) return store;
    return absl::InvalidArgumentError("keyring: wants keys too");
  }
  auto row = store->Get(Table::kMeta, kKeyringRow);
  if (!row.ok()) return row.status();
  if (path.empty()) {
    if (!row->has_value()) return store;
    return absl::FailedPreconditionError(
        "keyring: the store was made with one; open it with its file");
  }
  auto is_new = IsNew(*store);
  if (!is_new.ok()) return is_new.status();
  if (!row->has_value() && !*is_new) {
    return absl::FailedPreconditionError(
        "keyring: the store was made without one; take its records into a new store");
  }
  privacy::SecretKey secret;
  if (row->has_value()) {
    auto payload = OpenValue(kKeyringVersion, kKeyringRow, **row);
    if (!payload.ok()) return payload.status();
    if (payload->size() != privacy::kKeyBytes)
      return absl::DataLossError("the row of the keyring does not decode; restore a backup");
    secret = privacy::SecretKey(*payload);
  }
  if (!row->has_value()) {
    auto drawn = DrawStoreSecret(store.get());
    if (!drawn.ok()) return drawn.status();
    secret = *drawn;
  }
  auto ring = privacy::Keyring::Open(path, secret);
  // A process that died as it made both left the row alone.
  if (absl::IsNotFound(ring.status()) && *is_new) ring = privacy::Keyring::Make(path, secret);
  if (!ring.ok()) return ring.status();
  auto rows = KeyedRows::Make(*std::move(ring));
  if (!rows.ok()) return rows.status();
  return std::make_unique<KeyedStore>(std::move(store), *std::move(rows));
}

absl::StatusOr<std::unique_ptr<Store>> WithKeysAndKeyring(std::unique_ptr<Store> store,
                                                          std::shared_ptr<KeyKeeper> keys,
                                                          const std::string& keyring) {
  const bool sealed = keys != nullptr;
  auto opened = WithKeys(std::move(store), std::move(keys));
  if (!opened.ok()) return opened.status();
  return WithKeyring(*std::move(opened), keyring, sealed);
}

absl::StatusOr<std::string> KeyedStore::FrameForRecord(std::uint64_t number,
                                                       std::uint64_t place) const {
  const std::string key = FrameKey(number);
  auto sealed = inner_->Get(Table::kLog, key);
  if (!sealed.ok()) return sealed.status();
  if (!sealed->has_value())
    return absl::DataLossError("a log frame is missing; run verify, then restore a backup");
  return rows_->Open(Table::kLog, key, **sealed, place);
}

absl::StatusOr<std::optional<std::string>> KeyedStore::Get(Table table, std::string_view key,
                                                           const StoreSnapshot* snapshot) const {
  auto value = inner_->Get(table, key, snapshot);
  if (!KeyedRows::Has(table) || !value.ok() || !value->has_value()) return value;
  auto row = rows_->Open(table, key, **value);
  if (!row.ok()) return row.status();
  return std::optional<std::string>(*std::move(row));
}

absl::StatusOr<std::vector<std::optional<std::string>>> KeyedStore::MultiGet(
    Table table, std::span<const std::string> keys, const StoreSnapshot* snapshot) const {
  auto values = inner_->MultiGet(table, keys, snapshot);
  if (!KeyedRows::Has(table) || !values.ok()) return values;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!(*values)[i]) continue;
    auto row = rows_->Open(table, keys[i], *(*values)[i]);
    if (!row.ok()) return row.status();
    (*values)[i] = *std::move(row);
  }
  return values;
}

absl::Status KeyedStore::Scan(Table table, std::string_view from, std::string_view to,
                              const RowVisitor& row, const StoreSnapshot* snapshot) const {
  if (!KeyedRows::Has(table)) return inner_->Scan(table, from, to, row, snapshot);
  absl::Status problem;
  absl::Status status = inner_->Scan(
      table, from, to,
      [&](std::string_view key, std::string_view sealed) {
        auto opened = rows_->Open(table, key, sealed);
        problem = opened.status();
        return problem.ok() && row(key, *opened);
      },
      snapshot);
  return status.ok() ? problem : status;
}

absl::Status KeyedStore::ScanDamaged(Table table, std::string_view from,
                                     const RowVisitor& row) const {
  if (!KeyedRows::Has(table)) return inner_->ScanDamaged(table, from, row);
  absl::Status problem;
  absl::Status status =
      inner_->ScanDamaged(table, from, [&](std::string_view key, std::string_view sealed) {
        auto opened = rows_->Open(table, key, sealed);
        if (absl::IsDataLoss(opened.status())) return row(key, "");
        problem = opened.status();
        return problem.ok() && row(key, *opened);
      });
  return status.ok() ? problem : status;
}

absl::Status KeyedStore::Commit(const WriteSet& writes, bool sync) {
  WriteSet keyed;
  keyed.puts.reserve(writes.puts.size());
  for (const WriteSet::Put& put : writes.puts) {
    if (!KeyedRows::Has(put.table)) {
      keyed.puts.push_back(put);
      continue;
    }
    auto sealed = rows_->Seal(put.table, put.key, put.value);
    if (!sealed.ok()) return sealed.status();
    keyed.puts.push_back({put.table, put.key, *std::move(sealed)});
  }
  keyed.erases = writes.erases;
  return inner_->Commit(keyed, sync);
}

absl::Status KeyedStore::IngestFrom(Table table, const RowSource& rows) {
  if (!KeyedRows::Has(table)) return inner_->IngestFrom(table, rows);
  return inner_->IngestFrom(table, [&](const RowSink& add) {
    return rows([&](std::string_view key, std::string_view value) {
      auto sealed = rows_->Seal(table, key, value);
      return sealed.ok() ? add(key, *sealed) : sealed.status();
    });
  });
}

}  // namespace polyonym::engine
