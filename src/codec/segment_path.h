// codec/segment_path.h - where a message stands within the one that is read, for errors.
#ifndef POLYONYM_SRC_CODEC_SEGMENT_PATH_H_
#define POLYONYM_SRC_CODEC_SEGMENT_PATH_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::codec {

// One step of the way there, which knows the step before: put together only where there is an error.
// REQUIRES: the step before outlives this one.  THREADS: thread-compatible.
class ProtoPath {
 public:
  ProtoPath() = default;  // the outermost message
  ProtoPath Field(const char* name) const { return {this, name, -1}; }
  ProtoPath Element(const char* name, int index) const { return {this, name, index}; }

  // `args[1].value`; of the outermost message empty.
  std::string ToText() const {
    if (parent_ == nullptr) return {};
    std::string text = parent_->ToText();
    if (!text.empty()) text += '.';
    text += name_;
    if (index_ >= 0) text += "[" + std::to_string(index_) + "]";
    return text;
  }

  absl::Status Error(std::string_view what) const {
    std::string text = ToText();
    if (text.empty()) text = "the expression";
    return absl::InvalidArgumentError(text + ": " + std::string(what));
  }

 private:
  ProtoPath(const ProtoPath* parent, const char* name, int index)
      : parent_(parent), name_(name), index_(index) {}

  const ProtoPath* parent_ = nullptr;
  const char* name_ = nullptr;
  int index_ = -1;
};

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_SEGMENT_PATH_H_
