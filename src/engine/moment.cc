// Other times and other policies: the definition of the rule over what the log holds of them.
#include "polyonym/engine/moment.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/definition.h"
#include "engine/fact_rows.h"
#include "engine/log.h"
#include "engine/view_impl.h"
#include "polyonym/codec/proto.h"

namespace polyonym {

using engine::Definition;
using engine::kNone;
using engine::Node;

class Moment::Impl {
 public:
  Impl(const Definition& definition, std::shared_ptr<const CompiledPolicy> policy,
       std::int64_t clock_ms, std::int64_t now_ms, std::shared_ptr<const View::Impl> view)
      : view_(std::move(view)),
        policy_(std::move(policy)),
        clock_ms_(clock_ms),
        now_ms_(now_ms),
        held_records_(definition.held_records()),
        solved_(definition.Solve()) {
    for (Node i = 0; i < solved_.names.size(); ++i) {
      if (solved_.life_of[i] == kNone) name_index_.emplace(solved_.names[i], i);
    }
    GatherGroups();
    FindIds(*view_);
    GatherTellers();
  }

  const CompiledPolicy& policy() const { return *policy_; }
  std::int64_t clock_ms() const { return clock_ms_; }
  std::uint64_t held_records() const { return held_records_; }

  struct Group {
    std::vector<Identifier> members;  // sorted
    std::optional<ProfileId> id;
    Node anchor = kNone;
    std::vector<std::uint32_t> tellers;  // places in solved_.tellers, by the log
  };
  const std::vector<Group>& groups() const { return groups_; }

  Resolution Resolve(const Identifier& identifier) const {
    Resolution r;
    const std::uint32_t family = policy_->FindFamily(identifier.ns);
    if (family == CompiledPolicy::kUndeclared) {
      r.held = true;
      return r;
    }
    const Verdict verdict = policy_->Judge(family, identifier.value);
    r.blocked = verdict.reason == Reason::kBlockedValue;
    r.held = verdict.reason != Reason::kNone && !r.blocked;
    const Node node = FindNode({identifier.ns, verdict.value});
    if (verdict.reason != Reason::kNone || node == kNone) return r;
    r.known = true;
    r.shared = solved_.shared[node] != 0;
    r.gone = solved_.live[node] == 0;
    const std::int64_t validity = policy_->policy().namespaces[family].validity_ms;
    r.expired = solved_.life_of[node] != kNone && clock_ms_ > solved_.first_ms[node] &&
                clock_ms_ - solved_.first_ms[node] >= validity;
    if (const auto at = group_of_.find(node); at != group_of_.end())
      r.profile = groups_[at->second].id;
    return r;
  }

  // The group of an identifier, as the policy spells it; null where it has none.
  const Group* FindGroup(const Identifier& identifier) const {
    const std::uint32_t family = policy_->FindFamily(identifier.ns);
    if (family == CompiledPolicy::kUndeclared) return nullptr;
    const Node node = FindNode({identifier.ns, policy_->Judge(family, identifier.value).value});
    const auto at = group_of_.find(node);
    return node == kNone || at == group_of_.end() ? nullptr : &groups_[at->second];
  }

  const Group* FindGroup(ProfileId id) const {
    const auto at = group_of_number_.find(id.value);
    return at == group_of_number_.end() ? nullptr : &groups_[at->second];
  }

  absl::StatusOr<engine::PersonFacts> ReadFacts(const Group& group) const {
    engine::PersonFacts facts;
    for (const std::uint32_t t : group.tellers) {
      const Definition::Solved::Teller& teller = solved_.tellers[t];
      auto stored = view_->RecordAt(static_cast<std::uint32_t>(teller.record - 1));
      if (!stored.ok()) return stored.status();
      const bool counts_here = FindGroupOf(teller.primary) == &group;
      FactRow row = engine::MakeFactRow(teller.record, stored->record,
                                        solved_.names[teller.primary], teller.anonymous);
      if (!teller.of_person.empty()) {
        AmbiguousFacts ambiguous{row.from, row.facts, counts_here, {}, {}};
        for (const Node node : teller.of_person) {
          if (FindGroupOf(node) == nullptr) continue;  // deleted
          (FindGroupOf(node) == &group ? ambiguous.here : ambiguous.elsewhere)
              .push_back(solved_.names[node]);
        }
        engine::AddAmbiguous(std::move(ambiguous), &facts.ambiguous);
      }
      if (counts_here) facts.rows.push_back(std::move(row));
    }
    engine::SortAmbiguous(&facts.ambiguous);
    return facts;
  }

