// micro/records.h - the records and the policy that the micro benches share: a phone, an openid and a cookie seen together.
#ifndef POLYONYM_BENCH_MICRO_RECORDS_H_
#define POLYONYM_BENCH_MICRO_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::bench {

inline Record MakeRecord(std::uint64_t n) {
  Record record;
  record.source = "bench";
  record.id = "r" + std::to_string(n);
  record.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + n);
  record.identifiers = {{"phone", "138" + std::to_string(10'000'000 + n % 1'000'000), Role::kSelf},
                        {"wechat.openid/wx1", "oX" + std::to_string(n * 7919), Role::kSelf},
                        {"cookie", "c" + std::to_string(n), Role::kSelf}};
  return record;
}

inline std::vector<Record> MakeRecords(std::uint64_t from, std::uint64_t count) {
  std::vector<Record> records;
  for (std::uint64_t n = 0; n < count; ++n) records.push_back(MakeRecord(from + n));
  return records;
}

inline Policy MakePolicy() {
  Policy policy;
  policy.namespaces.resize(3);
  policy.namespaces[0].name = "phone";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].normaliser = Normaliser::kPhone;
  policy.namespaces[0].region = "CN";
  policy.namespaces[1].name = "wechat.openid";
  policy.namespaces[1].normaliser = Normaliser::kExact;
  policy.namespaces[2].name = "cookie";
  return policy;
}

}  // namespace polyonym::bench

#endif  // POLYONYM_BENCH_MICRO_RECORDS_H_
