// time_format.h - reads times as a mapping describes them (proto/polyonym/v1/mapping.proto, TimeMapping).
//
// THREADS: thread-compatible.
#ifndef POLYONYM_EXAMPLES_POLYONYM_TIME_FORMAT_H_
#define POLYONYM_EXAMPLES_POLYONYM_TIME_FORMAT_H_

#include <unicode/timezone.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace polyonym::driver {

class TimeFormat {
 public:
  // An empty `format` is rfc3339, an empty `zone` UTC.
  // ERRORS: InvalidArgument (an unknown conversion, an unknown zone).
  static absl::StatusOr<TimeFormat> Compile(std::string_view format, std::string_view zone);

  // Milliseconds since 1970, or nothing where the text is not of this format. A time that a zone's clock skipped is taken as
  // if the clock had not been put forward; of a time that came twice the later is taken.
  std::optional<std::int64_t> Parse(std::string_view text) const;

 private:
  enum class Kind { kPattern, kRfc3339, kSeconds, kMilliseconds };
  std::optional<std::int64_t> ParsePattern(std::string_view text, std::string_view pattern) const;

  Kind kind_ = Kind::kRfc3339;
  std::string pattern_;
  std::shared_ptr<const icu::TimeZone> zone_;  // null: UTC
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_TIME_FORMAT_H_
