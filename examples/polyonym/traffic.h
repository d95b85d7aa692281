// traffic.h - made-up traffic like that of a Chinese retailer's channels, with the truth about who is behind it.
//
// Every value follows from the seed by integer arithmetic alone: the same seed gives the same bytes on every machine. What a
// person is called is a function of the person, so people cost no memory.
//
// What makes it hard, as in life: family tablets and shop tablets, a shop's own phone typed for members who give none, phone
// numbers that were given up and handed on, placeholders (null, 13800138000), masked numbers (138****1234) and numbers that a
// spreadsheet broke (1.38E+10), records that come late, come twice, or come again with more in them.
//
// Where facts are asked for, each record also has those that its channel would know: a name in the CRM, a nickname in an app, what was
// looked at and bought, and consents, which one person gives here and denies there. They are drawn apart from all else: the rest of
// the traffic is the same with them and without.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_EXAMPLES_POLYONYM_TRAFFIC_H_
#define POLYONYM_EXAMPLES_POLYONYM_TRAFFIC_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/record.h"

namespace polyonym::driver {

// SplitMix64: small, fast, and specified to the bit (Steele, Lea, Flood 2014).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }
  // 0 to n - 1.
  std::uint64_t Below(std::uint64_t n) { return Scale(Next(), n); }
  bool Chance(std::uint64_t per_thousand) { return Below(1000) < per_thousand; }

  static std::uint64_t Mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  // x as a fraction of 2^64, of n.
  static std::uint64_t Scale(std::uint64_t x, std::uint64_t n) {
    return ((x >> 32) * n + (((x & 0xffffffff) * n) >> 32)) >> 32;
  }

 private:
  std::uint64_t state_;
};

using Person = std::uint32_t;

// What the people are called, and what they are like.
class People {
 public:
  People(Person count, std::uint64_t seed, std::int64_t start_ms, std::int64_t span_ms)
      : count_(count), seed_(seed), start_ms_(start_ms), span_ms_(span_ms) {}

  Person count() const { return count_; }
  bool HasCrm(Person p) const { return Draw(p, 1) % 10 < 7; }
  bool HasCard(Person p) const { return Draw(p, 2) % 10 < 5; }
  bool HasWeibo(Person p) const { return Draw(p, 3) % 10 < 3; }

  Identifier Crm(Person p) const;
  Identifier Card(Person p) const;
  Identifier Weibo(Person p) const;
  Identifier Email(Person p) const;
  Identifier Openid(Person p, std::uint32_t app)
      const;  // app 0..3; 0 and 1 are of one platform, 2 and 3 of another
  Identifier Unionid(Person p, std::uint32_t app) const;
  Identifier Taobao(Person p) const;
  Identifier Device(Person p, std::uint32_t which) const;  // 0..1
  Identifier Cookie(Person p, std::int64_t t) const;       // a new one each month
  // The number a person has at a time, normalised. Every 25th pair hands one on: from its second half of the year on, the
  // second of the two has the first one's old number.
  Identifier Phone(Person p, std::int64_t t) const;

  bool HasTablet(Person p) const { return Draw(p / 3, 4) % 10 < 3; }
  Identifier Tablet(Person p) const;      // of the family: persons 3n to 3n + 2
  Identifier ShopTablet(Person p) const;  // of the shop that the person goes to
  Identifier ShopPhone(Person p) const;

  std::string Name(Person p) const;      // in Han, as Email() has it in Latin letters
  std::string Nickname(Person p) const;  // of Han and emoji
  bool IsWoman(Person p) const;
  Date Birthday(Person p) const;  // one in five is of the Chinese calendar
  std::string City(Person p) const;
  Place ShopPlace(Person p) const;                  // of the shop that the person goes to
  bool Consents(Person p, std::uint32_t to) const;  // to what, 0..15
  // One of three out of `topics` that the person likes, the first half of the times.
  std::size_t Taste(Person p, std::size_t topics, Dice* dice) const;

 private:
  std::uint64_t Draw(std::uint64_t of, std::uint64_t what) const {
    return Dice::Mix(seed_ ^ Dice::Mix(of * 64 + what));
  }
  std::string Letters(std::uint64_t of, std::uint64_t what, std::size_t length,
                      std::string_view alphabet) const;
  std::uint64_t Shop(Person p) const { return Draw(p, 5) % (1 + count_ / 400); }
  std::string Number(std::uint64_t slot) const;
  std::size_t ShopCity(Person p) const;

  Person count_;
  std::uint64_t seed_;
  std::int64_t start_ms_;
  std::int64_t span_ms_;
};

// Records in the order in which they arrive.
class Traffic {
 public:
  Traffic(std::uint64_t events, Person people, std::uint64_t seed, bool facts = false);

  // The next record, and whom it is about. `truth` receives its true identifiers, normalised; placeholders and masks are none.
  struct Event {
    Record record;
    Person person = 0;
    std::vector<Identifier> truth;
  };
  const Event& Next();

 private:
  void Fill(Person person, std::int64_t t);
  void Say(Identifier identifier);                  // as it is
  void Say(Identifier identifier, std::string as);  // spelt otherwise
  void Noise(std::string ns, std::string value) {
    event_.record.identifiers.push_back({std::move(ns), std::move(value), Role::kSelf});
  }
  void SayPhone(Person person, std::int64_t t);
  void SayEmail(Person person);
  void MiniProgram(Person person);
  void Web(Person person, std::int64_t t);
  void App(Person person);
  void Order(Person person, std::int64_t t);
  void Shop(Person person, std::int64_t t);
  void Export(Person person, std::int64_t t);
  Person Somebody();

  Dice dice_;
  People people_;
  const std::int64_t step_ms_;
  const std::uint64_t facts_seed_;
  const bool facts_;
  std::uint64_t number_ = 0;
  Event event_;
  std::array<Event, 256> recent_;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_TRAFFIC_H_
