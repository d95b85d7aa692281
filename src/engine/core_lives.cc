// Lives: in a namespace with a validity a value names one identifier after another. docs/rule.md section 2.
//
// The dictionary has the value; each life is a node of its own beside it, and the value's class is spelt by the last one, which is what
// questions find. A record names the life of its time. Where a record that comes or goes moves the beginnings of lives, all that was
// said of the value is taken out, the lives are cut again, and it is put back.
#include <algorithm>
#include <utility>

#include "engine/core.h"

namespace polyonym::engine {
namespace {

// Whether `time_ms`, at or after `start_ms`, is within `span_ms` of it.
bool Within(std::int64_t start_ms, std::int64_t time_ms, std::int64_t span_ms) {
  return static_cast<std::uint64_t>(time_ms) - static_cast<std::uint64_t>(start_ms) <
         static_cast<std::uint64_t>(span_ms);
}

}  // namespace

// What the dictionary has for a name.
Node Core::ValueNode(Node name) const {
  if (!graph_.node(name).life() || graph_.node(name).erased()) return name;
  if (const auto lost = index_->lost_values.find(graph_.node(name).value);
      lost != index_->lost_values.end())
    return lost->second;
  const Kind kind = graph_.KindOf(name);
  const std::string_view value = graph_.ValueOf(name);
  return graph_.Find(kind, value, index_->HashValue(kind, value));
}

// Whether a live act names the value: its lives are cut with the act taken out.
bool Core::IsActedOn(Node value) const {
  if (!acted_on_.contains(value)) return false;
  const std::vector<std::uint32_t> mentions = MentionsOf(value);
  return std::any_of(mentions.begin(), mentions.end(), [this](std::uint32_t r) {
    const RecordCell& cell = index_->records.Latest(r);
    return cell.live() && !Mentions(cell.act());
  });
}

// Makes sure that there is a life for a naming that is about to be counted.
void Core::FitLife(Node value, std::int64_t time_ms) {
  const std::int64_t validity = rules_->ValidityOf(graph_.KindOf(value));
  const std::vector<Node>& lives = lives_[value].current;
  const bool acted_on = IsActedOn(value);
  if (lives.empty()) {
    if (acted_on) return Recut(value, time_ms);
    return Cut(value, {time_ms});
  }
  const Node life = graph_.LifeAt(value, time_ms);
  const std::int64_t start = graph_.FirstMs(life);
  if (time_ms >= start && Within(start, time_ms, validity)) return;
  if (time_ms < start || life != lives.back() || acted_on) return Recut(value, time_ms);
  const Node fresh = NewLife(value, time_ms);
  PutRename(fresh, {fresh, fresh, life});
  lives_[value].current.push_back(fresh);
  PointTo(value, fresh);
}

// A naming went: a life that began with it may begin later now, or never.
void Core::ReviewLife(Node value, std::int64_t time_ms) {
  const Node life = graph_.LifeAt(value, time_ms);
  if (life == value || graph_.FirstMs(life) != time_ms) return;
  for (const std::uint32_t r : MentionsOf(value)) {
    if (!index_->records.Latest(r).live()) continue;
    const auto loaded = LoadNamed(r);
    if (!loaded) return;
    const auto& [record, named] = *loaded;
    if (Mentions(record.act) && record.time_ms == time_ms && NamesValue(named, value)) return;
  }
  Recut(value, std::nullopt);
}

void Core::Recut(Node value, std::optional<std::int64_t> coming) {
  std::vector<std::int64_t> namings;
  if (coming) namings.push_back(*coming);
  std::vector<std::uint32_t> records;
  for (const std::uint32_t r : MentionsOf(value)) {
    if (!index_->records.Latest(r).live()) continue;
    const auto loaded = LoadNamed(r);
    if (!loaded) return;
    // Under an earlier policy it may have been what another spelling came to.
    if (!NamesValue(loaded->second, value)) continue;
    records.push_back(r);
    if (Mentions(loaded->first.act)) namings.push_back(*loaded->first.time_ms);
    SetFlags(r, RecordCell::kVoided, 0);
    Count(r, loaded->first, loaded->second, Sign::kMinus);
  }
  Cut(value, std::move(namings));
  for (const std::uint32_t r : records) {
    SetFlags(r, 0, RecordCell::kVoided);
    const auto loaded = LoadNamed(r);
    if (!loaded) return;
    Count(r, loaded->first, loaded->second, Sign::kPlus);
  }
}

// Makes the lives that these namings call for. Nothing may be counted of the value now, unless lives are only added behind.
void Core::Cut(Node value, std::vector<std::int64_t> namings) {
  std::sort(namings.begin(), namings.end());
  const std::int64_t validity = rules_->ValidityOf(graph_.KindOf(value));
  std::vector<std::int64_t> starts;
  for (const std::int64_t t : namings) {
    if (starts.empty() || !Within(starts.back(), t, validity)) starts.push_back(t);
  }
  const std::vector<Node> old = std::exchange(lives_[value].current, {});
  for (const Node life : old) tracker_.Each(life);
  // A life that begins in what is one life now stays that identifier.
  std::vector<Node> made(starts.size(), kNone);
  for (const Node life : old) {
    const auto after = std::upper_bound(starts.begin(), starts.end(), graph_.FirstMs(life));
    const auto place = static_cast<std::size_t>(after - starts.begin());
    if (place > 0 && made[place - 1] == kNone &&
        Within(starts[place - 1], graph_.FirstMs(life), validity)) {
      made[place - 1] = life;
    } else {
      lives_[value].spare.push_back(life);
    }
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] == kNone) made[i] = NewLife(value, starts[i]);
    index_->nodes.Write(made[i]).first_ms = starts[i];
  }
  for (std::size_t i = 0; i < made.size(); ++i)
    PutRename(made[i], {made[i], made[i], i == 0 ? kNone : made[i - 1]});
  const Node last = made.empty() ? value : made.back();
  lives_[value].current = std::move(made);
  PointTo(value, last);
}

