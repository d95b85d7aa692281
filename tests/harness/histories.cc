#include "harness/histories.h"

#include <algorithm>
#include <string>
#include <utility>

#include "model/digest.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kStart = 1'000;  // times are small, so that they collide and windows bind

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
      if (family.name == kDigestFamily) NameByDigest(&identifier);
      pool_.push_back(std::move(identifier));
    }
  }

  // What some namespace derives from the value, so that it meets those who are known by the value.
  void NameByDigest(RecordIdentifier* identifier) {
    std::vector<Derived> known;
    for (const NamespacePolicy& ns : history_.policy.namespaces)
      known.insert(known.end(), ns.derived.begin(), ns.derived.end());
    if (known.empty()) return;
    const Derived& derived = random_.Pick(known);
    std::string digest;
    if (!DigestValue(derived.digest, derived.of, identifier->value, &digest)) return;
    *identifier = {derived.ns, digest, identifier->role};
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
    if (random_.Chance(45) && !history_.records.empty()) {
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

// Puts other happenings between the records, by random choices of its own.
void AddSteps(History* history) {
  Random random(history->seed ^ 0x57e95);
  const bool advances = random.Chance(60), policies = random.Chance(45);
  std::int64_t clock = 0;
  std::vector<Policy> had = {history->policy};
  const auto advance = [&](std::int64_t now) {
    clock = std::max(clock, now + random.Between(-10, 40));
    history->steps.push_back({HistoryStep::Kind::kAdvance, 0, clock, {}});
  };
  for (std::size_t i = 0; i < history->records.size(); ++i) {
    const std::int64_t now = kStart + static_cast<std::int64_t>(i);
    if (advances && random.Chance(4)) advance(now);
    if (policies && random.Chance(3)) {
      const bool back = random.Chance(30);
      had.push_back(back ? random.Pick(had) : RandomVariant(had.back(), random));
      history->steps.push_back({HistoryStep::Kind::kPolicy, 0, 0, had.back()});
    }
    history->steps.push_back({HistoryStep::Kind::kRecord, i, 0, {}});
  }
  if (advances) advance(kStart + static_cast<std::int64_t>(history->records.size()));
}

}  // namespace

History RandomHistory(std::uint64_t seed, const HistoryShape& shape) {
  History history;
  history.seed = seed;
  Writer(&history, shape, seed).Run();
  AddSteps(&history);
  return history;
}

Record RandomExtraRecord(const History& history, Random& random) {
  History copy = history;
  return Writer(&copy, {}, random.Below(~std::uint64_t{0})).Extra();
}

}  // namespace polyonym::harness
