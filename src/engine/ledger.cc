#include "engine/ledger.h"

#include <algorithm>
#include <utility>

#include "engine/bytes.h"
#include "privacy/aead.h"

namespace polyonym::engine {
namespace {

constexpr std::string_view kKeyRow = "erase_key";
constexpr std::string_view kPrefix = "erased/";
constexpr std::string_view kBehind = "erased0";  // the next byte
constexpr std::uint8_t kVersion = 1;

constexpr std::size_t kMinKeyBytes = 16;
constexpr std::size_t kOwnKeyBytes = 32;

// Of the key's row: what follows is the key, or a hash by which the host's key is known again.
constexpr std::uint8_t kOwnKey = 0;
constexpr std::uint8_t kHostsKey = 1;
constexpr std::string_view kKnownBy = "polyonym ledger of erasures";

std::string Text(const privacy::Hash& hash) { return std::string(privacy::View(hash)); }

std::string RowOf(const Ledger::Hash& hash) {
  std::string key(kPrefix);
  key.append(hash.begin(), hash.end());
  return key;
}

absl::Status Corrupt() {
  return absl::DataLossError("the ledger of erasures does not decode; restore a backup");
}

absl::Status ReadRow(std::string_view key, std::string_view bytes,
                     absl::flat_hash_map<Ledger::Hash, std::uint64_t>* rows) {
  auto payload = OpenValue(kVersion, key, bytes);
  if (!payload.ok()) return payload.status();
  Ledger::Hash hash{};
  const std::string_view text = key.substr(kPrefix.size());
  ByteReader in(*payload);
  const std::uint64_t sequence = in.Varint();
  if (text.size() != hash.size() || !in.AtEnd()) return Corrupt();
  std::copy(text.begin(), text.end(), hash.begin());
  (*rows)[hash] = sequence;
  return absl::OkStatus();
}

}  // namespace

Ledger::Ledger() = default;
Ledger::~Ledger() = default;

absl::Status Ledger::Open(const Store& store, const std::string& hosts_key) {
  if (!hosts_key.empty() && hosts_key.size() < kMinKeyBytes)
    return absl::InvalidArgumentError("erase_key: must have 16 bytes or more");
  absl::Status problem;
  {
    const std::lock_guard lock(mutex_);
    absl::flat_hash_map<Hash, std::uint64_t> rows;
    absl::Status status = store.Scan(Table::kMeta, kPrefix, kBehind,
                                     [&](std::string_view key, std::string_view value) {
                                       problem = ReadRow(key, value, &rows);
                                       return problem.ok();
                                     });
    if (!status.ok()) return status;
    if (!problem.ok()) return problem;
    sequences_ = std::move(rows);
    count_ = sequences_.size();
  }
  auto row = store.Get(Table::kMeta, kKeyRow);
  if (!row.ok()) return row.status();
  hosts_key_ = !hosts_key.empty();
  key_ = hosts_key;
  if (hosts_key_) hmac_ = std::make_unique<privacy::Hmac>(key_);
  has_row_ = false;
  if (!row->has_value()) return empty() ? absl::OkStatus() : Corrupt();
  auto payload = OpenValue(kVersion, kKeyRow, **row);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  const std::uint8_t whose = in.Byte();
  const std::string_view text = in.Text();
  if (!in.AtEnd() || text.size() != kOwnKeyBytes || whose > kHostsKey) return Corrupt();
  if (whose == kOwnKey && !hosts_key_) {
    key_ = text;
    hmac_ = std::make_unique<privacy::Hmac>(key_);
  }
  has_row_ =
      whose == kOwnKey ? !hosts_key_ : hosts_key_ && Text(privacy::Hmac(key_).Of(kKnownBy)) == text;
  if (has_row_ || empty()) return absl::OkStatus();  // an empty ledger takes any key
  return absl::InvalidArgumentError(
      "erase_key: the ledger of erasures was made under another key; open the store with that one");
}

absl::Status Ledger::Begin(WriteSet* writes) {
  if (has_row_) return absl::OkStatus();
  if (key_.empty()) {
    key_.resize(kOwnKeyBytes);
    if (absl::Status status = privacy::FillRandom(key_.data(), kOwnKeyBytes); !status.ok())
      return status;
    hmac_ = std::make_unique<privacy::Hmac>(key_);
  }
  std::string payload(1, static_cast<char>(hosts_key_ ? kHostsKey : kOwnKey));
  PutText(&payload, hosts_key_ ? Text(privacy::Hmac(key_).Of(kKnownBy)) : key_);
  writes->puts.push_back(
      {Table::kMeta, std::string(kKeyRow), SealValue(kVersion, kKeyRow, payload)});
  return absl::OkStatus();
}

Ledger::Hash Ledger::HashOf(std::string_view ns, std::string_view value) const {
  std::string named(ns);
  named.push_back('\0');  // in no namespace
  const privacy::Hash whole = hmac_->Of(named, value);
  Hash cut{};
  std::copy_n(whole.begin(), cut.size(), cut.begin());
  return cut;
}

bool Ledger::Has(const Hash& hash) const {
  const std::lock_guard lock(mutex_);
  return sequences_.contains(hash);
}

std::vector<Erasure> Ledger::All() const {
  std::vector<Erasure> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [hash, sequence] : sequences_) all.push_back({hash, sequence});
  }
  std::sort(all.begin(), all.end(),
            [](const Erasure& a, const Erasure& b) { return a.hash < b.hash; });
  return all;
}

