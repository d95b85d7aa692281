#include "polyonym/model/presets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "model/digest.h"

namespace polyonym {
namespace {

// Priorities, the best first. The rule adds those of a link's two ends, so what counts is which pair is trusted before which.
enum Standing : std::uint32_t {
  kOwnAccount = 10,   // the host's own, one a person
  kMemberCard = 20,   // the host's own, but lent within a family
  kPlatformId = 30,   // one a person on a whole platform
  kIdInApp = 40,      // one a person inside an app, a corp or a shop
  kPassingId = 50,    // a platform's id for a while
  kPhoneNumber = 60,  // shared in a family, given to others after years
  kAddress = 70,
  kNickname = 80,  // changed at will
  kDigested = 90,
  kDeviceId = 110,
  kCookieId = 120,
  kSessionId = 130,
  kClerk = 200,  // named as somebody else
};

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kPendingIdDays = 90;
constexpr std::int64_t kBrowserForgetsAfterDays = 400;

NamespacePolicy Declare(std::string_view name, Standing priority) {
  NamespacePolicy ns;
  ns.name = name;
  ns.priority = priority;
  ns.normaliser = Normaliser::kExact;
  return ns;
}

// At most one a person.
NamespacePolicy OneEach(std::string_view name, Standing priority) {
  NamespacePolicy ns = Declare(name, priority);
  ns.limits = {{.max = 1}};
  return ns;
}

// At most one a person in each app, corp or shop that is the scope.
NamespacePolicy OneEachInScope(std::string_view name, Standing priority,
                               std::string_view parent = "") {
  NamespacePolicy ns = Declare(name, priority);
  ns.limits = {{.max = 1, .per_scope = true}};
  ns.parent = parent;
  return ns;
}

NamespacePolicy Personal(NamespacePolicy ns) {
  ns.sensitivity = Sensitivity::kPersonal;
  return ns;
}

// ---- Shared by several channels ----

// A phone or an address of a family is with whoever gave it last; that of a shop, which clerks type for everybody, joins nothing.
void GuardContact(NamespacePolicy* ns) {
  ns->limits = {{.max = 5}};
  ns->guards = {{"account", 5}, {"member_card", 5}, {"wechat.unionid", 5}};
}

NamespacePolicy Phone() {
  NamespacePolicy ns = Personal(Declare("phone", kPhoneNumber));
  ns.normaliser = Normaliser::kPhone;
  ns.region = "CN";
  GuardContact(&ns);
  return ns;
}

NamespacePolicy Email() {
  NamespacePolicy ns = Personal(Declare("email", kAddress));
  ns.normaliser = Normaliser::kEmail;
  GuardContact(&ns);
  return ns;
}

NamespacePolicy Account() { return OneEachInScope("account", kOwnAccount); }

// A family's tablet is with whoever logged in last; one that many use joins nothing.
NamespacePolicy DeviceOf(std::string_view name, Standing priority) {
  NamespacePolicy ns = Declare(name, priority);
  ns.guards = {{"account", 3}, {"phone", 5}};
  ns.link_lifetime_ms = kBrowserForgetsAfterDays * kDayMs;
  return ns;
}

NamespacePolicy Device() { return DeviceOf("device", kDeviceId); }

// SDKs of one vendor write the same hardware id in capitals, those of another in small letters.
NamespacePolicy HardwareId(std::string_view name) {
  NamespacePolicy ns = Personal(DeviceOf(name, kDeviceId));
  ns.normaliser = Normaliser::kLowerCase;
  return ns;
}

// Never a customer, even where a record names them as one by mistake.
NamespacePolicy ClerkOf(std::string_view name, std::vector<std::string> customers) {
  NamespacePolicy ns = OneEachInScope(name, kClerk);
  for (std::string& customer : customers) ns.guards.push_back({std::move(customer), 0});
  return ns;
}

// A digest stands for one phone or address. Two of different countries can have the same national digits: then it joins nothing.
NamespacePolicy DigestsOf(std::string_view name, std::string_view of, Digest digest) {
  NamespacePolicy ns = Personal(Declare(name, kDigested));
  ns.normaliser = Normaliser::kLowerCase;
  ns.valid_pattern = digest == Digest::kMd5 ? "^[0-9a-f]{32}$" : "^[0-9a-f]{64}$";
  ns.guards = {{std::string(of), 1}};
  for (const std::string_view nothing : {"", "0", "null", "NULL", "undefined", "13800138000"}) {
    std::string value;
    if (DigestValue(digest, DigestOf::kNormalised, nothing, &value))
      ns.blocked_values.push_back(std::move(value));
  }
  return ns;
}

// ---- Channels ----

using Namespaces = std::vector<NamespacePolicy>;

Namespaces WeChat() {
  NamespacePolicy pending = Declare("wecom.pending_id", kPassingId);
  pending.validity_ms = kPendingIdDays * kDayMs;
  return {OneEachInScope("wechat.unionid", kPlatformId),
          OneEachInScope("wechat.openid", kIdInApp, "wechat.unionid"),
          OneEachInScope("wecom.external_userid", kIdInApp),
          pending,
          ClerkOf("wecom.userid", {"wecom.external_userid", "wechat.unionid", "wechat.openid"}),
          Phone()};
}

Namespaces Weibo() {
  NamespacePolicy uid = OneEach("weibo.uid", kPlatformId);
  uid.normaliser = Normaliser::kTrim;
  uid.valid_pattern = "^[1-9][0-9]{0,19}$";  // a nickname is none
  return {uid};
}

Namespaces Taobao() {
  NamespacePolicy nick = Personal(Declare("taobao.nick", kNickname));
  nick.normaliser = Normaliser::kTrim;
  nick.limits = {{.max = 5}};
  return {OneEachInScope("taobao.omid", kPlatformId), OneEachInScope("taobao.ouid", kIdInApp),
          OneEachInScope("taobao.openuid", kIdInApp), nick, Phone()};
}

Namespaces Jd() {
  return {Personal(OneEach("jd.pin", kPlatformId)), OneEachInScope("jd.xid", kIdInApp),
          OneEachInScope("jd.openid", kIdInApp), Phone()};
}

Namespaces Douyin() {
  return {OneEachInScope("douyin.allied_id", kPlatformId),
          OneEachInScope("douyin.unionid", kPlatformId),
          OneEachInScope("douyin.openid", kIdInApp, "douyin.unionid"), Phone()};
}

Namespaces Alipay() {
  NamespacePolicy user = OneEach("alipay.user_id", kPlatformId);
  user.normaliser = Normaliser::kTrim;
  user.valid_pattern = "^[0-9]{16,32}$";  // 16 today; longer ones are announced
  return {user, OneEachInScope("alipay.openid", kIdInApp, "alipay.user_id"), Phone()};
}

Namespaces Xiaohongshu() {
  return {OneEachInScope("xiaohongshu.user_id", kPlatformId),
          OneEachInScope("xiaohongshu.openid", kIdInApp), Phone()};
}

Namespaces Web() {
  NamespacePolicy session = DeviceOf("session", kSessionId);
  session.guards = {{"account", 1}};
  return {Account(), Phone(), Email(), Device(), DeviceOf("cookie", kCookieId), session};
}

Namespaces App() {
  NamespacePolicy oaid = HardwareId("device.oaid");
  oaid.blocked_values = {"no"};  // what a phone answers whose owner has switched it off
  NamespacePolicy android = HardwareId("device.android_id");
  android.blocked_values = {"9774d56d682e549c"};  // the same on many phones
  NamespacePolicy imei = HardwareId("device.imei");
  imei.valid_pattern = "^[0-9a-f]{14,15}$";
  return {Account(),
          Phone(),
          Email(),
          Device(),
          oaid,
          HardwareId("device.idfa"),
          HardwareId("device.idfv"),
          android,
          imei};
}

Namespaces Store() {
  return {OneEachInScope("member_card", kMemberCard), OneEachInScope("pos.customer", kIdInApp),
          ClerkOf("staff", {"member_card", "pos.customer"}), Phone()};
}

Namespaces Digests() {
  NamespacePolicy phone = Phone();
  phone.derived = {{"phone.sha256", Digest::kSha256, DigestOf::kNationalDigits},
                   {"phone.md5", Digest::kMd5, DigestOf::kNationalDigits}};
  NamespacePolicy email = Email();
  email.derived = {{"email.sha256", Digest::kSha256, DigestOf::kNormalised},
                   {"email.md5", Digest::kMd5, DigestOf::kNormalised}};
  return {phone,
          email,
          DigestsOf("phone.sha256", "phone", Digest::kSha256),
          DigestsOf("phone.md5", "phone", Digest::kMd5),
          DigestsOf("email.sha256", "email", Digest::kSha256),
          DigestsOf("email.md5", "email", Digest::kMd5)};
}

// ---- All of them ----

constexpr std::array<PresetInfo, 11> kPresets = {{
    {Preset::kWeChat, "wechat", "WeChat and WeCom"},
    {Preset::kWeibo, "weibo", "Weibo"},
    {Preset::kTaobao, "taobao", "Taobao and Tmall"},
    {Preset::kJd, "jd", "JD"},
    {Preset::kDouyin, "douyin", "Douyin"},
    {Preset::kAlipay, "alipay", "Alipay"},
    {Preset::kXiaohongshu, "xiaohongshu", "Xiaohongshu"},
    {Preset::kWeb, "web", "the host's own sites"},
    {Preset::kApp, "app", "the host's own apps"},
    {Preset::kStore, "store", "shops: member cards, tills, clerks"},
    {Preset::kDigests, "digests", "phones and addresses also by their SHA-256 and MD5"},
}};

Namespaces NamespacesOf(Preset preset) {
  switch (preset) {
    case Preset::kWeChat:
      return WeChat();
    case Preset::kWeibo:
      return Weibo();
    case Preset::kTaobao:
      return Taobao();
    case Preset::kJd:
      return Jd();
    case Preset::kDouyin:
      return Douyin();
    case Preset::kAlipay:
      return Alipay();
    case Preset::kXiaohongshu:
      return Xiaohongshu();
    case Preset::kWeb:
      return Web();
    case Preset::kApp:
      return App();
    case Preset::kStore:
      return Store();
    case Preset::kDigests:
      return Digests();
  }
  return {};
}

void Add(NamespacePolicy ns, Policy* policy) {
  const auto same =
      std::find_if(policy->namespaces.begin(), policy->namespaces.end(),
                   [&](const NamespacePolicy& other) { return other.name == ns.name; });
  if (same == policy->namespaces.end()) {
    policy->namespaces.push_back(std::move(ns));
  } else if (same->derived.empty()) {
    same->derived = std::move(ns.derived);
  }
}

}  // namespace

std::span<const PresetInfo> Presets() { return kPresets; }

std::optional<Preset> ParsePreset(std::string_view name) {
  for (const PresetInfo& info : kPresets) {
    if (info.name == name) return info.preset;
  }
  return std::nullopt;
}

std::string_view ToString(Preset preset) {
  const auto index = static_cast<std::size_t>(preset);
  return index < kPresets.size() ? kPresets[index].name : std::string_view();
}

absl::StatusOr<Policy> PolicyOf(std::span<const Preset> presets) {
  if (presets.empty())
    return absl::InvalidArgumentError("presets: give at least one, such as Preset::kWeb");
  for (std::size_t i = 0; i < presets.size(); ++i) {
    if (ToString(presets[i]).empty()) {
      return absl::InvalidArgumentError("presets[" + std::to_string(i) +
                                        "]: is no preset; Presets() lists them");
    }
  }
  Policy policy;
  policy.undeclared = Undeclared::kHoldIdentifier;
  for (const PresetInfo& info : kPresets) {
    if (std::find(presets.begin(), presets.end(), info.preset) == presets.end()) continue;
    policy.name += (policy.name.empty() ? "" : "+") + std::string(info.name);
    for (NamespacePolicy& ns : NamespacesOf(info.preset)) Add(std::move(ns), &policy);
  }
  return policy;
}

}  // namespace polyonym
