// A policy that could not be read again is not put in force.
#include <memory>
#include <string>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {

TEST_CASE("a policy of more fields than are read again is refused and the one before stays") {
  const std::unique_ptr<Engine> engine = OpenShop();
  Policy policy = ShopPolicy();
  for (int n = 0; n < 101; ++n) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = "n" + std::to_string(n);
    for (int i = 0; i < 10'000; ++i) ns.blocked_values.push_back(std::to_string(i));
  }
  const absl::Status status = engine->SetPolicy(policy).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(status.message()), HoldsText("more than 1,000,000 fields"));
  CHECK(engine->Read().policy() == ShopPolicy());
}

}  // namespace polyonym::harness
