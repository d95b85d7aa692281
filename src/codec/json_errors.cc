#include "codec/json_errors.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <iterator>

namespace polyonym::codec {
namespace {

// A path as protobuf writes it: names of fields and places in lists, nothing from the text.
bool IsPath(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
           c == ']';
  });
}

std::string NamesOf(const google::protobuf::EnumDescriptor& type) {
  std::string names = "one of ";
  for (int i = 0; i < type.value_count(); ++i) names += (i > 0 ? ", " : "") + type.value(i)->name();
  return names;
}

// What a type wants, in words.
std::string Wanted(std::string_view type) {
  struct Words {
    std::string_view type, words;
  };
  static constexpr Words kWords[] = {
      {"TYPE_STRING", "text"},
      {"TYPE_BOOL", "true or false"},
      {"TYPE_DOUBLE", "a number"},
      {"TYPE_UINT32", "a whole number of 32 bits, not below 0"},
      {"TYPE_INT32", "a whole number of 32 bits"},
      {"TYPE_INT64", "a whole number of 64 bits"},
      {"TYPE_SINT64", "a whole number of 64 bits"},
      {"oneof", "one of its kinds, not several"},
  };
  const auto* at = std::find_if(std::begin(kWords), std::end(kWords),
                                [&](const Words& w) { return w.type == type; });
  if (at != std::end(kWords)) return std::string(at->words);
  const std::string name(type.substr(type.rfind('/') + 1));
  const auto* values = google::protobuf::DescriptorPool::generated_pool()->FindEnumTypeByName(name);
  return values != nullptr ? NamesOf(*values) : "an object";
}

bool TakeEnd(std::string_view* text, std::string_view end) {
  if (!text->ends_with(end)) return false;
  text->remove_suffix(end.size());
  return true;
}

}  // namespace

std::string Shown(std::string_view name) {
  constexpr std::size_t kMaxShown = 64;
  std::size_t length = std::min(name.size(), kMaxShown);
  const auto inside_character = [&](std::size_t i) {
    return (static_cast<unsigned char>(name[i]) & 0xC0) == 0x80;
  };
  while (length < name.size() && length > 0 && inside_character(length)) --length;
  std::string shown(name.substr(0, length));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return length < name.size() ? shown + "…" : shown;
}

std::string Path(std::string_view parent, std::string_view name) {
  return parent.empty() ? Shown(name) : std::string(parent) + "." + Shown(name);
}

absl::Status NotJson(std::string_view what) {
  return absl::InvalidArgumentError("not valid JSON: " + std::string(what));
}
absl::Status UnknownField(std::string_view parent, std::string_view name) {
  return absl::InvalidArgumentError(Path(parent, name) + ": unknown field");
}
absl::Status FieldTwice(std::string_view parent, std::string_view name) {
  return absl::InvalidArgumentError(Path(parent, name) + ": the field is there twice");
}
absl::Status TooManyIdentifiers() {
  return absl::InvalidArgumentError("identifiers: no record has more than 10,000");
}

absl::Status Expected(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(std::string(field) + ": expected " + std::string(what));
}

// The forms are `(path): invalid value V for type T`, `(path) name: Cannot find field.` and `(path) name: Proto field is
// not repeating, cannot start list.`; at the top `(path)` is left out.
absl::Status FromProtobufMessage(std::string_view message, std::string_view parent) {
  constexpr std::string_view kInvalid = ": invalid value ", kType = " for type ";
  std::string path(parent);
  if (const std::size_t close = message.find(')');
      message.starts_with('(') && close != std::string_view::npos) {
    const std::string_view inside = message.substr(1, close - 1);
    if (IsPath(inside)) {
      path += (path.empty() || inside.empty() ? "" : ".") + std::string(inside);
      message.remove_prefix(close + 1);
      if (message.starts_with(' ')) message.remove_prefix(1);
    }
  }
  if (TakeEnd(&message, ": Cannot find field.")) return UnknownField(path, message);
  if (TakeEnd(&message, ": Proto field is not repeating, cannot start list.")) {
    return Expected(Path(path, message), "one value, not a list");
  }
  const std::size_t type = message.rfind(kType);
  if (message.starts_with(kInvalid) && type != std::string_view::npos) {
    return Expected(path, Wanted(message.substr(type + kType.size())));
  }
  return Expected(path.empty() ? "the text" : path, "the JSON mapping of its protobuf message");
}

}  // namespace polyonym::codec