std::vector<Ledger::Hash> Ledger::Put(const std::vector<Erasure>& erasures, WriteSet* writes) {
  std::vector<Hash> fresh;
  const std::lock_guard lock(mutex_);
  for (const Erasure& erasure : erasures) {
    if (!sequences_.emplace(erasure.hash, erasure.sequence).second) continue;
    fresh.push_back(erasure.hash);
    std::string payload;
    PutVarint(&payload, erasure.sequence);
    std::string key = RowOf(erasure.hash);
    std::string value = SealValue(kVersion, key, payload);
    writes->puts.push_back({Table::kMeta, std::move(key), std::move(value)});
  }
  count_ = sequences_.size();
  return fresh;
}

void Ledger::Drop(const std::vector<Hash>& hashes) {
  const std::lock_guard lock(mutex_);
  for (const Hash& hash : hashes) sequences_.erase(hash);
  count_ = sequences_.size();
}

std::optional<Erasure> Ledger::Lift(const Hash& hash, WriteSet* writes) {
  const std::lock_guard lock(mutex_);
  const auto at = sequences_.find(hash);
  if (at == sequences_.end()) return std::nullopt;
  const Erasure lifted{hash, at->second};
  sequences_.erase(at);
  count_ = sequences_.size();
  writes->erases.push_back({Table::kMeta, RowOf(hash)});
  return lifted;
}

}  // namespace polyonym::engine

namespace polyonym {

std::string SealOf(const EraseReceipt& receipt, std::string_view key) {
  std::string text;
  for (const std::uint64_t number :
       {receipt.sequence, engine::ZigZag(receipt.time_ms), std::uint64_t{receipt.erasures.size()},
        receipt.erased_identifiers, receipt.kept_shared_identifiers, receipt.removed_records,
        receipt.rewritten_records, receipt.removed_facts, receipt.removed_links,
        receipt.rewritten_feed_rows, receipt.removed_outbox_items, receipt.rewritten_frames,
        std::uint64_t{receipt.finished ? 1u : 0u}})
    engine::PutVarint(&text, number);
  for (const Erasure& erasure : receipt.erasures) {
    text.append(erasure.hash.begin(), erasure.hash.end());
    engine::PutVarint(&text, erasure.sequence);
  }
  return engine::Text(privacy::Hmac(key).Of(text));
}

}  // namespace polyonym
