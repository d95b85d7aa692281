// Plain records under another policy: only the difference of the two verdicts is counted.
//
// A plain record is an observation or a bind, not void as a whole, that counts by itself: a sum of mentions of nodes and sightings
// of pairs, whatever other records say. So what both verdicts have may stay where it is, and the others see it all the while as if
// it had always counted as it will. They are counted once the other records are out under the old rules and before these come in
// under the new, when no act and no class changes. What makes a record other than plain:
//
//   - lives: which of them it names depends on other records;
//   - an unbind that voids children of a parent: a record voids or frees the evidence of others by what it names;
//   - a class of several identifiers, where a rename may count otherwise.
//
// Where what was first or last of a pair goes, the next is looked for in the records once, at the end.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/core.h"
#include "engine/rejudging.h"

namespace polyonym::engine {

bool Core::MayBePlain(const CompiledPolicy& after) const {
  const bool unbinds_children =
      !acts_.unbinds.empty() && (rules_->policy().HasParents() || after.HasParents());
  // Of namespaces too that nobody has named yet: what is derived anew may be in one.
  const auto has_lives = [](const NamespacePolicy& ns) { return ns.validity_ms != 0; };
  const std::vector<NamespacePolicy>& were = rules_->policy().policy().namespaces;
  const std::vector<NamespacePolicy>& are = after.policy().namespaces;
  return std::none_of(were.begin(), were.end(), has_lives) &&
         std::none_of(are.begin(), are.end(), has_lives) && !unbinds_children;
}

// Names what the record will count, so that identifiers are numbered in the order of records, plain or not. Notes what goes and
// what comes of a plain one; false where it is none.
bool Core::NoteIfPlain(Rejudged* rejudged, Rejudging* work) {
  Judged *before = &rejudged->before, *now = &rejudged->now;
  const std::uint32_t record_index = rejudged->record_index;
  const Record& record = rejudged->record;
  std::vector<Named>& was = distinct_;
  std::vector<Named>& is = named_;
  was.clear();
  is.clear();
  if (before->verdict.reason == Reason::kNone) NameNodes(*before, &was);
  if (now->verdict.reason == Reason::kNone) NameNodes(*now, &is);
  const auto in_class = [this](const Named& n) { return graph_.node(n.name).rename != kNone; };
  if ((record.act != Act::kObserve && record.act != Act::kBind) || VoidedBySource(record) ||
      (work->classes_move && (std::any_of(was.begin(), was.end(), in_class) ||
                              std::any_of(is.begin(), is.end(), in_class))))
    return false;
  std::uint32_t flags = RecordCell::kStands;
  if (!now->verdict.held.empty()) flags |= RecordCell::kHeldPart;
  if (now->verdict.reason != Reason::kNone) flags |= RecordCell::kHeld;
  work->plain.emplace_back(record_index, flags);
  const Parts old_parts = PartsOf(was), new_parts = PartsOf(is);
  const auto note = [&](const Parts& of, const Parts& but, std::vector<Rejudging::Part>* to) {
    for (const NodePair& part : of) {
      if (!std::binary_search(but.begin(), but.end(), part))
        to->push_back({part.first, part.second, SpanOf(record)});
    }
  };
  note(old_parts, new_parts, &work->going);
  note(new_parts, old_parts, &work->coming);
  std::erase_if(is, [&](const Named& n) { return NamesValue(was, n.value); });
  AddMentions(record_index, record.act, is);
  return true;
}

// Asks for what the names of a group will touch, all at once.
void Core::FetchNames(std::span<Rejudged> group) const {
  const auto for_each_name = [&](const auto& f) {
    for (Rejudged& one : group) {
      for (Judged* judged : {&one.before, &one.now}) {
        for (Judged::Name& name : judged->names) {
          if (name.kind != kNone) f(name);
        }
      }
    }
  };
  for (Rejudged& one : group) {
    FindKinds(*rules_, one.record, &one.before);
    FindKinds(*rules_, one.record, &one.now);
    HashNames(*rules_, *index_, &one.before);
    HashNames(*rules_, *index_, &one.now);
  }
  for_each_name([this](Judged::Name& name) { index_->dictionary.Prefetch(name.hash); });
  for_each_name([this](Judged::Name& name) {
    name.guess = index_->dictionary.Peek(name.hash);
    if (name.guess >= index_->nodes.size()) name.guess = kNone;
    if (name.guess != kNone) index_->nodes.Prefetch(name.guess);
  });
  for_each_name([this](Judged::Name& name) {
    if (name.guess != kNone) index_->values.Prefetch(graph_.node(name.guess).value);
  });
}

// What an observation or a bind that names these counts of, ascending; a mention is a pair with kNone. As CountNaming() does.
Core::Parts Core::PartsOf(const std::vector<Named>& named) const {
  Parts parts;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Named& n = named[i];
    parts.emplace_back(n.node, kNone);
    if (n.role != Role::kSelf) continue;
    if (n.derived()) parts.push_back(MakePair(n.node, graph_.Canonical(n.from)));
    for (std::size_t j = 0; j < i && !n.derived(); ++j) {
      if (named[j].role == Role::kSelf && !named[j].derived())
        parts.push_back(MakePair(n.node, named[j].node));
    }
  }
  const auto same = [](const NodePair& part) { return part.first == part.second; };
  parts.erase(std::remove_if(parts.begin(), parts.end(), same), parts.end());
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return parts;
}

// What the cells of plain records say of them under the new policy.
void Core::PutFlags(const Rejudging& work) {
  constexpr std::uint32_t kVerdict =
      RecordCell::kStands | RecordCell::kHeld | RecordCell::kHeldPart;
  for (const auto& [record_index, flags] : work.plain) {
    if (index_->records.Latest(record_index).has(RecordCell::kHeld)) --totals_.held_records;
    if ((flags & RecordCell::kHeld) != 0) ++totals_.held_records;
    SetFlags(record_index, flags, kVerdict);
  }
}

void Core::CountDifference(const Rejudging& work) {
  stale_.emplace();
  const auto count = [this](const std::vector<Rejudging::Part>& parts, Sign sign) {
    constexpr std::size_t kSlotAhead = 32, kCellAhead = 16;
    const auto hash = [&](const Rejudging::Part& part) { return index_->HashPair(part.u, part.v); };
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i + kSlotAhead < parts.size()) {
        const Rejudging::Part& part = parts[i + kSlotAhead];
        index_->nodes.Prefetch(part.u);
        index_->nodes.Prefetch(part.v);
        if (part.v != kNone) index_->pairs.Prefetch(hash(part));
      }
      if (i + kCellAhead < parts.size() && parts[i + kCellAhead].v != kNone) {
        const Link link = index_->pairs.Peek(hash(parts[i + kCellAhead]));
        if (link != kNone) index_->links.Prefetch(link);
      }
      const Rejudging::Part& part = parts[i];
      if (part.v == kNone) {
        CountMention(part.u, part.span, sign);
      } else {
        CountSighting(part.u, part.v, part.span, false, sign);
      }
    }
  };
  count(work.going, Sign::kMinus);
  count(work.coming, Sign::kPlus);
  const Stale stale = *std::exchange(stale_, std::nullopt);
  for (const Node node : std::set<Node>(stale.nodes.begin(), stale.nodes.end())) RecountNode(node);
  for (const Link link : std::set<Link>(stale.links.begin(), stale.links.end())) {
    const LinkCell cell = graph_.link(link);
    if (cell.evidence.any()) RecountPair(cell.a, cell.b);
  }
}

}  // namespace polyonym::engine
