#include "workload/limits.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/identity/disjoint_set.h"
#include "workload/measure.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

std::string AscendingKey(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t b = 0; b < 8; ++b) key[7 - b] = static_cast<char>(number >> (8 * b) & 0xff);
  return key;
}

}  // namespace

double BareAppends(const std::string& path, std::size_t commits, std::uint64_t bytes, bool sync) {
  const auto store = OrStop(OpenRocksStore(path, {}));
  constexpr std::uint64_t kFrame = 4096;
  const std::uint64_t each = std::max<std::uint64_t>(1, bytes / commits);
  std::uint64_t number = 0;
  WriteSet writes;
  const Stopwatch watch;
  for (std::size_t i = 0; i < commits; ++i) {
    writes.clear();
    for (std::uint64_t at = 0; at < each; at += kFrame) {
      writes.puts.push_back(
          {Table::kLog, AscendingKey(++number), std::string(std::min(kFrame, each - at), 'x')});
    }
    OrStop(store->Commit(writes, sync));
  }
  return watch.Seconds();
}

BareUnion UniteBare(std::span<const Record> records) {
  using Element = identity::DisjointSet::Element;
  absl::flat_hash_map<Identifier, Element> numbers;
  std::vector<std::vector<Element>> events;
  for (const Record& r : records) {
    auto& event = events.emplace_back();
    for (const RecordIdentifier& i : r.identifiers) {
      event.push_back(
          numbers.try_emplace({i.ns, i.value}, static_cast<Element>(numbers.size())).first->second);
    }
  }
  identity::DisjointSet groups(numbers.size());
  BareUnion out;
  out.seconds = SecondsOf([&] {
    for (const auto& event : events)
      for (const Element e : event) groups.Union(event.front(), e);
  });
  for (Element e = 0; e < groups.size(); ++e) out.components += groups.Find(e) == e ? 1 : 0;
  return out;
}

double ScanTables(const std::string& path, std::span<const Table> tables) {
  std::uint64_t bytes = 0;
  const Stopwatch watch;
  const auto store = OrStop(OpenRocksStore(path, {}));
  for (const Table table : tables) {
    OrStop(store->Scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
      bytes += key.size() + value.size();
      return true;
    }));
  }
  const double seconds = watch.Seconds();
  Check(bytes > 0, "there is nothing to scan");
  return seconds;
}

double ReadFiles(const std::string& path) {
  std::vector<char> buffer(std::size_t{1} << 20);
  const Stopwatch watch;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
    }
  }
  return watch.Seconds();
}

}  // namespace polyonym::workload
