#include "engine/facts_cache.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "engine/bytes.h"
#include "engine/packed_rows.h"
#include "engine/profile_cache.h"
#include "engine/threads.h"

namespace polyonym::engine {
namespace {

// Of the bound, what objects may take where bytes take the rest, and what these may take where some lose their rows.
constexpr std::size_t kOpenShare = 8;
constexpr std::size_t kWithoutRowsShare = 4;
constexpr std::size_t kWorthThreads = 64;  // people
constexpr std::size_t kPackedAtOnce = 16;
constexpr std::size_t kOfPlace = 64;  // bytes of a place in list and map, about
constexpr std::size_t kOfText = 16;   // bytes of a text beside the object, about

// As bytes, each as it differs from the one before: of eight a byte that says which do, and these. What many conditions are alike is little.
void PutWords(std::span<const std::uint64_t> words, std::string* out) {
  PutVarint(out, words.size());
  unsigned char last = 0;
  for (std::uint64_t word : words) {
    const std::size_t at = out->size();
    out->push_back(0);
    unsigned which = 0;
    for (unsigned i = 0; i < sizeof(word); ++i, word >>= 8) {
      const auto byte = static_cast<unsigned char>(word);
      if (byte == last) continue;
      which |= 1U << i;
      out->push_back(static_cast<char>(byte));
      last = byte;
    }
    (*out)[at] = static_cast<char>(which);
  }
}

std::vector<std::uint64_t> ReadWords(ByteReader* in) {
  std::vector<std::uint64_t> words(in->Varint());
  std::uint64_t last = 0;
  for (std::uint64_t& word : words) {
    const unsigned which = in->Byte();
    for (unsigned i = 0; i < sizeof(word); ++i) {
      if ((which >> i & 1) != 0) last = in->Byte();
      word |= last << i * 8;
    }
  }
  return words;
}

}  // namespace

void FactsCache::Known::Pack() {
  std::string all_rows = std::move(packed_rows);
  for (std::size_t i = rows_in_packed; i < rows.size(); ++i) PackRow(rows[i], &all_rows);
  std::string out;
  PutVarint(&out, identifiers.size());
  for (const Identifier& identifier : identifiers) PutIdentifier(identifier, &out);
  PutIdentifier(anchor, &out);
  PutWords(verdicts.words(), &out);
  PutWords(in.words(), &out);
  for (const std::int64_t ms : {latest_ms, turn_ms}) PutVarint(&out, ZigZag(ms));
  PutVarint(&out, has_later ? 1 : 0);
  Known all;
  all.packed = std::string(out);  // of its size
  all.packed_rows = std::string(std::string_view(all_rows));
  *this = std::move(all);
}

absl::Status FactsCache::Known::Open() {
  if (packed.empty()) return absl::OkStatus();
  ByteReader reader(packed);
  identifiers.resize(reader.Varint());
  for (Identifier& identifier : identifiers) identifier = ReadIdentifier(&reader);
  anchor = ReadIdentifier(&reader);
  verdicts = segment::Verdicts::OfWords(ReadWords(&reader));
  in = segment::SegmentBits::OfWords(ReadWords(&reader));
  for (std::int64_t* ms : {&latest_ms, &turn_ms}) *ms = UnZigZag(reader.Varint());
  has_later = reader.Varint() != 0;
  packed = {};
  absl::Status status = UnpackRows(packed_rows, &rows);
  rows_in_packed = rows.size();
  for (const FactRow& row : rows) bytes += engine::BytesOf(row);
  return status;
}

std::size_t FactsCache::BytesOf(const Kept& kept) {
  std::size_t bytes = kOfPlace + sizeof(kept) + kept.packed.capacity() + kept.rows.capacity();
  if (kept.known == nullptr) return bytes;
  const Known& known = *kept.known;
  return bytes + sizeof(known) + known.bytes + known.verdicts.bytes() + known.in.bytes() +
         known.identifiers.size() * (sizeof(Identifier) + 2 * kOfText) +
         known.packed_rows.capacity();
}

std::size_t FactsCache::bytes() const {
  std::size_t bytes = 0;
  for (const Some& some : forms_) bytes += some.bytes;
  return bytes;
}

std::unique_ptr<FactsCache::Known> FactsCache::Take(Node id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return nullptr;
  Kept& kept = *at->second;
  std::unique_ptr<Known> known = std::move(kept.known);
  if (known == nullptr) {
    known = std::make_unique<Known>();
    known->packed = std::move(kept.packed);
    known->packed_rows = std::move(kept.rows);
    known->has_rows = kept.form != kWithoutRows;
  }
  Some& of = forms_[kept.form];
  of.bytes -= kept.bytes;
  of.kept.erase(at->second);
  by_id_.erase(at);
  return known;
}

void FactsCache::Put(Node id, std::unique_ptr<Known> known) {
  Kept kept{id, kOpen, 0, std::move(known), {}, {}};
  kept.bytes = BytesOf(kept);
  if (kept.bytes > bytes_allowed_) return;
  Some& open = forms_[kOpen];
  open.bytes += kept.bytes;
  open.kept.push_front(std::move(kept));
  by_id_[id] = open.kept.begin();
}

// Those from `first` on are of another form now.
void FactsCache::Pass(std::list<Kept>::iterator first, Form from, Form to) {
  for (auto at = first; at != forms_[from].kept.end(); ++at) {
    at->form = to;
    at->bytes = BytesOf(*at);
    forms_[to].bytes += at->bytes;
  }
  forms_[to].kept.splice(forms_[to].kept.begin(), forms_[from].kept, first,
                         forms_[from].kept.end());
}

void FactsCache::PackOpen() {
  Some& open = forms_[kOpen];
  std::vector<Kept*> some;
  auto first = open.kept.end();
  while (open.bytes > bytes_allowed_ / kOpenShare && first != open.kept.begin()) {
    --first;
    open.bytes -= first->bytes;
    some.push_back(&*first);
  }
  const unsigned threads = some.size() < kWorthThreads ? 1 : ThreadsFor(0);
  RunRanges(threads, some.size(), kPackedAtOnce, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const std::unique_ptr<Known> known = std::move(some[i]->known);
      known->Pack();
      some[i]->packed = std::move(known->packed);
      some[i]->rows = std::move(known->packed_rows);
    }
  });
  Pass(first, kOpen, kPacked);
}

void FactsCache::DropRows() {
  Some& packed = forms_[kPacked];
  std::size_t without = forms_[kWithoutRows].bytes;
  std::size_t left = bytes() - without;
  auto first = packed.kept.end();
  const std::size_t most = bytes_allowed_ / kWithoutRowsShare;
  while (left + std::min(without, most) > bytes_allowed_ && first != packed.kept.begin()) {
    --first;
    packed.bytes -= first->bytes;
    left -= first->bytes;
    std::string().swap(first->rows);
    without += BytesOf(*first);
  }
  Pass(first, kPacked, kWithoutRows);
}

void FactsCache::DropLast(Some* of) {
  of->bytes -= of->kept.back().bytes;
  by_id_.erase(of->kept.back().id);
  of->kept.pop_back();
}

void FactsCache::Shrink() {
  if (bytes() <= bytes_allowed_) return;
  PackOpen();
  if (bytes() > bytes_allowed_) DropRows();
  while (!forms_[kWithoutRows].kept.empty() && bytes() > bytes_allowed_)
    DropLast(&forms_[kWithoutRows]);
  while (bytes() > bytes_allowed_) DropLast(&forms_[kOpen]);
}

void FactsCache::Clear() {
  for (Some& some : forms_) some = {};
  by_id_.clear();
}

}  // namespace polyonym::engine