  absl::StatusOr<Person> ReadPerson(const Group& group) const {
    auto facts = ReadFacts(group);
    if (!facts.ok()) return facts.status();
    return Person{group.id.value_or(ProfileId()), group.members, solved_.names[group.anchor],
                  std::make_shared<const std::vector<FactRow>>(std::move(facts->rows))};
  }

  std::int64_t now_ms() const { return now_ms_; }
  absl::Status GoOn() const { return view_->GoOn(); }

  absl::StatusOr<Profile> ReadProfile(const Group& group, const ProfileOptions& options) const {
    if (absl::Status status = engine::Validate(options); !status.ok()) return status;
    auto facts = ReadFacts(group);
    if (!facts.ok()) return facts.status();
    Profile profile = engine::FoldPerson(policy_->policy().definitions, *facts, options,
                                         options.now_ms.value_or(now_ms_));
    profile.id = group.id.value_or(ProfileId());
    profile.identifiers = group.members;
    return profile;
  }

 private:
  const Group* FindGroupOf(Node node) const {
    const auto at = group_of_.find(node);
    return at == group_of_.end() ? nullptr : &groups_[at->second];
  }

  void GatherTellers() {
    std::sort(solved_.tellers.begin(), solved_.tellers.end(),
              [](const auto& a, const auto& b) { return a.record < b.record; });
    for (std::uint32_t t = 0; t < solved_.tellers.size(); ++t) {
      const auto add = [&](Node node) {
        const auto at = group_of_.find(node);
        if (at == group_of_.end()) return;
        std::vector<std::uint32_t>& tellers = groups_[at->second].tellers;
        if (tellers.empty() || tellers.back() != t) tellers.push_back(t);
      };
      if (FindGroupOf(solved_.tellers[t].primary) == nullptr) continue;  // nobody's
      add(solved_.tellers[t].primary);
      for (const Node node : solved_.tellers[t].of_person) add(node);
    }
  }

  Node FindNode(const Identifier& name) const {
    const auto at = name_index_.find(name);
    return at == name_index_.end() ? kNone : solved_.node[at->second];
  }

  Node AnchorOf(const std::vector<Node>& names) const {
    const auto place = [this](Node n) {
      return std::tuple<std::uint32_t, const Identifier&>(
          solved_.rules->PriorityOf(solved_.kind[n]), solved_.names[n]);
    };
    Node anchor = solved_.node[names.front()];
    for (const Node name : names) {
      if (place(solved_.node[name]) < place(anchor)) anchor = solved_.node[name];
    }
    return anchor;
  }

  // Groups in order of their smallest member.
  void GatherGroups() {
    absl::flat_hash_map<Node, std::vector<Node>> names_of;  // by group
    for (Node i = 0; i < solved_.names.size(); ++i) {
      const Node node = solved_.node[i];
      if (solved_.live[node] > 0 && !solved_.HasLives(i))
        names_of[solved_.group[node]].push_back(i);
    }
    std::vector<std::vector<Node>*> in_order;
    for (auto& [group, names] : names_of) {
      std::sort(names.begin(), names.end(), [&](Node a, Node b) {
        const Identifier &x = solved_.names[a], &y = solved_.names[b];
        return x != y ? x < y : solved_.first_ms[a] < solved_.first_ms[b];
      });
      in_order.push_back(&names);
    }
    std::sort(in_order.begin(), in_order.end(), [&](const auto* a, const auto* b) {
      const Node x = a->front(), y = b->front();
      return solved_.names[x] != solved_.names[y] ? solved_.names[x] < solved_.names[y]
                                                  : solved_.first_ms[x] < solved_.first_ms[y];
    });
    for (std::vector<Node>* names : in_order) {
      for (const Node name : *names) {
        group_of_.emplace(solved_.node[name], groups_.size());
        names_.push_back(name);
      }
      Group& group = groups_.emplace_back();
      group.anchor = AnchorOf(*names);
      for (const Node name : *names) {  // two lives of one value may be one person's
        if (group.members.empty() || group.members.back() != solved_.names[name])
          group.members.push_back(solved_.names[name]);
      }
      ends_.push_back(names_.size());
    }
  }

