#include "traffic.h"

#include <algorithm>
#include <cstddef>
#include <optional>

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
constexpr std::array<std::string_view, 12> kHanSurnames = {"王", "李", "张", "刘", "陈", "杨",
                                                           "赵", "黄", "周", "吴", "徐", "孙"};
struct Given {
  std::string_view latin;
  std::string_view han;
  bool of_a_woman;
};
constexpr std::array<Given, 8> kGiven = {{{"wei", "伟", false},
                                          {"fang", "芳", true},
                                          {"na", "娜", true},
                                          {"min", "敏", true},
                                          {"jing", "静", true},
                                          {"lei", "磊", false},
                                          {"qiang", "强", false},
                                          {"yan", "艳", true}}};
constexpr std::array<std::string_view, 4> kMail = {"163.com", "qq.com", "126.com", "foxmail.com"};
constexpr std::array<std::string_view, 8> kPrefixes = {"133", "135", "136", "138",
                                                       "150", "159", "186", "189"};

// What nicknames are made of. 𠮷 lies beyond the Basic Multilingual Plane.
constexpr std::array<std::string_view, 8> kWhatKind = {"爱笑的",   "早起的",     "一只", "小",
                                                       "今天也要", "不吃香菜的", "𠮷祥", "阿"};
constexpr std::array<std::string_view, 8> kWhat = {"橘猫", "柠檬", "月亮", "团子",
                                                   "小鱼", "糯米", "云朵", "熊猫"};
constexpr std::array<std::string_view, 8> kEmoji = {"🌸", "🐱", "☕", "🌙", "🍋", "🐟", "✨", ""};

// City centres, WGS 84, rounded to a hundredth of a degree.
struct CityCentre {
  std::string_view name;
  int latitude_hundredths;
  int longitude_hundredths;
};
constexpr std::array<CityCentre, 8> kCities = {{{"上海", 3123, 12147},
                                                {"北京", 3990, 11641},
                                                {"广州", 2313, 11326},
                                                {"深圳", 2254, 11406},
                                                {"成都", 3057, 10407},
                                                {"杭州", 3027, 12016},
                                                {"武汉", 3059, 11431},
                                                {"南京", 3206, 11880}}};
constexpr std::array<std::string_view, 4> kStreets = {"中山路", "人民路", "解放路", "建设路"};

struct Topic {
  std::string_view name;
  std::int64_t yuan;  // what such a thing costs
};
constexpr std::array<Topic, 10> kTopics = {{{"running", 459},
                                            {"hiking", 329},
                                            {"yoga", 129},
                                            {"skincare", 268},
                                            {"perfume", 520},
                                            {"makeup", 189},
                                            {"coffee", 88},
                                            {"tea", 168},
                                            {"baking", 399},
                                            {"pets", 139}}};
// One a quarter of the year.
constexpr std::array<std::string_view, 4> kCampaigns = {"spring festival", "618", "mid-autumn",
                                                        "double 11"};
constexpr std::array<std::string_view, 4> kQuestions = {"有货吗？", "什么时候发货？",
                                                        "可以换尺码吗？😊", "谢谢🙏"};
constexpr std::array<std::string_view, 2> kPurposes = {"marketing", "service"};

// How many in a thousand of a channel's records say what.
struct Channel {
  std::string_view source;
  std::uint64_t name, nickname, gender, birthday, city, consent, interest;
  std::uint64_t view, add_to_cart, purchase, message_in, message_out, visit;
};
// clang-format off
constexpr std::array<Channel, 7> kChannels = {{
    // source  name nick  sex birth city cons like  view cart  buy   in  out visit
    {"crm",     900,   0, 800, 600, 500, 300,   0,    0,   0,   0,   0,   0,    0},
    {"wechat",    0, 600, 400,   0, 200, 150,  50,  500, 120,  60, 100, 150,    0},
    {"web",       0,   0,   0,   0,   0,  20,   0,  800, 200,  40,   0,   0,    0},
    {"app",       0, 300, 100,  50,  50, 100,   0,  700, 250, 100,   0, 100,    0},
    {"taobao",    0, 500,   0,   0, 600,   0,   0,    0,   0, 999,   0,   0,    0},
    {"pos",       0,   0,   0,  50,   0,  50, 100,    0,   0, 600,   0,   0, 1000},
    {"weibo",     0, 700, 300,   0, 200,   0, 400,    0,   0,   0, 200,   0,    0},
}};
// clang-format on

