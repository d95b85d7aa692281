// model/normalise.h - one spelling for one value.
#ifndef POLYONYM_SRC_MODEL_NORMALISE_H_
#define POLYONYM_SRC_MODEL_NORMALISE_H_

#include <string>
#include <string_view>

#include "polyonym/model/policy.h"

namespace polyonym {

// Normalises UTF-8 text into `out`, whose memory is reused; false when there is no such form. Normalising twice gives the same.
// `region` is for kPhone.  COST: one pass where the value is clean ASCII; ICU, or libphonenumber (about 10 µs), for the rest.
// THREADS: thread-safe.
bool Normalise(Normaliser normaliser, std::string_view region, std::string_view value,
               std::string* out);

// The digits of a phone in E.164 without its country code; false where it is none.
// COST: a copy for numbers of mainland China, libphonenumber for others.
bool NationalDigits(std::string_view e164, std::string* out);

// kPhone by libphonenumber alone, without the fast path: the reference of its test.
bool NormalisePhoneByLibrary(std::string_view region, std::string_view value, std::string* out);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_NORMALISE_H_
