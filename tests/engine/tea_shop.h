// engine/tea_shop.h - a shop whose policy says who loves tea, and whose people come to love it and stop: what feeds and outboxes are tested with.
#ifndef POLYONYM_TESTS_ENGINE_TEA_SHOP_H_
#define POLYONYM_TESTS_ENGINE_TEA_SHOP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "polyonym/model/facts.h"

namespace polyonym::harness {

// Segments `tea` and `much`; whoever is in `much` is in `tea`.
inline Policy TeaPolicy(const std::vector<TriggerDefinition>& triggers = {}) {
  Policy policy = ShopPolicy();
  policy.definitions.tags.emplace_back().name = "tea";
  policy.definitions.segments = {{"tea", "tag tea", ""}, {"much", "score of tag tea >= 2", ""}};
  policy.definitions.triggers = triggers;
  return policy;
}

// crm c<i>, phone p<i> likes tea so much; one record a person, which the next replaces.
inline Record Likes(int i, std::int64_t weight, std::int64_t version = 0) {
  Record record = Visit(i);
  record.id = "likes" + std::to_string(i);
  record.version = version;
  if (weight == 0) return record;
  Facts facts;
  facts.tags.push_back({"tea", weight * 1'000'000, {}, {}, "", {}, ""});
  record.facts = WriteFacts(facts);
  return record;
}

inline ProfileId PersonOf(const Engine& engine, int i) {
  return *engine.Read().Resolve({"crm", "c" + std::to_string(i)}).profile;
}

// A store in memory that outlives its engines.
class TeaShop {
 public:
  explicit TeaShop(const Policy& policy = TeaPolicy()) {
    Reopen();
    Must(engine_->SetPolicy(policy).status());
  }
  Engine& engine() { return *engine_; }
  Engine* operator->() { return engine_.get(); }
  Store& store() { return *store_; }
  FailingStore::Plan& plan() { return *plan_; }
  EngineOptions& options() { return options_; }
  void Close() { engine_ = nullptr; }
  void Reopen() {
    engine_ = nullptr;
    plan_ = std::make_shared<FailingStore::Plan>();
    engine_ = Must(OpenOnFailing(store_, plan_, options_));
  }
  // The commit after so many further ones fails.
  void FailCommitAfter(std::uint64_t commits) { plan_->fail_commit = plan_->commits + commits; }
  void Like(int i, std::int64_t weight) {
    ApplyOne(*engine_, Likes(i, weight, static_cast<std::int64_t>(++version_)));
  }

 private:
  EngineOptions options_ = LawOptions(0);
  std::shared_ptr<Store> store_ = std::shared_ptr<Store>(OpenMemoryStore());
  std::shared_ptr<FailingStore::Plan> plan_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t version_ = 0;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_ENGINE_TEA_SHOP_H_
