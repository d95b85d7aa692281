// model/digest.h - an identifier's second form: the digest that partners pass on in its place.
#ifndef POLYONYM_SRC_MODEL_DIGEST_H_
#define POLYONYM_SRC_MODEL_DIGEST_H_

#include <string>
#include <string_view>

#include "polyonym/model/policy.h"

namespace polyonym {

// Writes the digest of a normalised value as lower-case hexadecimal into `out`, whose memory is reused; false where the value has
// no such form (it is no phone).  COST: some hundred nanoseconds; libphonenumber (about 10 µs) for the national digits of most
// countries.  THREADS: thread-safe.
bool DigestValue(Digest digest, DigestOf of, std::string_view normalised, std::string* out);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_DIGEST_H_