std::string Padded(std::uint64_t n, std::size_t width) {
  std::string digits = std::to_string(n);
  return std::string(width - std::min(width, digits.size()), '0') + digits;
}

// What a channel knows of a person at the time of one of its records.
class Teller {
 public:
  Teller(const People& people, Person person, const Record& record, Dice dice)
      : people_(people),
        person_(person),
        channel_(*std::find_if(kChannels.begin(), kChannels.end(),
                               [&](const Channel& c) { return c.source == record.source; })),
        time_ms_(*record.time_ms),
        dice_(dice) {}

  Facts Tell() {
    TellTraits();
    TellInterest();
    TellEvents();
    TellConsents();
    return std::move(facts_);
  }

 private:
  const Topic& SomeTopic() { return kTopics[people_.Taste(person_, kTopics.size(), &dice_)]; }

  template <class T>
  void MayTell(std::uint64_t per_thousand, const char* trait, T value) {
    if (dice_.Chance(per_thousand))
      facts_.traits.push_back({trait, Value{std::move(value)}, std::nullopt, ""});
  }

  void TellTraits() {
    MayTell(channel_.name, "name", people_.Name(person_));
    MayTell(channel_.nickname, "nickname", people_.Nickname(person_));
    MayTell(channel_.gender, "gender", std::string(people_.IsWoman(person_) ? "female" : "male"));
    MayTell(channel_.birthday, "birthday", people_.Birthday(person_));
    MayTell(channel_.city, "city", people_.City(person_));
  }

  void TellInterest() {
    if (!dice_.Chance(channel_.interest)) return;
    Tag tag;
    tag.name = "likes:" + std::string(SomeTopic().name);
    tag.weight_micros = 100'000 * static_cast<std::int64_t>(2 + dice_.Below(9));
    tag.rule = "interests/3";
    facts_.tags.push_back(std::move(tag));
  }

  // The event, for its details; nothing where it did not happen.
  Event* MayTell(std::uint64_t per_thousand, const char* type, Direction direction) {
    if (!dice_.Chance(per_thousand)) return nullptr;
    Event& event = facts_.events.emplace_back();
    event.type = type;
    event.direction = direction;
    return &event;
  }

  // One property an event: the order of several is not the same in each run's JSON.
  void TellEvents() {
    const Topic& topic = SomeTopic();
    const auto about = [&](Event* event, const Topic& also) {
      ValueList topics = {Value{std::string(topic.name)}};
      if (&also != &topic) topics.push_back(Value{std::string(also.name)});
      event->properties["category"].is = std::move(topics);
    };
    if (Event* visit = MayTell(channel_.visit, "visit", Direction::kIn))
      visit->place = people_.ShopPlace(person_);
    if (Event* view = MayTell(channel_.view, "view", Direction::kIn))
      about(view, dice_.Chance(300) ? SomeTopic() : topic);
    if (Event* put = MayTell(channel_.add_to_cart, "add_to_cart", Direction::kIn))
      about(put, topic);
    if (Event* bought = MayTell(channel_.purchase, "purchase", Direction::kIn)) {
      about(bought, topic);
      const auto per_cent = static_cast<std::int64_t>(80 + dice_.Below(41));
      bought->value = {topic.yuan * per_cent / 100 * 100 - 10, "CNY"};  // 458.90
      if (channel_.visit > 0) bought->place = people_.ShopPlace(person_);
    }
    TellMessages();
  }

  void TellMessages() {
    if (Event* question = MayTell(channel_.message_in, "message", Direction::kIn)) {
      question->mode = Mode::kManual;
      question->visibility = Visibility::kOneToOne;
      question->properties["text"].is = std::string(kQuestions[dice_.Below(kQuestions.size())]);
    }
    if (Event* offer = MayTell(channel_.message_out, "message", Direction::kOut)) {
      offer->mode = Mode::kBatch;
      offer->visibility = Visibility::kOneToOne;
      const auto quarter = static_cast<std::size_t>((time_ms_ - kStartMs) * 4 / kSpanMs);
      offer->campaign = kCampaigns[std::min(quarter, kCampaigns.size() - 1)];
    }
  }