  // Ids by the numbers that the store gave, and the priorities of this policy.
  void FindIds(const View::Impl& view) {
    std::size_t first = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      std::pair<std::uint32_t, Node> best(0, kNone);
      for (std::size_t i = first; i < ends_[g]; ++i) {
        const Node number = NumberOf(view, names_[i]);
        if (number == kNone) continue;
        group_of_number_.emplace(number, g);
        const std::uint32_t family = policy_->FindFamily(solved_.names[names_[i]].ns);
        const std::pair candidate(policy_->policy().namespaces[family].priority, number);
        if (best.second == kNone || candidate < best) best = candidate;
      }
      if (best.second != kNone) groups_[g].id = ProfileId{best.second};
      first = ends_[g];
    }
  }

  // A life has the number that the store knows it by where it began then too; else the number of its value.
  Node NumberOf(const View::Impl& view, Node name) const {
    const Node value = view.FindNormalised(solved_.names[name].ns, solved_.names[name].value);
    if (value == kNone || solved_.life_of[name] == kNone) return value;
    const Node life = view.graph().LifeAt(value, solved_.first_ms[name]);
    return life != value && view.graph().FirstMs(life) == solved_.first_ms[name] ? life : value;
  }

  const std::shared_ptr<const View::Impl> view_;  // the records that tell
  const std::shared_ptr<const CompiledPolicy> policy_;
  const std::int64_t clock_ms_;
  const std::int64_t now_ms_;  // of profiles
  const std::uint64_t held_records_;
  Definition::Solved solved_;
  absl::flat_hash_map<Identifier, Node> name_index_;
  std::vector<Group> groups_;
  std::vector<Node> names_;        // of all groups, one behind the other
  std::vector<std::size_t> ends_;  // of each group in names_
  absl::flat_hash_map<Node, std::size_t> group_of_;
  absl::flat_hash_map<std::uint64_t, std::size_t> group_of_number_;
};

