// privacy/access_event.h - that somebody read, changed or exported something, as it is told to an audit log.
//
// It has no value of anybody: a person is the number of a profile, a field its kind and name.
//
// THREADS: a plain value.
#ifndef POLYONYM_PRIVACY_ACCESS_EVENT_H_
#define POLYONYM_PRIVACY_ACCESS_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace polyonym {

struct AccessEvent {
  std::string actor;   // who, as the host calls them
  std::string role;    // by which role of PrivacyRules::roles; empty: the host itself
  std::string action;  // `read`, `list`, `count`, `export`, ...: one word
  std::optional<std::uint64_t> profile;  // of whom; none: of nobody or of many
  std::vector<std::string> fields;       // what was shown, as PrivacyRules write fields
  std::string outcome;                   // `ok`, or the name of the status: `PERMISSION_DENIED`
  friend bool operator==(const AccessEvent&, const AccessEvent&) = default;
};

}  // namespace polyonym

#endif  // POLYONYM_PRIVACY_ACCESS_EVENT_H_
