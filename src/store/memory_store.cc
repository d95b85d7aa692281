// The store that lives in memory: ordered maps whose values are kept by commit, so that snapshots are numbers.
#include <array>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "polyonym/store/store.h"

namespace polyonym {
namespace {

class MemorySnapshot : public StoreSnapshot {
 public:
  explicit MemorySnapshot(std::uint64_t commit) : commit_(commit) {}
  std::uint64_t commit() const { return commit_; }

 private:
  const std::uint64_t commit_;
};

class MemoryStore : public Store {
 public:
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    const std::shared_lock lock(mutex_);
    const Rows& rows = TableOf(table);
    const auto at = rows.find(key);
    if (at == rows.end()) return std::optional<std::string>();
    const std::string* value = ValueAt(at->second, CommitOf(snapshot));
    return value == nullptr ? std::optional<std::string>() : std::optional<std::string>(*value);
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string& key : keys) values.push_back(*Get(table, key, snapshot));
    return values;
  }

  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    // One row at a time under the lock: the visitor runs without it, and may call the store. What it overwrites is kept meanwhile.
    const std::shared_ptr<const StoreSnapshot> now = snapshot == nullptr ? Snapshot() : nullptr;
    const std::uint64_t commit = CommitOf(snapshot == nullptr ? now.get() : snapshot);
    std::string key(from);
    std::string value;
    for (bool first = true; NextRow(table, commit, to, first, &key, &value); first = false) {
      if (!row(key, value)) break;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    const std::shared_lock lock(mutex_);
    const Rows& rows = TableOf(table);
    for (auto at = rows.rbegin(); at != rows.rend(); ++at) {
      if (ValueAt(at->second, commit_) != nullptr) return std::optional<std::string>(at->first);
    }
    return std::optional<std::string>();
  }

  std::shared_ptr<const StoreSnapshot> Snapshot() const override {
    const std::unique_lock lock(mutex_);
    const std::uint64_t commit = commit_;
    ++pins_[commit];
    return {new MemorySnapshot(commit), [this](const MemorySnapshot* s) {
              const std::unique_lock unpin(mutex_);
              const auto at = pins_.find(s->commit());
              if (--at->second == 0) pins_.erase(at);
              delete s;
            }};
  }

  absl::Status Commit(const WriteSet& writes, bool) override {
    const std::unique_lock lock(mutex_);
    ++commit_;
    for (const WriteSet::Put& put : writes.puts) Set(put.table, put.key, put.value);
    for (const WriteSet::Erase& erase : writes.erases) Set(erase.table, erase.key, std::nullopt);
    return absl::OkStatus();
  }

  absl::Status Sync() override { return absl::OkStatus(); }

  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    std::vector<std::pair<std::string, std::string>> run;
    absl::Status status = rows([&run](std::string_view key, std::string_view value) {
      if (!run.empty() && key <= run.back().first)
        return absl::InvalidArgumentError("rows: keys must ascend and be distinct");
      run.emplace_back(key, value);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    const std::unique_lock lock(mutex_);
    ++commit_;
    for (auto& [key, value] : run) Set(table, key, std::move(value));
    return absl::OkStatus();
  }

  absl::Status CopyTo(const std::string&) const override {
    return absl::UnimplementedError("a store in memory has no files to copy");
  }

  std::uint64_t ApproximateBytes() const override {
    const std::shared_lock lock(mutex_);
    return bytes_;
  }

 private:
  // Versions of a value, by ascending commit; nothing: erased there.
  using Versions = std::vector<std::pair<std::uint64_t, std::optional<std::string>>>;
  using Rows = std::map<std::string, Versions, std::less<>>;

  const Rows& TableOf(Table table) const { return tables_[static_cast<std::size_t>(table)]; }

  static std::uint64_t CommitOf(const StoreSnapshot* snapshot) {
    return snapshot == nullptr ? ~std::uint64_t{0}
                               : static_cast<const MemorySnapshot*>(snapshot)->commit();
  }

  static const std::string* ValueAt(const Versions& versions, std::uint64_t commit) {
    for (auto at = versions.rbegin(); at != versions.rend(); ++at) {
      if (at->first <= commit) return at->second ? &*at->second : nullptr;
    }
    return nullptr;
  }

  // The first row from `*key` on (behind it, unless `first`) that is there at `commit` and before `to`.
  bool NextRow(Table table, std::uint64_t commit, std::string_view to, bool first, std::string* key,
               std::string* value) const {
    const std::shared_lock lock(mutex_);
    const Rows& rows = TableOf(table);
    for (auto at = first ? rows.lower_bound(*key) : rows.upper_bound(*key);
         at != rows.end() && (to.empty() || at->first < to); ++at) {
      const std::string* found = ValueAt(at->second, commit);
      if (found == nullptr) continue;
      *key = at->first;
      *value = *found;
      return true;
    }
    return false;
  }

  static std::uint64_t SizeOf(const std::string& key, const std::optional<std::string>& value) {
    return key.size() + (value ? value->size() : 0);
  }

  void Set(Table table, const std::string& key, std::optional<std::string> value) {
    Versions& versions = tables_[static_cast<std::size_t>(table)][key];
    const auto drop = [&](Versions::iterator at) {
      bytes_ -= SizeOf(key, at->second);
      versions.erase(at);
    };
    bytes_ += SizeOf(key, value);
    const std::uint64_t oldest = pins_.empty() ? commit_ : pins_.begin()->first;
    // Keep the newest version that the oldest snapshot sees, and all after it.
    while (versions.size() > 1 && versions[1].first <= oldest) drop(versions.begin());
    if (!versions.empty() && (pins_.empty() || versions.back().first == commit_))
      drop(versions.end() - 1);
    versions.emplace_back(commit_, std::move(value));
  }

  mutable std::shared_mutex mutex_;
  std::array<Rows, kTableCount> tables_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t commit_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::map<std::uint64_t, std::uint64_t> pins_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<Store> OpenMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace polyonym
