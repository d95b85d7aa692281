// engine/shop.h - a policy and records as a shop has them, short to write down; and stores that
// fail when they are told to.
#ifndef POLYONYM_TESTS_ENGINE_SHOP_H_
#define POLYONYM_TESTS_ENGINE_SHOP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/engine_state.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

// Three namespaces; a person has one number in `crm`.
inline Policy ShopPolicy() {
  Policy policy;
  policy.name = "shop";
  for (const char* name : {"crm", "phone", "openid"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
  }
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].limits.push_back({1, false, 0});
  return policy;
}

inline Record Seen(const std::string& id, std::int64_t time_ms,
                   const std::vector<Identifier>& identifiers) {
  Record record;
  record.source = "shop";
  record.id = id;
  record.time_ms = time_ms;
  for (const Identifier& identifier : identifiers) {
    record.identifiers.push_back({identifier.ns, identifier.value, Role::kSelf});
  }
  return record;
}

// An act of the shop's about identifiers.
inline Record Said(Act act, const std::string& id, std::int64_t time_ms,
                   const std::vector<Identifier>& identifiers) {
  Record record = Seen(id, time_ms, identifiers);
  record.act = act;
  return record;
}

// Somebody nobody else is linked to: crm c<i>, phone p<i>, seen at time i.
inline Record Visit(int i) {
  const std::string n = std::to_string(i);
  return Seen("visit" + n, i, {{"crm", "c" + n}, {"phone", "p" + n}});
}

inline std::unique_ptr<Engine> OpenShop() { return OpenInMemory(ShopPolicy(), 0); }

inline ApplyResult ApplyOne(Engine& engine, const Record& record) {
  return Must(engine.Apply(std::span(&record, 1)));
}

// Passes everything on to a store that outlives it, counts, and fails from some call on as a full
// disk does.
class FailingStore : public Store {
 public:
  struct Plan {
    std::uint64_t fail_commit = ~std::uint64_t{0};  // number of the first Commit that fails, from 0
    bool written_all_the_same = false;  // that one is written, and only its answer is lost
    std::atomic<bool> fail_syncs{false};
    std::atomic<bool> fail_ingests{false};
    std::atomic<bool> fail_reads{false};
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> ingests{0};
  };

  FailingStore(std::shared_ptr<Store> store, std::shared_ptr<Plan> plan)
      : store_(std::move(store)), plan_(std::move(plan)) {}

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    if (plan_->fail_reads) return Failure();
    return store_->Get(table, key, snapshot);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    if (plan_->fail_reads) return Failure();
    return store_->MultiGet(table, keys, snapshot);
  }
  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    if (plan_->fail_reads) return Failure();
    return store_->Scan(table, from, to, row, snapshot);
  }
  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    return store_->LastKey(table);
  }
  std::shared_ptr<const StoreSnapshot> Snapshot() const override { return store_->Snapshot(); }
  absl::Status Commit(const WriteSet& writes, bool sync) override {
    const std::uint64_t number = plan_->commits++;
    if (number < plan_->fail_commit) return store_->Commit(writes, sync);
    if (number == plan_->fail_commit && plan_->written_all_the_same)
      Must(store_->Commit(writes, sync));
    return Failure();
  }
  absl::Status Sync() override { return plan_->fail_syncs ? Failure() : store_->Sync(); }
  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    if (plan_->fail_ingests) return Failure();
    ++plan_->ingests;
    return store_->IngestFrom(table, rows);
  }
  absl::Status CopyTo(const std::string& path) const override { return store_->CopyTo(path); }
  std::uint64_t ApproximateBytes() const override { return store_->ApproximateBytes(); }

 private:
  static absl::Status Failure() { return absl::UnavailableError("the disk is full"); }
  std::shared_ptr<Store> store_;
  std::shared_ptr<Plan> plan_;
};

inline absl::StatusOr<std::unique_ptr<Engine>> OpenOnFailing(
    const std::shared_ptr<Store>& store, const std::shared_ptr<FailingStore::Plan>& plan,
    const EngineOptions& options = LawOptions(0)) {
  return Engine::OpenOn(std::make_unique<FailingStore>(store, plan), options);
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_ENGINE_SHOP_H_
