// model/presets.h - ready policies for the channels that builders of SCRM and CDP systems meet.
//
// A preset declares the namespaces of one channel (WeChat and WeCom, a shop's tills, ...) with their priorities, limits, guards
// and normalisers. Several make one policy:
//
//   const Preset channels[] = {Preset::kWeChat, Preset::kTaobao, Preset::kStore};
//   absl::StatusOr<Policy> policy = PolicyOf(channels);
//
// It is a start, not a law: the result is plain data, to be changed before it is set, and at any time after. docs/presets.md
// says of each channel what its ids mean, which traps they hold, and shows an example; `polyonym policy preset` prints the JSON.
//
// What all presets keep to:
//   - a namespace that several presets declare is the same in each, but for what it derives;
//   - priorities go from the host's own accounts over ids of persons, ids inside one app, phones and addresses to devices,
//     cookies and sessions; clerks come last;
//   - ids that a platform makes (openid, unionid, encrypted ids) are compared exactly; an id that means something only inside an
//     app, a corp or a shop is a family with that as its scope, at most one a person in each scope;
//   - whatever is seen directly with more than 1,000 others joins nothing (Policy::default_max_neighbours);
//   - an identifier of a namespace that is not declared is held by itself (Undeclared::kHoldIdentifier).
//
// THREADS: pure functions.  COST: some microseconds; call it once, not for each record.
#ifndef POLYONYM_MODEL_PRESETS_H_
#define POLYONYM_MODEL_PRESETS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/model/policy.h"

namespace polyonym {

enum class Preset : std::uint8_t {
  kWeChat = 0,  // WeChat and WeCom
  kWeibo = 1,
  kTaobao = 2,  // Taobao and Tmall
  kJd = 3,
  kDouyin = 4,
  kAlipay = 5,
  kXiaohongshu = 6,
  kWeb = 7,       // the host's own sites
  kApp = 8,       // the host's own apps
  kStore = 9,     // shops: member cards, tills, clerks
  kDigests = 10,  // phones and addresses also by the digests that advertisers and partners pass on
};

struct PresetInfo {
  Preset preset = Preset::kWeChat;
  std::string_view name;   // `wechat`: what the command line and the docs call it
  std::string_view about;  // one line of English
};

// Every preset, in the order of the enum.
std::span<const PresetInfo> Presets();

// The preset of that name; none where there is no such preset.
std::optional<Preset> ParsePreset(std::string_view name);

// Its name; empty for a value that is no preset.
std::string_view ToString(Preset preset);

// One policy of all the given presets, named after them (`wechat+store`). Their order does not matter, nor does a preset that is
// given twice.
// ENSURES: Validate() takes it.
// ERRORS: InvalidArgument when no preset is given, or a value is no preset.
absl::StatusOr<Policy> PolicyOf(std::span<const Preset> presets);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_PRESETS_H_
