// codec/enum_reader.h - fields of messages that take a line each: enums that may be unknown, and lists of texts.
#ifndef POLYONYM_SRC_CODEC_ENUM_READER_H_
#define POLYONYM_SRC_CODEC_ENUM_READER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "codec/convert.h"

namespace polyonym::codec {

// Reads enums, and remembers the first that this library does not know.
class EnumReader {
 public:
  // The place is `at` and `field` in one; they are joined only for an error.
  template <class To, class From>
  void Read(From from, bool (*is_known)(int), const std::string& at, const char* field, To* to) {
    if (!is_known(from) && status_.ok()) status_ = UnknownEnum(at + field);
    *to = static_cast<To>(from);
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

template <class List>
std::vector<std::string> Texts(const List& from) {
  return {from.begin(), from.end()};
}

template <class List>
void SetTexts(const std::vector<std::string>& from, List* to) {
  to->Assign(from.begin(), from.end());
}

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_ENUM_READER_H_
