#include "keys.h"

#include "calls.h"

namespace polyonym::python {

std::string BytesOf(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

std::shared_ptr<KeyKeeper> KeeperOf(const std::optional<nb::bytes>& master_key) {
  if (!master_key) return nullptr;
  const std::string key = BytesOf(*master_key);
  return Call([&] { return MakeKeyKeeper(key); });
}

}  // namespace polyonym::python
