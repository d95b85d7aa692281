#include "model/digest.h"

#include <openssl/evp.h>

#include <cstddef>

#include "model/normalise.h"

namespace polyonym {

bool DigestValue(Digest digest, DigestOf of, std::string_view normalised, std::string* out) {
  std::string national;
  std::string_view text = normalised;
  if (of != DigestOf::kNormalised) {
    if (text.empty() || text.front() != '+') return false;
    text.remove_prefix(1);
  }
  if (of == DigestOf::kNationalDigits) {
    if (!NationalDigits(normalised, &national)) return false;
    text = national;
  }
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const EVP_MD* const how = digest == Digest::kMd5 ? EVP_md5() : EVP_sha256();
  if (EVP_Digest(text.data(), text.size(), bytes, &size, how, nullptr) != 1) return false;
  constexpr char kHex[] = "0123456789abcdef";
  out->resize(std::size_t{size} * 2);
  for (unsigned int i = 0; i < size; ++i) {
    (*out)[std::size_t{i} * 2] = kHex[bytes[i] >> 4];
    (*out)[std::size_t{i} * 2 + 1] = kHex[bytes[i] & 15];
  }
  return true;
}

}  // namespace polyonym
