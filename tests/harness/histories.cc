#include "harness/histories.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

namespace polyonym::harness {
namespace {

constexpr std::int64_t kStart = 1'000;  // times are small, so that they collide and windows bind

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

std::vector<Limit> RandomLimits(Random& random, bool scoped) {
  const std::uint32_t max = static_cast<std::uint32_t>(random.Between(1, 2));
  const std::int64_t window = random.Between(5, 40);
  if (scoped) {
    switch (random.Below(6)) {
      case 0:
        return {{1, true, 0}};
      case 1:
        return {{1, true, 0}, {2, false, 0}};
      case 2:
        return {{2, true, 0}};
      case 3:
        return {{max, true, window}};
      case 4:
        return {{max, false, 0}};
      default:
        return {};
    }
  }
  switch (random.Below(8)) {
    case 0:
    case 1:
    case 2:
      return {{1, false, 0}};
    case 3:
      return {{2, false, 0}};
    case 4:
      return {{max, false, window}};
    case 5:
      return {{1, false, window / 2 + 1}, {3, false, 0}};
    case 6:
      return {{3, false, 0}};
    default:
      return {};
  }
}

std::vector<Guard> RandomGuards(Random& random, const std::vector<std::string>& families) {
  if (random.Chance(65)) return {};
  std::vector<Guard> guards;
  const auto guard = [&] {
    std::string of = random.Chance(30) ? "" : random.Pick(families);
    if (of == "openid" && random.Chance(50)) of = "openid/wx1";
    const std::int64_t base = of.empty() ? 3 : 1;
    return Guard{of, static_cast<std::uint32_t>(random.Between(base, base + 2))};
  };
  guards.push_back(guard());
  if (random.Chance(25)) {
    Guard second = guard();
    if (second.of != guards[0].of) guards.push_back(second);
  }
  return guards;
}

// Writes the records of one history.
class Writer {
 public:
  Writer(History* history, const HistoryShape& shape, std::uint64_t seed)
      : history_(*history), shape_(shape), random_(seed) {}

  void Run() {
    history_.policy = RandomPolicy(random_);
    MakePool();
    const auto steps =
        static_cast<std::size_t>(random_.Between(static_cast<std::int64_t>(shape_.min_records),
                                                 static_cast<std::int64_t>(shape_.max_records)));
    for (step_ = 0; step_ < steps; ++step_) history_.records.push_back(Next());
  }

  Record Extra() {
    for (const Record& record : history_.records) {
      for (RecordIdentifier identifier : record.identifiers) {
        if (!IsValidNamespace(identifier.ns) || identifier.value == "blocked") continue;
        identifier.role = Role::kSelf;
        if (identifier.ns != "undeclared") pool_.push_back(std::move(identifier));
      }
    }
    if (pool_.empty()) MakePool();
    step_ = history_.records.size();
    Record record = random_.Chance(40) ? Observe() : RandomAct();
    record.id = "extra";
    record.version.reset();
    return record;
  }

 private:
  // The line of identifiers. Neighbours in it are of mixed families.
  void MakePool() {
    const std::size_t size = static_cast<std::size_t>(random_.Between(12, 26));
    const std::vector<NamespacePolicy>& all = history_.policy.namespaces;
    for (std::size_t i = 0; i < size; ++i) {
      const NamespacePolicy& family = all[random_.Below(all.size())];
      RecordIdentifier identifier;
      identifier.ns = family.name;
      if (family.name == "openid" && random_.Chance(85))
        identifier.ns += random_.Chance(50) ? "/wx1" : "/wx2";
      identifier.value = "v" + std::to_string(random_.Below(8));
      pool_.push_back(std::move(identifier));
    }
  }

  RecordIdentifier At(std::int64_t i) {
    RecordIdentifier identifier = pool_[static_cast<std::size_t>(
        std::clamp<std::int64_t>(i, 0, static_cast<std::int64_t>(pool_.size()) - 1))];
    if (!random_.Chance(20)) return identifier;
    // Another spelling, which some normalisers take for the same.
    if (random_.Chance(50)) {
      identifier.value[0] = 'V';
    } else {
      identifier.value += " ";
    }
    return identifier;
  }

  std::vector<RecordIdentifier> Near(std::size_t n) {
    const std::int64_t centre = static_cast<std::int64_t>(random_.Below(pool_.size()));
    std::vector<RecordIdentifier> out;
    for (std::size_t i = 0; i < n; ++i) out.push_back(At(centre + random_.Between(-3, 3)));
    return out;
  }

