// Other keys for a store that is open: the sealed store below does it, beside readers and writers. docs/security.md.
#include "engine/engine_impl.h"
#include "polyonym/privacy/audit_log.h"
#include "polyonym/privacy/sealed_store.h"

namespace polyonym {

absl::Status Engine::Impl::RotateKeys(const KeyRotation& rotation) {
  if (rotation.keys == nullptr && !rotation.new_data_key && !rotation.reseal)
    return absl::InvalidArgumentError("rotation: say what is to be another");
  Store* below = store_.get();
  if (auto* keyed = dynamic_cast<engine::KeyedStore*>(below)) below = keyed->mutable_inner();
  auto* sealed = dynamic_cast<SealedStore*>(below);
  if (sealed == nullptr)
    return absl::FailedPreconditionError("keys: the store is in plain, and has none to rotate");
  if (options_.audit != nullptr) {
    if (absl::Status status = options_.audit->Usable(); !status.ok()) return status;
  }
  if (absl::Status status = ReadOnly(); !status.ok()) return status;
  // The master key first, so that a new data key is never wrapped under the former one.
  absl::Status status;
  if (rotation.keys != nullptr) status = sealed->Rewrap(rotation.keys);
  if (status.ok() && rotation.new_data_key) status = sealed->RotateKeys();
  if (status.ok() && rotation.reseal) status = sealed->Reseal(rotation.progress);
  return status;
}

absl::Status Engine::RotateKeys(const KeyRotation& rotation) {
  absl::Status status = impl_->RotateKeys(rotation);
  if (status.ok()) impl_->Audit("rotate_keys", 0, impl_->publisher().newest()->sequence);
  return status;
}

}  // namespace polyonym
