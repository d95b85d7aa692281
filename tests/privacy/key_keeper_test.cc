#include "polyonym/privacy/key_keeper.h"

#include <string>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

const std::string kMaster(32, 'm');
const std::string kKey = "0123456789abcdef0123456789ABCDEF";

}  // namespace

TEST_CASE("a master key has 32 bytes") {
  for (const std::size_t size : {0, 1, 16, 31, 33, 64})
    CHECK(absl::IsInvalidArgument(MakeKeyKeeper(std::string(size, 'm')).status()));
  CHECK(MakeKeyKeeper(kMaster).ok());
}

TEST_CASE("a keeper gives back what it wrapped and no two wrappings are the same") {
  const auto keeper = Must(MakeKeyKeeper(kMaster));
  const std::string once = Must(keeper->Wrap(kKey)), twice = Must(keeper->Wrap(kKey));
  CHECK(once != twice);
  CHECK(once.find(kKey) == std::string::npos);
  CHECK(Must(keeper->Unwrap(once)) == kKey);
  CHECK(Must(Must(MakeKeyKeeper(kMaster))->Unwrap(twice)) == kKey);
}

TEST_CASE("another master key opens nothing and neither do changed bytes") {
  const auto keeper = Must(MakeKeyKeeper(kMaster));
  const std::string wrapped = Must(keeper->Wrap(kKey));
  std::string almost = kMaster;
  almost[31] = 'n';
  CHECK(absl::IsPermissionDenied(Must(MakeKeyKeeper(almost))->Unwrap(wrapped).status()));
  for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
    std::string changed = wrapped;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    REQUIRE(absl::IsPermissionDenied(keeper->Unwrap(changed).status()));
  }
  for (std::size_t size = 0; size < wrapped.size(); ++size)
    REQUIRE(absl::IsPermissionDenied(keeper->Unwrap(wrapped.substr(0, size)).status()));
  CHECK(absl::IsPermissionDenied(keeper->Unwrap(wrapped + "x").status()));
}

}  // namespace polyonym::harness
