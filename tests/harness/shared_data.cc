#include "harness/shared_data.h"

#include <zlib.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace polyonym::harness {

bool ForEachSharedLine(const std::string& file, const std::function<void(std::string line)>& use) {
  const std::filesystem::path path = std::filesystem::path(POLYONYM_SHARED_DIR) / "data" / file;
  if (!std::filesystem::exists(path)) {
    std::cerr << "skipped: " << file << " is not there\n";
    return false;
  }
  const gzFile input = gzopen(path.c_str(), "rb");
  if (input == nullptr) throw std::runtime_error(file + " cannot be read");
  std::array<char, 4096> buffer;
  bool is_first = true;
  while (gzgets(input, buffer.data(), static_cast<int>(buffer.size())) != nullptr) {
    std::string line(buffer.data());
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (!std::exchange(is_first, false)) use(std::move(line));
  }
  if (gzclose(input) != Z_OK) throw std::runtime_error(file + " cannot be read to its end");
  return true;
}

}  // namespace polyonym::harness