Moment::Moment(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const Policy& Moment::policy() const { return impl_->policy().policy(); }
std::int64_t Moment::clock_ms() const { return impl_->clock_ms(); }
std::uint64_t Moment::profiles() const { return impl_->groups().size(); }
std::uint64_t Moment::held_records() const { return impl_->held_records(); }
Resolution Moment::Resolve(const Identifier& identifier) const {
  return impl_->Resolve(identifier);
}

namespace {

absl::Status UnknownThen() {
  return absl::NotFoundError("the identifier was not known then, or no record stood that names it");
}

absl::Status NotThen() {
  return absl::NotFoundError(
      "no record stood then that names the identifier behind this profile id");
}

}  // namespace

absl::StatusOr<std::vector<Identifier>> Moment::MembersOf(const Identifier& identifier) const {
  const Impl::Group* group = impl_->FindGroup(identifier);
  if (group == nullptr) return UnknownThen();
  return group->members;
}

absl::StatusOr<ProfileId> Moment::Follow(ProfileId id) const {
  const Impl::Group* group = impl_->FindGroup(id);
  if (group == nullptr) return NotThen();
  return *group->id;
}

absl::StatusOr<std::vector<Identifier>> Moment::Members(ProfileId id) const {
  const Impl::Group* group = impl_->FindGroup(id);
  if (group == nullptr) return NotThen();
  return group->members;
}

absl::StatusOr<Profile> Moment::ReadProfile(ProfileId id, const ProfileOptions& options) const {
  const Impl::Group* group = impl_->FindGroup(id);
  if (group == nullptr) return NotThen();
  return impl_->ReadProfile(*group, options);
}

absl::StatusOr<Profile> Moment::ReadProfile(const Identifier& identifier,
                                            const ProfileOptions& options) const {
  const Impl::Group* group = impl_->FindGroup(identifier);
  if (group == nullptr) return UnknownThen();
  return impl_->ReadProfile(*group, options);
}

absl::StatusOr<Person> Moment::ReadPerson(ProfileId id) const {
  const Impl::Group* group = impl_->FindGroup(id);
  if (group == nullptr) return NotThen();
  return impl_->ReadPerson(*group);
}

absl::Status Moment::ForEachPerson(const std::function<bool(const Person&)>& visit) const {
  for (const Impl::Group& group : impl_->groups()) {
    if (!group.id) continue;
    if (absl::Status status = impl_->GoOn(); !status.ok()) return status;
    auto person = impl_->ReadPerson(group);
    if (!person.ok()) return person.status();
    if (!visit(*person)) break;
  }
  return absl::OkStatus();
}

std::int64_t Moment::now_ms() const { return impl_->now_ms(); }

void Moment::ForEachProfile(
    const std::function<bool(std::optional<ProfileId>, std::span<const Identifier>)>& visit) const {
  for (const Impl::Group& group : impl_->groups()) {
    if (!visit(group.id, group.members)) return;
  }
}

// ---- how they are made ----

absl::StatusOr<Moment> View::AsOf(std::int64_t time_ms) const {
  if (time_ms < impl_->state().horizons->latest()) {
    return absl::OutOfRangeError(
        "time_ms: lies behind the horizon of a source, where records are folded; ask for " +
        std::to_string(impl_->state().horizons->latest()) + " or later");
  }
  const std::int64_t clock_ms = std::min(this->clock_ms(), time_ms);
  Definition definition(impl_->rules().shared_policy(), clock_ms);
  absl::Status status = Export([&](const StoredRecord& stored) {
    if (stored.standing && stored.record.time_ms.value_or(0) <= time_ms)
      definition.Add(stored.record, stored.number);
    return true;
  });
  if (!status.ok()) return status;
  return Moment(std::make_shared<const Moment::Impl>(definition, impl_->rules().shared_policy(),
                                                     clock_ms, time_ms, impl_));
}

namespace {

// Policy and clock as they stood at a sequence.
struct Conditions {
  std::shared_ptr<const CompiledPolicy> policy;
  std::int64_t clock_ms = 0;
};

absl::StatusOr<Conditions> ReadConditions(const View::Impl& view, std::uint64_t sequence) {
  Conditions conditions;
  auto none = CompiledPolicy::Compile(Policy());
  if (!none.ok()) return none.status();
  conditions.policy = *std::move(none);
  absl::Status problem;
  absl::Status status = view.store().Scan(
      Table::kLog, "", engine::FrameKey(view.state().last_frame + 1),
      [&](std::string_view key, std::string_view value) {
        auto frame = engine::DecodeConditions(engine::FrameNumber(key), value);
        if (!frame.ok()) {
          problem = frame.status();
          return false;
        }
        if (frame->sequence > sequence) return false;
        if (frame->kind == engine::FrameKind::kClock) conditions.clock_ms = frame->clock_ms;
        if (frame->kind != engine::FrameKind::kPolicy || frame->graph != view.graph_number())
          return true;
        auto policy = ReadPolicyProto(frame->policy);
        auto compiled = policy.ok() ? CompiledPolicy::Compile(*std::move(policy))
                                    : absl::StatusOr<std::shared_ptr<const CompiledPolicy>>(
                                          absl::DataLossError("a logged policy does not decode"));
        if (!compiled.ok()) {
          problem = absl::DataLossError("a logged policy does not compile; restore a backup");
          return false;
        }
        conditions.policy = *std::move(compiled);
        return true;
      });
  if (!status.ok()) return status;
  if (!problem.ok()) return problem;
  return conditions;
}

}  // namespace

absl::StatusOr<Moment> View::AsKnown(std::uint64_t sequence) const {
  if (sequence > this->sequence())
    return absl::OutOfRangeError("sequence: is later than this view; ask for at most " +
                                 std::to_string(this->sequence()));
  if (sequence < impl_->state().horizons->sequence()) {
    return absl::OutOfRangeError(
        "sequence: lies before records were folded, and what was known then is not kept; ask for " +
        std::to_string(impl_->state().horizons->sequence()) + " or later");
  }
  auto conditions = ReadConditions(*impl_, sequence);
  if (!conditions.ok()) return conditions.status();
  Definition definition(conditions->policy, conditions->clock_ms);
  std::int64_t now_ms = conditions->clock_ms;
  absl::Status status = Export([&](const StoredRecord& stored) {
    if (stored.sequence > sequence) return false;
    definition.Add(stored.record, stored.number);
    now_ms = std::max(now_ms, stored.record.time_ms.value_or(0));
    return true;
  });
  if (!status.ok()) return status;
  return Moment(std::make_shared<const Moment::Impl>(definition, conditions->policy,
                                                     conditions->clock_ms, now_ms, impl_));
}

namespace {

// Today's profiles against those of a moment, by identifiers.
class Comparison {
 public:
  Comparison(const View& view, const Moment& after) {
    view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
      before_[id].assign(members.begin(), members.end());
      for (const Identifier& member : members) today_[member].push_back(id);
      return true;
    });
    after.ForEachProfile([&](std::optional<ProfileId>, std::span<const Identifier> members) {
      for (const Identifier& member : members) then_[member].push_back(parts_.size());
      parts_.emplace_back(members.begin(), members.end());
      return true;
    });
  }

  void Write(Simulation* out) {
    out->profiles_before = before_.size();
    out->profiles_after = parts_.size();
    std::vector<std::set<ProfileId>> from(parts_.size());  // today's profiles in each
    std::map<ProfileId, std::set<std::size_t>> into;
    for (const auto& [id, members] : before_) {
      for (std::size_t i = 0; i < members.size(); ++i) {
        const auto at = then_.find(members[i]);
        if (at == then_.end()) continue;
        // One value may be in several profiles, one a life: they correspond in order.
        const std::vector<ProfileId>& lives = today_[members[i]];
        const auto place =
            static_cast<std::size_t>(std::find(lives.begin(), lives.end(), id) - lives.begin());
        const std::size_t part = at->second[std::min(place, at->second.size() - 1)];
        from[part].insert(id);
        into[id].insert(part);
      }
    }
    for (const auto& [id, members] : before_) {
      const std::set<std::size_t>& parts = into[id];
      if (parts.empty()) Add(ChangeKind::kGone, id, out);
      if (parts.size() > 1) {
        ++out->split;
        SimulatedChange& change = Add(ChangeKind::kSplit, id, out);
        for (const std::size_t part : parts) change.parts.push_back(parts_[part]);
      }
      for (const std::size_t part : parts) {
        if (from[part].size() < 2) continue;
        ++out->merged;
        SimulatedChange& change = Add(ChangeKind::kMerged, id, out);
        for (const ProfileId other : from[part]) {
          if (other != id) change.with.push_back(other);
        }
      }
    }
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      if (from[part].empty()) Add(ChangeKind::kCreated, ProfileId(), out).parts = {parts_[part]};
    }
  }

 private:
  static SimulatedChange& Add(ChangeKind kind, ProfileId from, Simulation* out) {
    SimulatedChange& change = out->changes.emplace_back();
    change.kind = kind;
    change.from = from;
    return change;
  }

  std::map<ProfileId, std::vector<Identifier>> before_;
  std::vector<std::vector<Identifier>> parts_;
  absl::flat_hash_map<Identifier, std::vector<ProfileId>> today_;
  absl::flat_hash_map<Identifier, std::vector<std::size_t>> then_;
};

}  // namespace

absl::StatusOr<Simulation> View::Simulate(const Policy& policy) const {
  auto compiled = CompiledPolicy::Compile(policy);
  if (!compiled.ok()) return compiled.status();
  Definition definition(*compiled, clock_ms());
  std::uint64_t held = 0, released = 0;
  RecordVerdict verdict;
  absl::Status status = Export([&](const StoredRecord& stored) {
    if (!stored.standing) return true;
    definition.Add(stored.record, stored.number);
    if (stored.record.act == Act::kRetract) return true;
    JudgeRecord(**compiled, stored.record, &verdict);
    const bool holds = verdict.reason != Reason::kNone;
    held += holds && !stored.held ? 1 : 0;
    released += !holds && stored.held ? 1 : 0;
    return true;
  });
  if (!status.ok()) return status;
  Simulation out{.after = Moment(std::make_shared<const Moment::Impl>(
                     definition, *compiled, clock_ms(), now_ms(), impl_))};
  out.held = held;
  out.released = released;
  Comparison(*this, out.after).Write(&out);
  return out;
}

}  // namespace polyonym
