#include "traffic.h"

#include <algorithm>

namespace polyonym::driver {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStartMs = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr std::int64_t kSpanMs = 365 * kDayMs;
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::array<std::string_view, 4> kApps = {"wx5a1f0c63", "wx77e2b9d4", "wx90c4a8e1",
                                                   "wxb3d86f02"};
constexpr std::array<std::string_view, 2> kPlatforms = {"op-retail", "op-media"};
constexpr std::array<std::string_view, 12> kSurnames = {
    "wang", "li", "zhang", "liu", "chen", "yang", "zhao", "huang", "zhou", "wu", "xu", "sun"};
constexpr std::array<std::string_view, 8> kGiven = {"wei",  "fang", "na",    "min",
                                                    "jing", "lei",  "qiang", "yan"};
constexpr std::array<std::string_view, 4> kMail = {"163.com", "qq.com", "126.com", "foxmail.com"};
constexpr std::array<std::string_view, 8> kPrefixes = {"133", "135", "136", "138",
                                                       "150", "159", "186", "189"};

std::string Padded(std::uint64_t n, std::size_t width) {
  std::string digits = std::to_string(n);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

}  // namespace

std::string People::Letters(std::uint64_t of, std::uint64_t what, std::size_t length,
                            std::string_view alphabet) const {
  Dice dice(Draw(of, what));
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out.push_back(alphabet[dice.Below(alphabet.size())]);
  return out;
}

// Numbers of different slots differ: the last eight digits are a permutation of the slot.
std::string People::Number(std::uint64_t slot) const {
  constexpr std::uint64_t kAll = 100'000'000;
  return "+86" + std::string(kPrefixes[Draw(slot, 6) % kPrefixes.size()]) +
         Padded((slot % kAll * 61'803'399 + seed_ % kAll) % kAll, 8);
}

Identifier People::Crm(Person p) const { return {"crm", "C" + Padded(p, 7)}; }
Identifier People::Card(Person p) const {
  return {"member_card", "M" + Padded(Draw(p, 7) % 1000, 3) + Padded(p, 7)};
}
Identifier People::Weibo(Person p) const {
  return {"weibo.uid", std::to_string(1'700'000'000 + std::uint64_t{p} * 7)};
}
Identifier People::Taobao(Person p) const {
  return {"taobao.openuid/23012345", "AAH" + Letters(p, 8, 21, kBase64)};
}
Identifier People::Device(Person p, std::uint32_t which) const {
  return {"device", Letters(p, 10 + which, 32, kHex)};
}
Identifier People::Tablet(Person p) const { return {"device", "f" + Letters(p / 3, 12, 31, kHex)}; }
Identifier People::ShopTablet(Person p) const {
  return {"device", "5" + Letters(Shop(p), 13, 31, kHex)};
}
Identifier People::ShopPhone(Person p) const {
  return {"phone", Number(2 * std::uint64_t{count_} + Shop(p))};
}

Identifier People::Email(Person p) const {
  const std::uint64_t draw = Draw(p, 14);
  return {"email", std::string(kSurnames[draw % kSurnames.size()]) + "." +
                       std::string(kGiven[draw / 16 % kGiven.size()]) + std::to_string(p) + "@" +
                       std::string(kMail[draw / 256 % kMail.size()])};
}

Identifier People::Openid(Person p, std::uint32_t app) const {
  return {"wechat.openid/" + std::string(kApps[app]), "o" + Letters(p, 16 + app, 27, kBase64)};
}

Identifier People::Unionid(Person p, std::uint32_t app) const {
  return {"wechat.unionid/" + std::string(kPlatforms[app / 2]),
          "oU" + Letters(p, 20 + app / 2, 26, kBase64)};
}

Identifier People::Cookie(Person p, std::int64_t t) const {
  const auto month = static_cast<std::uint64_t>((t - start_ms_) / (30 * kDayMs));
  return {"cookie", Letters(Draw(p, 24) + month, 25, 24, kHex)};
}

Identifier People::Phone(Person p, std::int64_t t) const {
  const std::uint64_t pair = p / 2;
  const bool recycles = Draw(pair, 26) % 25 == 0;
  const bool later =
      t >= start_ms_ + span_ms_ / 2 + static_cast<std::int64_t>(Draw(pair, 27) % 60) * kDayMs;
  if (!recycles || !later) return {"phone", Number(p)};
  return {"phone", Number(p % 2 == 0 ? std::uint64_t{count_} + p : p - 1)};
}

Traffic::Traffic(std::uint64_t events, Person people, std::uint64_t seed)
    : dice_(Dice::Mix(seed)),
      people_(people, Dice::Mix(seed + 1), kStartMs, kSpanMs),
      step_ms_(std::max<std::int64_t>(
          1, kSpanMs / static_cast<std::int64_t>(std::max<std::uint64_t>(events, 1)))) {}

void Traffic::Say(Identifier identifier) {
  std::string as = identifier.value;
  Say(std::move(identifier), std::move(as));
}

void Traffic::Say(Identifier identifier, std::string as) {
  event_.record.identifiers.push_back({identifier.ns, std::move(as), Role::kSelf});
  event_.truth.push_back(std::move(identifier));
}

// As people and programs write it.
void Traffic::SayPhone(Person person, std::int64_t t) {
  const Identifier phone = people_.Phone(person, t);
  const std::string digits = phone.value.substr(3);
  switch (dice_.Below(8)) {
    case 0:
      return Say(phone, digits.substr(0, 3) + " " + digits.substr(3, 4) + " " + digits.substr(7));
    case 1:
      return Say(phone, digits.substr(0, 3) + "-" + digits.substr(3, 4) + "-" + digits.substr(7));
    case 2:
      return Say(phone, "+86 " + digits);
    case 3:
      return Say(phone);
    default:
      return Say(phone, digits);
  }
}

void Traffic::SayEmail(Person person) {
  const Identifier email = people_.Email(person);
  std::string spelt = email.value;
  if (dice_.Chance(150)) spelt[0] = static_cast<char>(spelt[0] - 32);
  Say(email, dice_.Chance(30) ? spelt + " " : spelt);
}

void Traffic::MiniProgram(Person person) {
  event_.record.source = "wechat";
  const auto app = static_cast<std::uint32_t>(dice_.Below(3) == 0 ? dice_.Below(4) : person % 4);
  Say(people_.Openid(person, app));
  if (dice_.Chance(750)) Say(people_.Unionid(person, app));
  if (dice_.Chance(200)) SayPhone(person, *event_.record.time_ms);
  if (dice_.Chance(40)) {  // who sent the invitation
    const Identifier inviter = people_.Openid(Somebody(), app);
    event_.record.identifiers.push_back({inviter.ns, inviter.value, Role::kOther});
  }
}

void Traffic::Web(Person person, std::int64_t t) {
  event_.record.source = "web";
  if (dice_.Chance(400)) event_.record.id.clear();
  Say(people_.Cookie(person, t));
  if (people_.HasCrm(person) && dice_.Chance(300)) Say(people_.Crm(person));
  if (dice_.Chance(100)) SayEmail(person);
}

void Traffic::App(Person person) {
  event_.record.source = "app";
  const bool tablet = people_.HasTablet(person) && dice_.Chance(150);
  Say(tablet ? people_.Tablet(person) : people_.Device(person, dice_.Chance(200) ? 1 : 0));
  if (people_.HasCrm(person) && dice_.Chance(700)) return Say(people_.Crm(person));
  if (dice_.Chance(500)) Say(people_.Openid(person, person % 4));
}

void Traffic::Order(Person person, std::int64_t t) {
  event_.record.source = "taobao";
  Say(people_.Taobao(person));
  const std::string number = people_.Phone(person, t).value.substr(3);
  if (dice_.Chance(600)) return Noise("phone", number.substr(0, 3) + "****" + number.substr(7));
  if (dice_.Chance(600)) SayPhone(person, t);
}

void Traffic::Shop(Person person, std::int64_t t) {
  event_.record.source = "pos";
  if (people_.HasCard(person)) Say(people_.Card(person));
  if (dice_.Chance(80)) return Say(people_.ShopPhone(person));
  SayPhone(person, t);
  if (dice_.Chance(200)) Say(people_.ShopTablet(person));
}

void Traffic::Export(Person person, std::int64_t t) {
  event_.record.source = "crm";
  Say(people_.Crm(person));
  switch (dice_.Below(12)) {
    case 0:
      Noise("phone", "null");
      break;
    case 1:
      Noise("phone", "13800138000");
      break;
    case 2:
      Noise("phone", "1." + people_.Phone(person, t).value.substr(4, 2) + "E+10");
      break;
    default:
      SayPhone(person, t);
  }
  if (dice_.Chance(50)) {
    Noise("email", "undefined");
  } else if (dice_.Chance(600)) {
    SayEmail(person);
  }
  if (people_.HasCard(person)) Say(people_.Card(person));
}

void Traffic::Fill(Person person, std::int64_t t) {
  event_.record = Record();
  event_.record.time_ms = t;
  event_.record.id = std::to_string(number_);
  event_.person = person;
  event_.truth.clear();
  const std::uint64_t channel = dice_.Below(100);
  if (channel < 32) return MiniProgram(person);
  if (channel < 55) return Web(person, t);
  if (channel < 72) return App(person);
  if (channel < 80) return Order(person, t);
  if (channel < 89) return Shop(person, t);
  if (channel < 96 && people_.HasCrm(person)) return Export(person, t);
  if (channel < 98 && people_.HasWeibo(person)) {
    event_.record.source = "weibo";
    Say(people_.Weibo(person));
    if (dice_.Chance(500)) SayPhone(person, t);
    return;
  }
  if (channel < 99 && people_.HasCrm(person)) {  // the user bound an account by hand
    event_.record.source = "app";
    event_.record.act = Act::kBind;
    Say(people_.Crm(person));
    return Say(people_.Unionid(person, person % 4));
  }
  MiniProgram(person);
}

// Some people are seen far more often than others.
Person Traffic::Somebody() {
  const std::uint64_t draw = dice_.Next();
  const std::uint64_t skewed = dice_.Chance(300) ? Dice::Scale(draw, draw) : draw;
  return static_cast<Person>(Dice::Scale(skewed, people_.count()));
}

const Traffic::Event& Traffic::Next() {
  const std::uint64_t number = number_++;
  const std::uint64_t how = number < recent_.size() ? 1000 : dice_.Below(1000);
  if (how < 40) {  // sent again: the same, or with more in it
    event_ = recent_[dice_.Below(recent_.size())];
    if (how < 10 && !event_.record.id.empty() && event_.record.act == Act::kObserve &&
        event_.record.source != "weibo") {
      event_.record.version = *event_.record.time_ms + 1;
      SayEmail(event_.person);
    }
    return event_;
  }
  std::int64_t t = kStartMs + static_cast<std::int64_t>(number) * step_ms_ +
                   static_cast<std::int64_t>(dice_.Below(static_cast<std::uint64_t>(step_ms_)));
  if (how < 90)
    t = std::max(kStartMs, t - static_cast<std::int64_t>(dice_.Below(20)) * kDayMs);  // late
  Fill(Somebody(), t);
  recent_[number % recent_.size()] = event_;
  return event_;
}

}  // namespace polyonym::driver