  void TellConsents() {
    if (!dice_.Chance(channel_.consent)) return;
    const auto number = static_cast<std::uint32_t>(&channel_ - kChannels.data());
    for (std::uint32_t i = 0; i < kPurposes.size(); ++i) {
      const bool yes = people_.Consents(person_, 2 * number + i);
      facts_.consents.push_back({std::string(kPurposes[i]),
                                 yes ? ConsentState::kGranted : ConsentState::kDenied,
                                 std::nullopt});
    }
  }

  const People& people_;
  const Person person_;
  const Channel& channel_;
  const std::int64_t time_ms_;
  Dice dice_;
  Facts facts_;
};

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
                       std::string(kGiven[draw / 16 % kGiven.size()].latin) + std::to_string(p) +
                       "@" + std::string(kMail[draw / 256 % kMail.size()])};
}

std::string People::Name(Person p) const {
  const std::uint64_t draw = Draw(p, 14);  // as in Email()
  return std::string(kHanSurnames[draw % kHanSurnames.size()]) +
         std::string(kGiven[draw / 16 % kGiven.size()].han);
}

std::string People::Nickname(Person p) const {
  const std::uint64_t draw = Draw(p, 28);
  return std::string(kWhatKind[draw % 8]) + std::string(kWhat[draw / 8 % 8]) +
         std::string(kEmoji[draw / 64 % 8]);
}

bool People::IsWoman(Person p) const { return kGiven[Draw(p, 14) / 16 % kGiven.size()].of_a_woman; }

// No day after the 28th: every month of either calendar has those.
Date People::Birthday(Person p) const {
  const std::uint64_t draw = Draw(p, 29);
  Date date;
  date.year = static_cast<std::int32_t>(1950 + draw % 56);
  date.month = static_cast<std::int32_t>(1 + draw / 64 % 12);
  date.day = static_cast<std::int32_t>(1 + draw / 1024 % 28);
  date.calendar = draw / 32768 % 5 == 0 ? Calendar::kChinese : Calendar::kSolar;
  return date;
}

std::size_t People::ShopCity(Person p) const { return Draw(Shop(p), 30) % kCities.size(); }

// Most live where their shop is.
std::string People::City(Person p) const {
  const std::uint64_t draw = Draw(p, 31);
  return std::string(kCities[draw % 10 < 8 ? ShopCity(p) : draw / 16 % kCities.size()].name);
}

// Within some five kilometres of the city's centre.
Place People::ShopPlace(Person p) const {
  const CityCentre& city = kCities[ShopCity(p)];
  const std::uint64_t draw = Draw(Shop(p), 32);
  const auto beside = [](int hundredths, std::uint64_t by) {
    return (hundredths * 100 + static_cast<int>(by % 1000) - 500) / 1e4;
  };
  Place place;
  place.name = std::string(city.name) + std::string(kStreets[draw % kStreets.size()]) + "店";
  place.latitude = beside(city.latitude_hundredths, draw / 4);
  place.longitude = beside(city.longitude_hundredths, draw / 4096);
  return place;
}

bool People::Consents(Person p, std::uint32_t to) const { return Draw(p, 48 + to) % 10 < 7; }

std::size_t People::Taste(Person p, std::size_t topics, Dice* dice) const {
  const std::uint64_t which = dice->Below(4);
  return Draw(p, 33 + (which < 2 ? 0 : which - 1)) % topics;
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

Traffic::Traffic(std::uint64_t events, Person people, std::uint64_t seed, bool facts)
    : dice_(Dice::Mix(seed)),
      people_(people, Dice::Mix(seed + 1), kStartMs, kSpanMs),
      step_ms_(std::max<std::int64_t>(
          1, kSpanMs / static_cast<std::int64_t>(std::max<std::uint64_t>(events, 1)))),
      facts_seed_(Dice::Mix(seed + 2)),
      facts_(facts) {}

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
  if (facts_ && event_.record.act == Act::kObserve) {
    const Dice dice(Dice::Mix(facts_seed_ + number));
    event_.record.facts = WriteFacts(Teller(people_, event_.person, event_.record, dice).Tell());
  }
  recent_[number % recent_.size()] = event_;
  return event_;
}

}  // namespace polyonym::driver
