// engine/forgotten.h - what is left of a record once somebody in it is forgotten.
//
// One function serves the erasure of what is stored, the replay of the ledger on a restored store, and records that come late: so what comes late
// leaves what would have been left of it.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_ENGINE_FORGOTTEN_H_
#define POLYONYM_SRC_ENGINE_FORGOTTEN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/ledger.h"
#include "engine/log.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

// Identifiers that are to be forgotten: named one by one, by the times of a life, or by the ledger's hashes.
class ForgottenNames {
 public:
  // Normalised, or as the channel gave it where it has no normal form.
  void Add(std::string_view ns, std::string_view value) { whole_.insert(KeyOf(ns, value)); }
  // Of a value that names one identifier after another: that of times in [from_ms, to_ms).
  void AddLife(std::string_view ns, std::string_view value, std::int64_t from_ms,
               std::int64_t to_ms) {
    lives_[KeyOf(ns, value)].emplace_back(from_ms, to_ms);
  }
  // Everything that the ledger has, too. It must live as long.
  void AddAll(const Ledger* ledger) { ledger_ = ledger; }
  bool asks_ledger() const { return ledger_ != nullptr; }

  // `time_ms`: of the record that names it. `in_ledger`: whether the ledger may have it, where it is not named itself.
  bool Has(std::string_view ns, std::string_view value, std::int64_t time_ms,
           bool in_ledger = true) const;
  std::size_t size() const { return whole_.size(); }
  // f(namespace, value) of those added whole.
  template <class F>
  void ForEach(const F& f) const {
    for (const std::string& key : whole_) {
      const std::size_t cut = key.find('\0');
      f(std::string_view(key).substr(0, cut), std::string_view(key).substr(cut + 1));
    }
  }

 private:
  static std::string KeyOf(std::string_view ns, std::string_view value) {
    std::string key(ns);
    key.push_back('\0');
    return key.append(value);
  }
  absl::flat_hash_set<std::string> whole_;
  absl::flat_hash_map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> lives_;
  const Ledger* ledger_ = nullptr;
};

class Forgetter {
 public:
  // A graph of the store, as far as it says what an identifier is.
  struct Sight {
    std::shared_ptr<const CompiledPolicy> policy;
    // Whether an identifier of a namespace and normalised value is shared now.
    std::function<bool(std::string_view ns, std::string_view value)> shared;
    // Whether it is known, so that the ledger need not be asked: a look-up in place of a hash. May be null.
    std::function<bool(std::string_view ns, std::string_view value)> known;
  };
  // Records that are stored already, or such as come now. What comes with somebody who is forgotten, and is not known otherwise, is taken for
  // theirs: an identifier of an old version, say, that went with the person and is in no ledger.
  // kLost: stored, and what cannot be read any more goes (IsLossy()).
  enum class Of : std::uint8_t { kStored, kComing, kLost };
  // `names` gets those added that a name in it derives, or is derived from. Of kComing: each of `sights` says what is known.
  Forgetter(Of of, std::vector<Sight> sights, ForgottenNames* names)
      : of_(of), sights_(std::move(sights)), names_(names) {}

  struct Result {
    bool touched = false;
    // What is left; nothing where the record is about who is forgotten alone.
    std::optional<Record> record;
    GoneRecord::Left left = GoneRecord::Left::kNothing;
    std::uint64_t facts = 0;                 // that went
    std::vector<std::uint32_t> identifiers;  // that went, by place
    std::vector<std::pair<std::string, std::string>>
        relations;  // namespace and value of whom they were to
  };
  // Of a record whose shape is good, or of which something is lost.  COST: as judging it, and a look-up for each identifier in each graph.
  Result Look(const Record& record);

 private:
  bool Names(const Sight& sight, std::string_view ns, std::string_view value,
             std::int64_t time_ms) const;
  bool NamesInAny(std::string_view ns, std::string_view value, std::int64_t time_ms) const;
  void AddDerived(const Record& record);
  bool IsKnown(const RecordIdentifier& identifier) const;
  bool IsAbout(const Record& record, const std::vector<bool>& gone) const;

  const Of of_;
  const std::vector<Sight> sights_;
  ForgottenNames* const names_;
  mutable std::string normalised_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FORGOTTEN_H_
