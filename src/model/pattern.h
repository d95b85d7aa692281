// model/pattern.h - RE2 patterns with bounded memory and no output of their own.
#ifndef POLYONYM_SRC_MODEL_PATTERN_H_
#define POLYONYM_SRC_MODEL_PATTERN_H_

#include <re2/re2.h>

#include <memory>
#include <string>

namespace polyonym {

// Compiles a pattern over UTF-8; ask ok() and error().
inline std::unique_ptr<const re2::RE2> CompilePattern(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  return std::make_unique<const re2::RE2>(pattern, options);
}

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_PATTERN_H_
