// Sealed stores: rows of the store below that are altered, moved or dropped are DataLoss or refused, and never another value.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fuzz/input.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/privacy/sealed_store.h"
#include "privacy/packing.h"

namespace polyonym::fuzz {
namespace {

using Rows = std::map<std::pair<Table, std::string>, std::string>;

std::shared_ptr<KeyKeeper> Keeper() {
  static const auto keeper = MakeKeyKeeper(std::string(32, 'k'));
  Must(keeper.status());
  return *keeper;
}

std::unique_ptr<Store> StoreOf(const Rows& rows) {
  std::unique_ptr<Store> store = OpenMemoryStore();
  WriteSet writes;
  for (const auto& [at, value] : rows) writes.puts.push_back({at.first, at.second, value});
  Must(store->Commit(writes, true));
  return store;
}

Rows PlainRows() {
  Rows rows;
  for (const Table table : kTables) {
    rows[{table, "short"}] = "v";
    rows[{table, "long"}] = std::string(2'000, 'v');
  }
  return rows;
}

// The same as the store below has it.
const Rows& SealedRows() {
  static const Rows sealed = [] {
    Rows rows;
    std::unique_ptr<Store> inner = OpenMemoryStore();
    const Store* const below = inner.get();
    const auto store = OpenSealedStore(std::move(inner), Keeper());
    Must(store.status());
    WriteSet writes;
    for (const auto& [at, value] : PlainRows()) writes.puts.push_back({at.first, at.second, value});
    Must((*store)->Commit(writes, true));
    ForEachRow(*below, [&](Table table, const std::string& key, const std::string& value) {
      rows[{table, key}] = value;
    });
    return rows;
  }();
  return sealed;
}

void Alter(Input& in, Rows* rows) {
  if (rows->empty()) return;
  const auto at = std::next(rows->begin(), static_cast<std::ptrdiff_t>(in.Byte() % rows->size()));
  const std::uint64_t number = in.Number();
  switch (in.Below(4)) {
    case 0:
      rows->erase(at);
      break;
    case 1:
      at->second.resize(number % (at->second.size() + 8));
      break;
    case 2:
      if (!at->second.empty()) at->second[number % at->second.size()] ^= 1 << number % 7;
      break;
    default:
      (*rows)[std::next(rows->begin(), static_cast<std::ptrdiff_t>(number % rows->size()))->first] =
          std::string(at->second);
  }
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  fuzz::Input in(data, size);
  fuzz::Rows rows = fuzz::SealedRows();
  for (int i = 0; i < 3 && !in.empty(); ++i) fuzz::Alter(in, &rows);
  std::string packed(in.Rest()), value;
  if (privacy::Pack(packed, &value)) {
    std::string again;
    fuzz::Require(privacy::Unpack(value, &again) && again == packed, "packed is unpacked");
  }
  const auto store = OpenSealedStore(fuzz::StoreOf(rows), fuzz::Keeper());
  if (!store.ok()) {
    fuzz::Require(absl::IsDataLoss(store.status()) || absl::IsFailedPrecondition(store.status()) ||
                      absl::IsPermissionDenied(store.status()),
                  store.status().ToString());
    return 0;
  }
  for (const auto& [at, plain] : fuzz::PlainRows()) {
    const auto got = (*store)->Get(at.first, at.second);
    if (got.ok() && *got) fuzz::Require(**got == plain, "a row is what it was, or does not open");
    if (!got.ok()) fuzz::RequireRefusedWell(got.status());
  }
  return 0;
}
