// hostile/colliding_names.h - names that one table takes for one another, for an attacker who knows the seed of its hash.
//
// XXH3 of 8 bytes is a bijection for each seed (XXH3_len_4to8_64b: an exclusive or, rotations, multiplications by odd numbers, shifts), so
// that names are made from the hash backwards: any number of them with the same 38 bits that src/engine/slot_table.h looks at. For the seed
// 0, which is XXH3_64bits() without a seed, such sets are published; for a seed that nobody knows there are none to send.
#ifndef POLYONYM_TESTS_HOSTILE_COLLIDING_NAMES_H_
#define POLYONYM_TESTS_HOSTILE_COLLIDING_NAMES_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace polyonym::harness {

// The 8 bytes, little-endian as one number, whose XXH3_64bits_withSeed() is `hash`.
inline std::uint64_t InvertXxh3Of8Bytes(std::uint64_t hash, std::uint64_t seed) {
  constexpr std::uint64_t kPrime = 0x9fb21c651e98df25;
  const auto inverse = [](std::uint64_t odd) {  // Newton's, modulo 2^64
    std::uint64_t x = odd;
    for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
    return x;
  };
  const auto unshift = [](std::uint64_t y, int by) {  // of x ^ x >> by
    std::uint64_t x = y;
    for (int known = by; known < 64; known += by) x = y ^ x >> by;
    return x;
  };
  std::uint64_t h = unshift(hash, 28) * inverse(kPrime);
  h = (h ^ ((h >> 35) + 8)) * inverse(kPrime);  // the upper 35 bits, and so what is added, stand
  // h = x ^ rotl(x, 49) ^ rotl(x, 24): as polynomials its square is that of rotations doubled, and after six squares it is x again.
  std::uint64_t x = h;
  int by_49 = 49, by_24 = 24;
  for (int i = 0; i < 6; ++i) {
    x = x ^ std::rotl(x, by_49) ^ std::rotl(x, by_24);
    by_49 = 2 * by_49 % 64;
    by_24 = 2 * by_24 % 64;
  }
  const auto swap32 = [](std::uint64_t v) {
    const auto half = static_cast<std::uint32_t>(v);
    return static_cast<std::uint64_t>(half >> 24 | (half >> 8 & 0xff00) | (half << 8 & 0xff0000) |
                                      half << 24);
  };
  seed ^= swap32(seed) << 32;
  constexpr std::uint64_t kSecret8 = 0x1cad21f72c81017c, kSecret16 = 0xdb979083e96dd4de;
  x ^= (kSecret8 ^ kSecret16) - seed;
  return x >> 32 | x << 32;  // the last four bytes are the lower half
}

// `count` names of 8 printable characters whose hashes have the lower 32 bits and the upper 6 in common: one slot, one tag, one segment of
// the table.  REQUIRES: count <= 20,000.
inline std::vector<std::string> CollidingNames(std::uint64_t seed, std::size_t count) {
  std::vector<std::string> names;
  for (std::uint64_t middle = 0; names.size() < count && middle < std::uint64_t{1} << 26;
       ++middle) {
    const std::uint64_t bytes = InvertXxh3Of8Bytes(middle << 32 | 0x12345678, seed);
    std::string name(8, '\0');
    std::memcpy(name.data(), &bytes, 8);
    bool printable = true;
    for (const char c : name) printable &= c > ' ' && c < '\x7f';
    if (printable) names.push_back(name);
  }
  return names;
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HOSTILE_COLLIDING_NAMES_H_
