// engine/key_rotation.h - other keys for a sealed store that is open: what Engine::RotateKeys() is asked. docs/security.md, "Other keys".
//
//   engine->RotateKeys({.keys = *MakeKeyKeeper(new_master_key)});     // from now on the store opens with this one alone
//
// The master key wraps the store's data keys. Keys of single identifiers are made of the keyring's secrets and of a secret in the store that is sealed
// under a data key, so that they too are out of reach for who has the former master key alone; the keyring's file is not written.
//
// THREADS: plain values.
#ifndef POLYONYM_ENGINE_KEY_ROTATION_H_
#define POLYONYM_ENGINE_KEY_ROTATION_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "polyonym/privacy/key_keeper.h"

namespace polyonym {

// In this order. Each part is there whole or not at all, and whoever dies behind one begins again with the same call.
struct KeyRotation {
  // The host's new master key: all data keys are wrapped under it, in one synced commit. Until that commit is there the store opens with the former one
  // alone, from then on with this one alone. Rows stay as they are; backups of before want the former one.  DEFAULT none: it stays.
  std::shared_ptr<KeyKeeper> keys;
  // Draws a new data key, under which all is sealed that is written from now on.
  bool new_data_key = false;
  // Seals every row of earlier data keys again, drops those keys, and rewrites the store's files, so that no file has a row under them or wraps one
  // under the former master key. Where the former master key may be known to somebody, ask for all three.
  bool reseal = false;
  // Of `reseal`: called now and then with how many rows were looked at. May not call the engine.
  std::function<void(std::uint64_t rows)> progress;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_KEY_ROTATION_H_
