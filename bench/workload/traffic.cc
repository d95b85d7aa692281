#include "workload/traffic.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <utility>

namespace polyonym::workload {
namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;

// Which of a person's four an event names: one of two sets of pairs or of threes, each as often.
constexpr std::array<unsigned, 6> kPairs = {0b0011, 0b0101, 0b1001, 0b0110, 0b1010, 0b1100};
constexpr std::array<unsigned, 4> kThrees = {0b0111, 0b1011, 0b1101, 0b1110};
constexpr unsigned kAll = 0b1111;

RecordIdentifier IdentifierOf(std::uint64_t person, unsigned which) {
  if (which == 0) return {"openid/wx1", "o" + std::to_string(person), Role::kSelf};
  if (which == 1) return {"phone", std::to_string(13'810'000'000 + person), Role::kSelf};
  return {"cookie", "c" + std::to_string(person * 2 + which - 2), Role::kSelf};
}

// The last of them is `other`'s.
void Name(std::uint64_t person, std::uint64_t other, unsigned set, Record* record) {
  for (unsigned which = 0; which < 4; ++which) {
    if ((set >> which & 1) == 0) continue;
    const bool last = set >> (which + 1) == 0;
    record->identifiers.push_back(IdentifierOf(last ? other : person, which));
  }
}

}  // namespace

Record Numbered(std::uint64_t number) {
  Record r;
  r.source = "stream";
  r.id = std::to_string(number);
  r.time_ms = kStartMs + static_cast<std::int64_t>(number);
  return r;
}

Record Traffic::Next(std::uint64_t number) {
  Record r = Numbered(number);
  const std::uint64_t person = random_() % people_;
  const unsigned set =
      random_() % 2 == 0 ? kPairs[random_() % kPairs.size()] : kThrees[random_() % kThrees.size()];
  const bool wrong = wrong_one_in_ != 0 && random_() % wrong_one_in_ == 0;
  Name(person, wrong ? random_() % people_ : person, set, &r);
  return r;
}

Record Traffic::Whole(std::uint64_t person) {
  Record r = Numbered(person);
  r.source = "import";
  Name(person, person, kAll, &r);
  return r;
}

Policy Traffic::MakePolicy() {
  Policy policy;
  for (const char* name : {"openid", "phone", "cookie"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
    ns.normaliser = Normaliser::kExact;
  }
  return policy;
}

std::uint64_t PeopleOf(const Sizes& sizes) {
  return sizes.people != 0 ? sizes.people : std::max<std::uint64_t>(1, sizes.events * 10 / 39);
}

std::vector<Record> ReadEvents(const std::string& path) {
  std::vector<Record> out;
  std::ifstream file(path);
  for (std::string line, text; std::getline(file, line);) {
    Record& r = out.emplace_back();
    r.source = "stream";
    std::istringstream fields(line);
    std::getline(fields, r.id, '\t');
    fields >> r.time_ms.emplace();
    for (fields.get(); std::getline(fields, text, '\t');) {
      const std::size_t colon = text.find(':');
      r.identifiers.push_back({text.substr(0, colon), text.substr(colon + 1), Role::kSelf});
    }
  }
  return out;
}

std::vector<Record> EventsOf(const Sizes& sizes) {
  if (!sizes.file.empty()) return ReadEvents(sizes.file);
  Traffic traffic(PeopleOf(sizes));
  std::vector<Record> out(sizes.events);
  for (std::uint64_t n = 0; n < sizes.events; ++n) out[n] = traffic.Next(n);
  return out;
}

}  // namespace polyonym::workload
