// store/sealed_stores.h - sealed stores as TEMPLATE_TEST_CASE makes them: they are held to what every store is held to.
#ifndef POLYONYM_TESTS_STORE_SEALED_STORES_H_
#define POLYONYM_TESTS_STORE_SEALED_STORES_H_

#include <memory>
#include <string>
#include <utility>

#include "polyonym/privacy/sealed_store.h"
#include "store/store_model.h"

namespace polyonym::harness {

inline std::unique_ptr<Store> SealedOver(std::unique_ptr<Store> inner) {
  return Must(OpenSealedStore(std::move(inner), Must(MakeKeyKeeper(std::string(32, 'm')))));
}

class SealedInMemory {
 public:
  static constexpr bool kOnDisk = false;
  Store& store() { return *store_; }
  void Reopen() {}
  std::string NewPath() { return folder_ / "copy"; }

 private:
  TempFolder folder_;
  std::unique_ptr<Store> store_ = SealedOver(OpenMemoryStore());
};

class SealedOnDisk {
 public:
  static constexpr bool kOnDisk = true;
  SealedOnDisk() { Reopen(); }
  Store& store() { return *store_; }
  void Reopen() {
    store_.reset();
    store_ = OpenCopy(folder_ / "store");
  }
  std::string NewPath() { return folder_ / ("copy" + std::to_string(copies_++)); }
  static std::unique_ptr<Store> OpenCopy(const std::string& path) {
    return SealedOver(Must(OpenRocksStore(path, SmallBuffers())));
  }

 private:
  TempFolder folder_;
  std::unique_ptr<Store> store_;
  int copies_ = 0;
};

// What CopyTo() made of a store of this kind.
template <class Made>
std::unique_ptr<Store> OpenCopy(const std::string& path) {
  if constexpr (requires { Made::OpenCopy(path); }) {
    return Made::OpenCopy(path);
  } else {
    return Must(OpenRocksStore(path, SmallBuffers()));
  }
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_STORE_SEALED_STORES_H_
