// keys.h - keys of sealed stores and of ledgers, out of Python's bytes.
//
// REQUIRES, of all: the GIL.
#ifndef POLYONYM_PYTHON_KEYS_H_
#define POLYONYM_PYTHON_KEYS_H_

#include <memory>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>

#include "polyonym/privacy/key_keeper.h"

namespace polyonym::python {

namespace nb = nanobind;

std::string BytesOf(const nb::bytes& bytes);

// Over a master key at hand; null for None.  RAISES: InvalidArgument (not 32 bytes).
std::shared_ptr<KeyKeeper> KeeperOf(const std::optional<nb::bytes>& master_key);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_KEYS_H_
