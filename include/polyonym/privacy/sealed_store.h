// privacy/sealed_store.h - a store that hands another one nothing but ciphertext.
//
//   auto store = OpenSealedStore(*OpenRocksStore("people.db", {}), *MakeKeyKeeper(master_key));
//
// Every value of every table is sealed with AES-256-GCM under a data key, which lies in the store as the host's keeper wrapped it. A value is
// bound to its table and key: one that was changed, or moved elsewhere, is DataLoss. Keys of rows are not sealed: nothing personal may be
// in them. docs/security.md has the bytes, and what this protects against and what not.
//
// Data keys have numbers, *epochs*: a row says under which it is sealed. RotateKeys() begins the next.
//
// THREADS: as store.h.
#ifndef POLYONYM_PRIVACY_SEALED_STORE_H_
#define POLYONYM_PRIVACY_SEALED_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/store/store.h"

namespace polyonym {

class SealedStore : public Store {
 public:
  // Of what is written now, from 1.
  virtual std::uint32_t epoch() const = 0;

  // Draws a new data key, which all that is written from now on is sealed under. What is there stays as it is, and can be read.
  // ERRORS: the keeper's, as Commit(); then the old key goes on.  COST: one synced commit.
  virtual absl::Status RotateKeys() = 0;

  // Has `keeper` wrap all data keys, in place of the keeper before: after the host's master key changed. The rows stay as they are. Backups of
  // before want the keeper of before.  ERRORS: the keeper's, as Commit(); then the keeper before goes on.  COST: one synced commit.
  virtual absl::Status Rewrap(std::shared_ptr<KeyKeeper> keeper) = 0;

  // Seals all rows of earlier epochs again, under the newest data key, forgets the others, and has the store rewrite its files. Others read and write
  // meanwhile; a snapshot of before stays readable. One that failed, or whose process died, has lost nothing, and is begun again. `progress`
  // is called now and then with how many rows were looked at.  ERRORS: DataLoss (a row does not open), as Commit(), as Rewrite().
  // COST: reads all that there is, writes it, and rewrites the files.
  virtual absl::Status Reseal(const std::function<void(std::uint64_t rows)>& progress = {}) = 0;
};

// Seals an empty store from now on, or opens one that was sealed.
// ERRORS: FailedPrecondition (the store is in plain; its keys are of a newer format), PermissionDenied (the keeper does not open it), the keeper's,
// DataLoss (its keys are damaged), as Store::Commit().  COST: one Unwrap() an epoch.
absl::StatusOr<std::unique_ptr<SealedStore>> OpenSealedStore(std::unique_ptr<Store> inner,
                                                             std::shared_ptr<KeyKeeper> keeper);

// The store as it is to be used: with a keeper sealed, as above; without one in plain.
// ERRORS: FailedPrecondition (it is sealed, and there is no keeper), as above.
absl::StatusOr<std::unique_ptr<Store>> WithKeys(std::unique_ptr<Store> inner,
                                                std::shared_ptr<KeyKeeper> keeper);

}  // namespace polyonym

#endif  // POLYONYM_PRIVACY_SEALED_STORE_H_