  // Two that differ as given, which is what a pair act must name; often two that were named together before.
  std::vector<RecordIdentifier> TwoNear() {
    std::vector<RecordIdentifier> two;
    if (random_.Chance(45)) {
      const Record& earlier = history_.records[random_.Below(history_.records.size())];
      if (earlier.identifiers.size() > 1 && IsValidNamespace(earlier.identifiers[0].ns)) {
        const std::size_t i = random_.Below(earlier.identifiers.size() - 1);
        two = {earlier.identifiers[i], earlier.identifiers[i + 1]};
        for (RecordIdentifier& identifier : two) identifier.role = Role::kSelf;
        if (two[0] != two[1]) return two;
      }
    }
    for (int i = 0; i < 20; ++i) {
      two = Near(2);
      if (two[0].ns != two[1].ns || two[0].value != two[1].value) break;
    }
    return two;
  }

  std::int64_t Time() {
    const std::int64_t now = kStart + static_cast<std::int64_t>(step_);
    return random_.Chance(55) ? now : random_.Between(kStart, now);
  }

  Record Base() {
    Record record;
    record.source = "s" + std::to_string(random_.Below(3));
    if (!random_.Chance(8)) record.id = "r" + std::to_string(step_);
    record.time_ms = Time();
    if (random_.Chance(10)) record.version = random_.Between(1, 5);
    return record;
  }

  Record Observe() {
    Record record = Base();
    const std::uint64_t kind = random_.Below(100);
    record.identifiers = Near(kind < 8 ? 1 : kind < 60 ? 2 : kind < 92 ? 3 : 5);
    for (RecordIdentifier& identifier : record.identifiers) {
      if (random_.Chance(8)) identifier.role = Role::kOther;
    }
    return record;
  }

  Record RandomAct() {
    Record record = Base();
    const std::uint64_t kind = random_.Chance(shape_.extra_must_links) ? 42 : random_.Below(100);
    if (kind < 18) {
      record.act = Act::kBind;
    } else if (kind < 42) {
      record.act = Act::kUnbind;
    } else if (kind < 56) {
      record.act = Act::kMustLink;
    } else if (kind < 70) {
      record.act = Act::kCannotLink;
    } else if (kind < 84 && shape_.renames) {
      record.act = Act::kRename;
    } else if (kind < 96) {
      record.act = Act::kDeleteIdentifier;
      record.identifiers = Near(1);
      return record;
    } else {
      record.act = Act::kDeleteSource;
      record.target_source = "s" + std::to_string(random_.Below(3));
      record.time_ms = random_.Between(kStart, *record.time_ms);
      return record;
    }
    record.identifiers = TwoNear();
    if (record.act == Act::kMustLink && random_.Chance(40)) {  // of a pair that has one already
      for (const Record& earlier : history_.records) {
        if (earlier.act == Act::kMustLink) record.identifiers = earlier.identifiers;
      }
    }
    if (record.act != Act::kRename) return record;
    // A rename stays in its family.
    for (int i = 0;
         i < 30 && (FamilyOf(record.identifiers[0].ns) != FamilyOf(record.identifiers[1].ns) ||
                    (record.identifiers[0].ns == record.identifiers[1].ns &&
                     record.identifiers[0].value == record.identifiers[1].value));
         ++i) {
      record.identifiers[1] = pool_[random_.Below(pool_.size())];
    }
    if (FamilyOf(record.identifiers[0].ns) != FamilyOf(record.identifiers[1].ns))
      record.act = Act::kBind;
    if (random_.Chance(30)) TieWithRename(&record);
    return record;
  }

  // Renames of one class at one time: only (source, id) tells which of them spells it.
  void TieWithRename(Record* record) const {
    for (const Record& earlier : history_.records) {
      if (earlier.act != Act::kRename || record->act != Act::kRename ||
          earlier.identifiers.size() != 2)
        continue;
      if (FamilyOf(earlier.identifiers[0].ns) != FamilyOf(record->identifiers[1].ns)) continue;
      if (earlier.identifiers[0] == record->identifiers[1]) continue;
      record->identifiers[0] = earlier.identifiers[0];
      record->time_ms = earlier.time_ms;
    }
  }

  const Record& Earlier() {
    // Acts are taken back more often than their share.
    for (int i = 0; i < 3; ++i) {
      const Record& record = history_.records[random_.Below(history_.records.size())];
      if (record.act != Act::kObserve && record.act != Act::kRetract) return record;
    }
    return history_.records[random_.Below(history_.records.size())];
  }

  static std::int64_t VersionOf(const Record& record) {
    return record.version.value_or(record.time_ms.value_or(0));
  }