// What is asked of the value, or of a life that no naming calls for, is answered of the last life.
void Core::PointTo(Node value, Node last) {
  if (last == value) {
    index_->nodes.Write(value).rename = kNone;
  } else {
    PutRename(value, {last, value, kNone});
  }
  const Lives& lives = lives_[value];
  for (const Node spare : lives.spare) PutRename(spare, {last, spare, kNone});
  if (lives.current.empty() && lives.spare.empty()) lives_.erase(value);
}

// A node for a life that begins: one that is spare, else a new one.
Node Core::NewLife(Node value, std::int64_t start_ms) {
  Lives& lives = lives_[value];
  if (!lives.spare.empty()) {
    // The eldest: the same one after the store was opened again.
    const auto eldest = std::min_element(lives.spare.begin(), lives.spare.end());
    const Node life = *eldest;
    lives.spare.erase(eldest);
    index_->nodes.Write(life).first_ms = start_ms;
    return life;
  }
  NodeCell cell;
  cell.kind = graph_.KindOf(value);
  cell.value = graph_.node(value).value;
  cell.flags = NodeCell::kLife;
  cell.first_ms = start_ms;
  cell.parent = cell.ring = static_cast<Node>(index_->nodes.size());
  return static_cast<Node>(index_->nodes.Append(cell));
}

void Core::PutRename(Node name, const RenameCell& cell) {
  const std::uint32_t known = graph_.node(name).rename;
  if (known == kNone) {
    const auto fresh = static_cast<std::uint32_t>(index_->renames.Append(cell));
    index_->nodes.Write(name).rename = fresh;
  } else {
    index_->renames.Write(known) = cell;
  }
}

// After loading: lives are the nodes that say so; those that stand for another are spare.
void Core::RestoreLives() {
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    if (!graph_.node(n).life() || graph_.node(n).erased()) continue;
    Lives& lives = lives_[ValueNode(n)];
    (graph_.IsAlias(n) ? lives.spare : lives.current).push_back(n);
  }
  for (auto& [value, lives] : lives_) {
    std::sort(lives.current.begin(), lives.current.end(),
              [this](Node a, Node b) { return graph_.FirstMs(a) < graph_.FirstMs(b); });
  }
}

}  // namespace polyonym::engine
