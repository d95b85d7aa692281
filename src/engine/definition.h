// engine/definition.h - the rule of docs/rule.md, computed all at once from records: for a batch, and to verify a store.
//
// It shares the kernel's ranks and limits with the engine, and nothing of how the engine keeps its index.
//
// THREADS: thread-compatible. Memory: names and sightings of all records.
#ifndef POLYONYM_SRC_ENGINE_DEFINITION_H_
#define POLYONYM_SRC_ENGINE_DEFINITION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/cells.h"
#include "engine/rules.h"
#include "engine/span.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

class Definition {
 public:
  explicit Definition(std::shared_ptr<const CompiledPolicy> policy, std::int64_t clock_ms = 0);

  // Takes a record of good shape; the highest version of each (source, id) stands. With its number, Solved::tellers has it where it
  // tells facts.
  void Add(const Record& record, std::uint64_t number = 0);

  // A name of an entry, by its number.
  struct Name {
    Node name = 0;
    Role role = Role::kSelf;
    Node from = kNone;  // derived: the name that it is derived from, whose role it has
  };
  // What was judged elsewhere (batch/rows.h): an identifier that was not added yet, normalised; and an observation that stands and
  // counts these names.
  Node AddName(Identifier name);
  void AddSighting(std::int64_t time_ms, std::vector<Name> names);

  // Names are identifiers, then their lives; a node is the name that its class is spelt by, or a life. All vectors are by name; what
  // is said of a node stands at its name.
  struct Solved {
    std::vector<Identifier> names;
    std::vector<Node> life_of;  // of lives, by their beginning: the name; kNone for others
    std::vector<Node> node;     // of a name with lives: the last
    std::vector<std::uint32_t> live;
    std::vector<std::int64_t> first_ms;
    std::vector<std::uint8_t> shared;
    std::vector<Node> group;  // equal for nodes of one profile
    // Of nodes, first < second.
    absl::flat_hash_map<std::pair<Node, Node>, identity::Evidence> links;
    absl::flat_hash_set<std::pair<Node, Node>> expired;  // of them
    std::shared_ptr<const Rules> rules;
    std::vector<Kind> kind;
    // A live record with facts, and whose they are.
    struct Teller {
      std::uint64_t record = 0;
      Node primary = kNone;
      bool anonymous = false;
      std::vector<Node> of_person;  // Facts::of_person: all that it names, primary too
    };
    std::vector<Teller> tellers;

    // A name that is listed by its lives.
    bool HasLives(Node name) const { return life_of[name] == kNone && life_of[node[name]] == name; }
  };
  Solved Solve() const;
  // By another clock, and from those of the standing records alone that have a time up to `up_to_ms`.
  Solved Solve(std::int64_t clock_ms, std::int64_t up_to_ms) const;

  std::uint64_t standing_records() const;
  std::uint64_t held_records() const;

 private:
  struct Entry {
    std::tuple<std::int64_t, bool, ContentHash> place;
    Act act = Act::kObserve;
    bool held = false;
    std::int64_t time_ms = 0;
    Span span;
    std::uint32_t source = 0;
    std::uint32_t target = kNone;  // delete_source
    std::uint64_t number = 0;      // 0: it tells no facts
    bool of_person = false;
    std::vector<Name> names;  // counted
  };
  class Solver;

  std::uint32_t SourceIndex(const std::string& source);
  Node NameIndex(std::string_view ns, std::string value);

  std::shared_ptr<const CompiledPolicy> policy_;
  const std::int64_t clock_ms_;
  absl::flat_hash_map<std::pair<std::string, std::string>, Entry> entries_;
  std::vector<Entry> sightings_;  // added by AddSighting()
  absl::flat_hash_map<std::string, std::uint32_t> sources_;
  absl::flat_hash_map<std::pair<std::string, std::string>, Node> name_index_;
  std::vector<Identifier> names_;
  RecordVerdict verdict_;
  std::uint64_t folds_ = 0;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_DEFINITION_H_