  Record Retract() {
    const Record& target = Earlier();
    Record record;
    record.act = Act::kRetract;
    record.source = target.source;
    record.id = target.id.empty() ? ToString(HashContent(target)) : target.id;
    const std::uint64_t kind = random_.Below(100);
    record.version = VersionOf(target) + (kind < 75 ? 0 : kind < 85 ? 1 : kind < 92 ? 30 : -1);
    record.version = std::max<std::int64_t>(*record.version, 0);
    return record;
  }

  // Of a record that may come later.
  Record RetractAhead() {
    Record record;
    record.act = Act::kRetract;
    record.source = "s" + std::to_string(random_.Below(3));
    record.id = "r" + std::to_string(step_ + 1 + random_.Below(6));
    record.version = random_.Chance(50) ? kStart + 10'000 : random_.Between(1, 5);
    return record;
  }

  // The same (source, id) again, newer, as new or older, with something else in it.
  Record Upsert() {
    const Record& target = Earlier();
    Record record = random_.Chance(85) ? Observe() : RandomAct();
    record.source = target.source;
    record.id = target.id.empty() ? ToString(HashContent(target)) : target.id;
    const std::uint64_t kind = random_.Below(100);
    record.version = VersionOf(target) + (kind < 65 ? random_.Between(1, 3) : kind < 85 ? 0 : -1);
    record.version = std::max<std::int64_t>(*record.version, 0);
    return record;
  }

  Record HeldOrPartly() {
    Record record = Observe();
    const std::uint64_t kind = random_.Below(3);
    if (kind == 0) record.identifiers.push_back({"undeclared", "v1", Role::kSelf});
    if (kind == 1)
      record.identifiers.push_back({history_.policy.namespaces[0].name, "blocked", Role::kSelf});
    if (kind == 2) {
      const std::string& name = history_.policy.namespaces[0].name;
      record.identifiers.push_back({name, "v0", Role::kSelf});
      record.identifiers.push_back({name, "v1", Role::kSelf});
    }
    return record;
  }

  Record Malformed() {
    Record record = Observe();
    switch (random_.Below(4)) {
      case 0:
        record.source.clear();
        break;
      case 1:
        record.time_ms = -5;
        break;
      case 2:
        record.identifiers.clear();
        break;
      default:
        record.identifiers[0].ns = "no good";
        break;
    }
    return record;
  }

  Record Next() {
    const std::uint64_t kind = random_.Below(100);
    if (kind < 47 || history_.records.size() < 4) return Observe();
    if (kind < 68) return RandomAct();
    if (kind < 81) return Retract();
    if (kind < 90) return Upsert();
    if (kind < 93) return history_.records[random_.Below(history_.records.size())];  // sent again
    if (kind < 95) return RetractAhead();
    if (kind < 98) return HeldOrPartly();
    return Malformed();
  }

