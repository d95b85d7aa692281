// The canonical bytes of a record, over which its content hash is taken (XXH3-128, seed 0), in this order:
//   act (1 byte); source (text); time and version (8 bytes little-endian each, 0x8000000000000000 where absent; an absent
//   version is the time); count of identifiers (8 bytes), then each as namespace (text), role (1 byte), value (text): in the
//   order given for a rename, else sorted by (namespace, role, value); target source (text); facts (text).
//   A text is its length (8 bytes little-endian) and its bytes.
#include "polyonym/model/record.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <tuple>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polyonym {
namespace {

constexpr std::string_view kActNames[] = {"observe",           "bind",          "unbind",
                                          "must_link",         "cannot_link",   "rename",
                                          "delete_identifier", "delete_source", "retract"};

void PutNumber(std::string* out, std::uint64_t number) {
  char bytes[8];
  for (char& byte : bytes) {
    byte = static_cast<char>(number & 0xff);
    number >>= 8;
  }
  out->append(bytes, sizeof bytes);
}

void PutText(std::string* out, std::string_view text) {
  PutNumber(out, text.size());
  out->append(text);
}

void PutTime(std::string* out, std::optional<std::int64_t> time_ms) {
  PutNumber(out,
            static_cast<std::uint64_t>(time_ms.value_or(std::numeric_limits<std::int64_t>::min())));
}

}  // namespace

ContentHash HashContent(const Record& record) {
  thread_local std::string bytes;  // reused: this runs for every record
  bytes.clear();
  bytes.push_back(static_cast<char>(record.act));
  PutText(&bytes, record.source);
  PutTime(&bytes, record.time_ms);
  PutTime(&bytes, record.version ? record.version : record.time_ms);
  PutNumber(&bytes, record.identifiers.size());
  const auto put = [](const RecordIdentifier& identifier) {
    PutText(&bytes, identifier.ns);
    bytes.push_back(static_cast<char>(identifier.role));
    PutText(&bytes, identifier.value);
  };
  const auto before = [](const RecordIdentifier& a, const RecordIdentifier& b) {
    return std::tie(a.ns, a.role, a.value) < std::tie(b.ns, b.role, b.value);
  };
  if (record.act == Act::kRename ||
      std::is_sorted(record.identifiers.begin(), record.identifiers.end(), before)) {
    for (const RecordIdentifier& identifier : record.identifiers) put(identifier);
  } else {
    std::vector<const RecordIdentifier*> sorted;
    sorted.reserve(record.identifiers.size());
    for (const RecordIdentifier& identifier : record.identifiers) sorted.push_back(&identifier);
    std::sort(sorted.begin(), sorted.end(),
              [&](const auto* a, const auto* b) { return before(*a, *b); });
    for (const RecordIdentifier* identifier : sorted) put(*identifier);
  }
  PutText(&bytes, record.target_source);
  PutText(&bytes, record.facts);
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string ToString(const ContentHash& hash) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[i] = kHex[hash.high >> (60 - 4 * i) & 15];
    text[16 + i] = kHex[hash.low >> (60 - 4 * i) & 15];
  }
  return text;
}

std::string_view ToString(Act act) {
  const auto index = static_cast<std::size_t>(act);
  return index < std::size(kActNames) ? kActNames[index] : "unknown";
}

std::optional<Act> ParseAct(std::string_view name) {
  const auto at = std::find(std::begin(kActNames), std::end(kActNames), name);
  if (at == std::end(kActNames)) return std::nullopt;
  return static_cast<Act>(at - std::begin(kActNames));
}

}  // namespace polyonym
