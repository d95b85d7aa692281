// engine/erase.h - forgetting a person: what is asked, and the receipt. docs/erasure.md has what goes, what stays, and what proves it.
//
//   auto receipt = engine->Erase(std::vector<EraseRequest>{{{"phone", "+8613800000001"}}});
//   receipt->removed_records;                         // and so on: counts alone, no values
//
// An identifier that was erased is remembered as a hash under a key of its own (EngineOptions::erase_key), so that records which come
// later do not bring the person back: they are rejected (Reason::kErased), or taken without that identifier where they are about others too.
// The same hashes, kept outside the store, are replayed on a store that was restored from a backup of before.
//
// THREADS: plain values.
#ifndef POLYONYM_ENGINE_ERASE_H_
#define POLYONYM_ENGINE_ERASE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym {

struct EraseRequest {
  Identifier identifier;
  // Everybody's identifiers that are of its profile now; false: this identifier alone.
  bool whole_person = true;
};

struct EraseOptions {
  bool dry_run = false;  // count, write nothing
  // Whether a shared identifier that is asked for by itself goes, and with it what others had of it. false: FailedPrecondition. Shared ones that a
  // person was seen with are never erased with the person: they lose the link, and stay others'.
  bool even_shared = false;
  // Whether records that come later are held to it. false: they count as those of somebody new.
  bool suppress = true;
  // Rewrite the files of the store before it returns, so that no byte is left in them. false: FinishErasing() does it, for many at once; until
  // then the receipt says that it is not finished.
  bool finish = true;
  // With `finish`: a deadline for rewriting the files, in milliseconds from the beginning of the call, by EngineOptions::ticks_ns. The erasure itself is
  // never cut short: it is committed, shown in a checkpoint and out of the log whatever that takes. Files that are not rewritten by then are
  // left as they are, within some ten milliseconds of it; the receipt says `finished` false, and the next FinishErasing() rewrites all of them.
  // It has to be called once without a deadline, or with one that suffices, or nothing is ever finished.  DEFAULT 0: no deadline.
  std::uint64_t finish_within_ms = 0;
  std::string graph;  // whose profiles say who the person is
  // Called now and then by the thread that works: what is done, of how much. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// An identifier that was erased: HMAC-SHA-256 of it under the ledger's key, cut to 128 bits. It says nothing to who has not the key.
struct Erasure {
  std::array<std::uint8_t, 16> hash{};
  std::uint64_t sequence = 0;  // of the call that erased it first
  friend bool operator==(const Erasure&, const Erasure&) = default;
};

// What was done. It has no value of anybody.
struct EraseReceipt {
  std::uint64_t sequence = 0;  // of the call; unchanged where nothing was there to erase
  std::int64_t time_ms = 0;    // of the store's clock, or of its newest record where that is later
  std::vector<Erasure> erasures;  // of this call, by hash
  std::uint64_t erased_identifiers = 0;
  std::uint64_t kept_shared_identifiers = 0;  // that the people were seen with, and are others' too
  std::uint64_t removed_records = 0;          // whole ones
  std::uint64_t rewritten_records = 0;  // that are of others too, and were left without the people
  std::uint64_t removed_facts = 0;      // of all of these
  std::uint64_t removed_links = 0;      // pairs that had evidence
  std::uint64_t rewritten_feed_rows = 0;
  std::uint64_t removed_outbox_items = 0;
  std::uint64_t rewritten_frames = 0;
  bool finished = false;  // no file of before is left
  // HMAC-SHA-256 under the ledger's key of all fields above: who has the key sees that nobody changed it.
  std::string seal;
};

// What Engine::KeepOnly() did.
struct RetentionResult {
  std::uint64_t sequence = 0;  // of the call; unchanged where nothing was old enough
  std::uint64_t removed_facts = 0;
  std::uint64_t rewritten_records = 0;  // that had them
  bool finished = false;                // no file of before is left
};

// The bytes of `seal` for a receipt and a ledger's key.  COST: some microseconds.
std::string SealOf(const EraseReceipt& receipt, std::string_view key);

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_ERASE_H_