  History& history_;
  const HistoryShape shape_;
  Random random_;
  std::size_t step_ = 0;
  std::vector<RecordIdentifier> pool_;
};

}  // namespace

Policy RandomPolicy(Random& random) {
  Policy policy;
  policy.name = "random";
  policy.ranking = static_cast<Ranking>(random.Below(3));
  policy.undeclared = random.Chance(50) ? Undeclared::kHoldRecord : Undeclared::kHoldIdentifier;
  policy.max_identifiers_per_profile =
      random.Pick(std::vector<std::uint32_t>{0, 3, 4, 6, 10'000, 10'000});
  policy.default_max_neighbours = random.Pick(std::vector<std::uint32_t>{0, 0, 4, 6, 1'000});
  std::vector<std::string> families = {"crm", "phone", "device", "cookie", "email"};
  random.Shuffle(&families);
  families.resize(static_cast<std::size_t>(random.Between(2, 5)));
  families.push_back("openid");
  for (const std::string& name : families) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(random.Between(1, 6));
    ns.limits = RandomLimits(random, name == "openid");
    ns.guards = RandomGuards(random, families);
    ns.normaliser = random.Pick(std::vector<Normaliser>{Normaliser::kExact, Normaliser::kTrim,
                                                        Normaliser::kTrim, Normaliser::kLowerCase});
    ns.builtin_blocks = random.Chance(20);
    ns.blocked_values = {"blocked"};
  }
  // Parents: each family's comes before it in the list, so there is no cycle.
  for (std::size_t i = 1; i < families.size(); ++i) {
    if (random.Chance(45)) policy.namespaces[i].parent = families[random.Below(i)];
  }
  return policy;
}

History RandomHistory(std::uint64_t seed, const HistoryShape& shape) {
  History history;
  history.seed = seed;
  Writer(&history, shape, seed).Run();
  return history;
}

Record RandomExtraRecord(const History& history, Random& random) {
  History copy = history;
  return Writer(&copy, {}, random.Below(~std::uint64_t{0})).Extra();
}

bool HasUpsert(const History& history) {
  std::map<std::pair<std::string, std::string>, const Record*> first;
  for (const Record& record : history.records) {
    if (record.act == Act::kRetract || record.id.empty() || !record.time_ms) continue;
    const auto [at, fresh] = first.try_emplace({record.source, record.id}, &record);
    if (fresh) continue;
    const Record& old = *at->second;
    if (record.version.value_or(*record.time_ms) > old.version.value_or(*old.time_ms) &&
        record.identifiers != old.identifiers) {
      return true;
    }
  }
  return false;
}

bool HasLateRecord(const History& history) {
  std::int64_t latest = 0;
  for (const Record& record : history.records) {
    if (record.act != Act::kObserve || !record.time_ms) continue;
    if (*record.time_ms < latest) return true;
    latest = *record.time_ms;
  }
  return false;
}

void ForEachSeed(std::uint64_t first, std::size_t count,
                 const std::function<void(std::uint64_t seed)>& run) {
  if (const auto seed = FromEnvironment("POLYONYM_SEED")) return run(*seed);
  const std::size_t scaled = count * FromEnvironment("POLYONYM_HISTORIES").value_or(100) / 100;
  for (std::size_t i = 0; i < scaled; ++i) run(first + i);
}

bool OneSeedOnly() { return FromEnvironment("POLYONYM_SEED").has_value(); }

std::vector<std::span<const Record>> RandomBatches(const std::vector<Record>& records,
                                                   Random& random) {
  std::vector<std::span<const Record>> out;
  const std::size_t most = random.Chance(15) ? records.size() + 1 : random.Chance(30) ? 1 : 8;
  for (std::size_t at = 0; at < records.size();) {
    const std::size_t n = std::min<std::size_t>(1 + random.Below(most), records.size() - at);
    out.emplace_back(records.data() + at, n);
    at += n;
  }
  return out;
}

std::vector<Record> Minimise(std::vector<Record> records,
                             const std::function<bool(const std::vector<Record>&)>& fails) {
  for (std::size_t size = records.size() / 2; size > 0;) {
    bool cut = false;
    for (std::size_t at = 0; at + size <= records.size();) {
      std::vector<Record> less = records;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(at),
                 less.begin() + static_cast<std::ptrdiff_t>(at + size));
      if (fails(less)) {
        records = std::move(less);
        cut = true;
      } else {
        at += size;
      }
    }
    if (!cut || size > 1) size /= 2;
  }
  return records;
}

std::string Describe(const Policy& policy) {
  static const char* const kRankings[] = {"priority_recency", "oldest", "strongest"};
  std::string out =
      std::string("policy ") + kRankings[static_cast<int>(policy.ranking)] + ", at most " +
      std::to_string(policy.max_identifiers_per_profile) + " a profile, default guard " +
      std::to_string(policy.default_max_neighbours) +
      (policy.undeclared == Undeclared::kHoldRecord ? ", undeclared hold the record\n" : "\n");
  for (const NamespacePolicy& ns : policy.namespaces) {
    out += "  " + ns.name + " priority " + std::to_string(ns.priority) + " normaliser " +
           std::to_string(static_cast<int>(ns.normaliser));
    if (!ns.parent.empty()) out += " parent " + ns.parent;
    for (const Limit& limit : ns.limits) {
      out += " limit " + std::to_string(limit.max) + (limit.per_scope ? " per scope" : "");
      if (limit.window_ms != 0) out += " in " + std::to_string(limit.window_ms) + " ms";
    }
    for (const Guard& guard : ns.guards)
      out += " guard " + std::to_string(guard.max_neighbours) + " of '" + guard.of + "'";
    out += "\n";
  }
  return out;
}

std::string Describe(std::span<const Record> records) {
  std::string out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    out += "  " + std::to_string(i) + ": " + std::string(ToString(record.act)) + " " +
           record.source + "/" + record.id;
    if (record.time_ms) out += " t=" + std::to_string(*record.time_ms);
    if (record.version) out += " version=" + std::to_string(*record.version);
    if (!record.target_source.empty()) out += " target=" + record.target_source;
    for (const RecordIdentifier& identifier : record.identifiers) {
      out += " " + identifier.ns + ":'" + identifier.value + "'" +
             (identifier.role == Role::kOther ? " (other)" : "");
    }
    out += "\n";
  }
  return out;
}

std::string Describe(const History& history) {
  return "history of seed " + std::to_string(history.seed) +
         " (POLYONYM_SEED=" + std::to_string(history.seed) + " runs it alone)\n" +
         Describe(history.policy) + Describe(history.records);
}

}  // namespace polyonym::harness
