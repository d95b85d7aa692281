#include "engine/live_segments.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "engine/threads.h"
#include "engine/view_impl.h"
#include "engine/watched_values.h"
#include "polyonym/segment/check.h"
#include "segment/conditions.h"
#include "segment/dependents.h"
#include "segment/earliest_turn.h"
#include "segment/subject.h"

namespace polyonym::engine {
namespace {

constexpr std::size_t kWorthThreads = 256;  // people, or their turns
constexpr std::size_t kTasksAtOnce = 32;
constexpr std::size_t kReadAtOnce = 128;  // neighbours in the log share frames
constexpr std::size_t kSegmentsAtOnce = 32;
constexpr std::size_t kFewDues = 1024;  // void ones that are no matter

bool IsOfConsents(const Facts& facts) {
  return !facts.consents.empty() && facts.traits.empty() && facts.tags.empty() &&
         facts.events.empty() && facts.relations.empty();
}

// Of an identity change, to somebody who is in it; none: it says nothing that the record does not.
std::optional<Cause> CauseOfIdentity(ChangeKind kind, bool is_from) {
  switch (kind) {
    case ChangeKind::kMerged:
      return Cause::kMerge;
    case ChangeKind::kSplit:
      return Cause::kSplit;
    case ChangeKind::kMoved:
      return is_from ? Cause::kSplit : Cause::kMerge;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct LiveSegments::Scratch {
  segment::SegmentBits asked;  // conditions
  segment::SegmentBits above;  // segments that may have another answer
  SegmentSubject::Impl::Answers answers;
};

LiveSegments::LiveSegments(std::size_t facts_bytes) : facts_(facts_bytes) {}
LiveSegments::~LiveSegments() = default;

void LiveSegments::Begin(std::uint64_t sequence) {
  sequence_ = sequence;
  dues_.Begin(sequence);
}

void LiveSegments::Put(MemberSet::Ptr* set, MemberSet::Ptr next) {
  set_bytes_ += next->bytes() - (*set)->bytes();
  *set = std::move(next);
  changed_ = true;
}

void LiveSegments::CountBytes() {
  set_bytes_ = 0;
  for (const LiveSegment& segment : segments_) set_bytes_ += segment.members->bytes();
}

bool LiveSegments::Concerns(const Core& core) const {
  if (watches()) return true;
  const Definitions& definitions = core.rules()->policy().policy().definitions;
  return core.rules()->version() != policy_version_ &&
         (definitions_ != nullptr || !definitions.segments.empty() || WatchesValues(definitions));
}

absl::Status LiveSegments::Update(const Call& call) {
  people_.clear();
  if (call.view.rules().version() != policy_version_) {
    if (absl::Status status = Adopt(call.view); !status.ok()) return status;
  }
  const bool all_told = call.tracker.all_told();
  const Cause cause = all_told ? Cause::kRetraction : Cause::kDefinition;
  if (all_told) fresh_.assign(segments_.size(), true);
  if (watches()) {
    if (absl::Status status = Gather(call); !status.ok()) return status;
  }
  if (std::find(fresh_.begin(), fresh_.end(), true) != fresh_.end()) {
    if (absl::Status status = EvaluateEverybody(call.view); !status.ok()) return status;
  }
  if (absl::Status status = EvaluateTouched(call); !status.ok()) return status;
  PutTurns(cause, call.changes);
  fresh_.assign(segments_.size(), false);
  if (changed_) ShowState();
  return call.before == nullptr ? absl::OkStatus() : CompareValues(call, cause);
}

// What the policy watches of the people whom the call concerns; of everybody where definitions or a horizon may be the cause.
absl::Status LiveSegments::CompareValues(const Call& call, Cause otherwise) const {
  std::vector<Watched> people;
  const auto add = [&](Node id) {
    const auto at = people_.find(id);
    people.push_back(at == people_.end() ? Watched{id, otherwise, 0}
                                         : Watched{id, at->second.cause, at->second.record});
  };
  if (call.tracker.all_told() || call.before->rules().version() != call.view.rules().version()) {
    call.view.ForEachRoot([&](Node root) {
      add(static_cast<Node>(call.view.IdOf(root).value));
      return true;
    });
  } else {
    for (const auto& [id, touch] : people_) {
      if (touch.root != kNone) add(id);
    }
    std::sort(people.begin(), people.end(),
              [](const Watched& a, const Watched& b) { return a.id < b.id; });
  }
  return AddWatchedChanges(*call.before, call.view, people, call.changes);
}

void LiveSegments::ShowState() {
  changed_ = false;
  if (next_slot_ == 0) return;  // there never was a segment
  published_ =
      std::make_shared<const LiveState>(LiveState{definitions_, compiled_, segments_, next_slot_});
}

// ---- whom a call concerns ----

absl::Status LiveSegments::Gather(const Call& call) {
  for (const Change& change : *call.changes) {
    if (change.kind <= ChangeKind::kGone) GatherChange(change, call.nodes_before);
  }
  if (!call.tracker.all_told()) {
    for (const ChangeTracker::Told& told : call.tracker.told())
      GatherTold(call.view, told, told.added);
    for (const ChangeTracker::Told& regarded : call.tracker.regarded()) {
      if (absl::Status status = GatherRegarded(call.view, regarded); !status.ok()) return status;
    }
  }
  GatherDue(call.view);
  FindRoots(call.view);
  return absl::OkStatus();
}

void LiveSegments::GatherChange(const Change& change, Node nodes_before) {
  const auto touch = [&](ProfileId id, bool is_from) -> Touch& {
    Touch& of = people_[static_cast<Node>(id.value)];
    const std::optional<Cause> cause = CauseOfIdentity(change.kind, is_from);
    if (cause || !of.cause_stays) {
      of.cause = cause.value_or(change.cause);
      of.record = change.record;
      of.cause_stays = of.cause_stays || cause.has_value();
    }
    if (!is_from) {
      of.joined = true;
      of.is_new = of.is_new || id.value >= nodes_before;
    }
    return of;
  };
  const auto was_there = [&](IdentifierNumber n) { return n.value < nodes_before; };
  switch (change.kind) {
    case ChangeKind::kCreated:
    case ChangeKind::kJoined: {
      // One that was known, and is alive again, brings what was told of it.
      const bool known =
          std::any_of(change.identifiers.begin(), change.identifiers.end(), was_there);
      Touch& of = touch(change.to, false);
      of.whole = of.whole || known;
      break;
    }
    case ChangeKind::kMerged:
      touch(change.from, true);
      touch(change.to, false).absorbed.push_back(static_cast<Node>(change.from.value));
      break;
    case ChangeKind::kGone:
      touch(change.from, true).whole = true;
      break;
    default:
      touch(change.from, true).whole = true;
      touch(change.to, false).whole = true;
  }
}

void LiveSegments::GatherTold(const View::Impl& view, const ChangeTracker::Told& told, bool added) {
  const Node node = view.graph().Canonical(told.name);
  if (view.graph().node(node).live == 0) return;
  Touch& of = people_[static_cast<Node>(view.IdOf(view.graph().ProfileOf(node)).value)];
  of.whole = of.whole || !added;
  if (added) of.added.emplace_back(static_cast<std::uint32_t>(told.record - 1), node);
  if (of.cause_stays) return;
  of.cause = told.cause;
  of.record = told.record;
}

// A guard that opened or closed, or another name: any record that names the node may have another primary.
absl::Status LiveSegments::GatherRegarded(const View::Impl& view,
                                          const ChangeTracker::Told& regarded) {
  return view.ForEachTeller(regarded.name, [&](const View::Impl::NamedRecord& named) {
    for (const View::Impl::NamedRecord::Name& name : named.names)
      GatherTold(view, {name.node, regarded.cause, regarded.record, false}, false);
  });
}

void LiveSegments::GatherDue(const View::Impl& view) {
  while (!queue_.empty() && queue_.top().first <= view.now_ms()) {
    const auto [ms, id] = queue_.top();
    queue_.pop();
    if (dues_.Latest(id).ms != ms) continue;
    const auto [at, is_first] = people_.try_emplace(id);
    if (is_first) at->second.cause = Cause::kTime;
    at->second.due = true;
  }
}

void LiveSegments::FindRoots(const View::Impl& view) {
  for (auto& [id, touch] : people_) touch.root = view.FindRoot(id);
}

// ---- evaluating ----

// Some thousand people at a time, whose facts are in memory meanwhile.
absl::Status LiveSegments::EvaluateTouched(const Call& call) {
  constexpr std::size_t kAtATime = 4096;
  if (std::find(fresh_.begin(), fresh_.end(), false) == fresh_.end()) {
    facts_.Clear();
    return absl::OkStatus();
  }
  LookAtNobody(call.view.now_ms());
  std::vector<std::pair<Node, Touch*>> order;
  for (auto& [id, touch] : people_) {
    if (touch.root == kNone) {
      Leave(id, touch);
    } else {
      order.emplace_back(id, &touch);
    }
  }
  std::sort(order.begin(), order.end());
  for (std::size_t first = 0; first < order.size(); first += kAtATime) {
    const auto some = std::span(order).subspan(first, std::min(kAtATime, order.size() - first));
    if (absl::Status status = EvaluateSome(call, some); !status.ok()) return status;
  }
  gone_.clear();
  return absl::OkStatus();
}

// What is so of everybody of whom nothing that a segment asks for is told.
void LiveSegments::LookAtNobody(std::int64_t now_ms) {
  if (now_ms >= calendar_turn_) calendar_turn_ = earliest_turn_->OfCalendar(now_ms);
  if (now_ms < nobody_.due) return;
  const std::vector<FactRow> rows;
  const Identifier anchor;
  SegmentSubject subject(*definitions_, rows, {}, anchor, now_ms);
  SegmentSubject::Impl& person = subject.impl();
  auto& answers = person.AnswersTo(compiled_);
  conditions_->Assess(&person, &answers);
  nobody_ = {answers.conditions, segment::SegmentBits(segments_.size()), DueCell::kNever};
  for (std::size_t s = 0; s < segments_.size(); ++s)
    nobody_.in.Put(s, conditions_->IsTrue(s, nobody_.verdicts));
  dependents_->of_time().ForEach([&](std::size_t c) {
    nobody_.due = std::min(nobody_.due, conditions_->NextChange(c, &person, answers));
  });
}

absl::Status LiveSegments::EvaluateSome(const Call& call,
                                        std::span<const std::pair<Node, Touch*>> people) {
  const View::Impl& view = call.view;
  std::vector<Task> tasks(people.size());
  for (std::size_t i = 0; i < people.size(); ++i) {
    tasks[i].id = people[i].first;
    tasks[i].touch = people[i].second;
    FindKnown(&tasks[i]);
  }
  ReadRows(view, tasks);
  const unsigned threads = tasks.size() < kWorthThreads ? 1 : ThreadsFor(0);
  RunRanges(threads, tasks.size(), kTasksAtOnce, [&](std::size_t from, std::size_t to) {
    Scratch scratch = MakeScratch();
    FrameReader frames(&view.store());
    for (std::size_t i = from; i < to; ++i) {
      if (tasks[i].status.ok()) tasks[i].status = Prepare(call, &frames, &tasks[i]);
      if (tasks[i].status.ok()) Judge(view, &scratch, &tasks[i]);
    }
  });
  for (Task& task : tasks) {
    if (!task.status.ok()) return task.status;
    for (const auto& [segment, is] : task.turned) {
      turns_[segment].push_back({task.id, is, task.touch});
      task.known->in.Put(segment, is);
    }
    SetDue(task.id, task.due, task.touch->due);
    facts_.Put(task.id, std::move(task.known));
  }
  facts_.Shrink();
  return absl::OkStatus();
}

// Whether what was known of somebody, and of those whom they absorbed, is at hand; else their facts are to be read, and they are wholly
// looked at, but for somebody of whom all is known but the facts.
void LiveSegments::FindKnown(Task* task) {
  Touch& touch = *task->touch;
  task->known = facts_.Take(task->id);
  if (task->known == nullptr && touch.is_new) {
    task->known = std::make_unique<FactsCache::Known>();
    task->known->verdicts = nobody_.verdicts;
    task->known->in = segment::SegmentBits(segments_.size());
  }
  const auto is_at_hand = [&](Node id) {
    const auto at = gone_.find(id);
    return at != gone_.end() && at->second != nullptr && at->second->has_rows;
  };
  const bool has_rows = task->known != nullptr && task->known->has_rows;
  touch.whole = touch.whole || task->known == nullptr || (!touch.absorbed.empty() && !has_rows) ||
                !std::all_of(touch.absorbed.begin(), touch.absorbed.end(), is_at_hand);
  task->is_read = touch.whole || !has_rows;
}

// All that is told of those who are to be read.
void LiveSegments::ReadRows(const View::Impl& view, std::span<Task> tasks) {
  std::vector<Task*> some;
  for (Task& task : tasks) {
    if (task.is_read) some.push_back(&task);
  }
  const unsigned threads = some.size() < kWorthThreads ? 1 : ThreadsFor(0);
  RunRanges(threads, some.size(), kReadAtOnce, [&](std::size_t from, std::size_t to) {
    std::vector<Node> roots;
    for (std::size_t i = from; i < to; ++i) roots.push_back(some[i]->touch->root);
    absl::Status status = view.ForEachTold(roots, [&](std::size_t at, PersonFacts facts) {
      some[from + at]->read = std::move(facts.rows);
      return true;
    });
    if (!status.ok()) some[from]->status = status;
  });
}

// Beside others: what is known of somebody, with the call's news.
absl::Status LiveSegments::Prepare(const Call& call, FrameReader* frames, Task* task) const {
  Touch& touch = *task->touch;
  if (task->known != nullptr) {
    if (absl::Status status = task->known->Open(); !status.ok()) return status;
  }
  if (task->is_read && !touch.whole) touch.whole = !TakeRead(task);
  if (!touch.whole) return AddNews(call, frames, task);
  segment::SegmentBits in =
      task->known != nullptr ? std::move(task->known->in) : MembershipsOf(task->id);
  task->known = call.view.Know(touch.root, std::move(task->read));
  task->known->in = std::move(in);
  return absl::OkStatus();
}

// Of somebody who is known but for the facts: these, those that came in this call behind the others. False, and nothing is taken, where
// what was read is not what was told.
bool LiveSegments::TakeRead(Task* task) {
  const auto& added = task->touch->added;
  const auto is_older = [&](const FactRow& row) {
    return std::none_of(added.begin(), added.end(), [&](const auto& record_and_primary) {
      return std::uint64_t{record_and_primary.first} + 1 == row.from.record;
    });
  };
  auto& read = task->read;
  const auto news = std::stable_partition(read.begin(), read.end(), is_older);
  if (static_cast<std::size_t>(read.end() - news) != added.size()) return false;
  FactsCache::Known& known = *task->known;
  known.rows = std::move(read);
  known.has_rows = true;
  for (const FactRow& row : known.rows) known.bytes += BytesOf(row);
  task->rows_before = known.rows.size() - added.size();
  return true;
}

// What a record of the call tells: as its caller's facts were decoded, where they were.
absl::StatusOr<FactRow> LiveSegments::NewRow(const Call& call, std::uint32_t record, Node primary,
                                             FrameReader* frames) {
  const Definitions& definitions = call.view.rules().policy().policy().definitions;
  if (call.facts != nullptr && definitions.identifying.empty()) {
    const std::uint64_t location = call.view.graph().access().record(record).location;
    auto row = call.facts->TakeRow(location, std::uint64_t{record} + 1, call.view.NameOf(primary));
    if (row) return *std::move(row);
  }
  return call.view.ReadRow(record, primary, frames);
}

// Adds what the call brought to somebody who is known. Beside others: of those who are gone, each is absorbed by one.
absl::Status LiveSegments::AddNews(const Call& call, FrameReader* frames, Task* task) const {
  const Touch& touch = *task->touch;
  FactsCache::Known& known = *task->known;
  if (!task->is_read) {
    task->rows_before = known.rows.size();
    for (const Node id : touch.absorbed) {
      FactsCache::Known& other = *gone_.find(id)->second;
      std::move(other.rows.begin(), other.rows.end(), std::back_inserter(known.rows));
      known.bytes += other.bytes;
    }
    for (const auto& [record, primary] : touch.added) {
      auto row = NewRow(call, record, primary, frames);
      if (!row.ok()) return row.status();
      known.bytes += BytesOf(*row);
      known.rows.push_back(*std::move(row));
    }
  }
  if (!touch.joined) return absl::OkStatus();
  task->identifiers_before = std::exchange(known.identifiers, call.view.MembersOf(touch.root));
  task->anchor_before =
      std::exchange(known.anchor, call.view.NameOf(call.view.AnchorOf(touch.root)));
  return absl::OkStatus();
}

// Which conditions may be others than before.
void LiveSegments::AskFor(const Task& task, segment::SegmentBits* asked) const {
  const FactsCache::Known& known = *task.known;
  asked->Clear();
  if (task.touch->due) *asked |= dependents_->of_time();
  if (task.touch->due && known.has_later) {  // of one of which the time has come
    for (const FactRow& row : known.rows) dependents_->Add(row.facts, asked);
  }
  for (std::size_t i = task.rows_before; i < known.rows.size(); ++i)
    dependents_->Add(known.rows[i].facts, asked);
  if (!task.touch->joined) return;
  if (known.anchor != task.anchor_before) *asked |= dependents_->of_anchor();
  for (const Identifier& identifier : known.identifiers) {
    const auto& before = task.identifiers_before;
    if (!std::binary_search(before.begin(), before.end(), identifier))
      dependents_->Add(identifier, asked);
  }
}

LiveSegments::Scratch LiveSegments::MakeScratch() const {
  return {segment::SegmentBits(conditions_->size()), segment::SegmentBits(segments_.size()), {}};
}

// Beside others: of what is not the task's it changes nothing.
void LiveSegments::Judge(const View::Impl& view, Scratch* scratch, Task* task) const {
  const Touch& touch = *task->touch;
  FactsCache::Known& known = *task->known;
  FindCause(task);
  SegmentSubject::Impl person(*definitions_, known.rows, known.identifiers, known.anchor,
                              view.now_ms(), tag_index_.get());
  auto& [asked, above, answers] = *scratch;
  answers.ForgetPerson();
  above.Clear();
  if (!touch.whole) AskFor(*task, &asked);
  FindTurn(view.now_ms(), task);
  if (touch.whole) {
    conditions_->Assess(&person, &answers);
    for (std::size_t s = 0; s < segments_.size(); ++s) above.Set(s);
  } else {
    answers.conditions = std::move(known.verdicts);
    conditions_->Reassess(asked, &person, &answers, &above);
    if (touch.is_new) above |= nobody_.in;
  }
  task->due = DueOf(*task, *scratch, &person);
  known.verdicts = std::move(answers.conditions);
  above.ForEach([&](std::size_t s) {
    if (fresh_[s]) return;
    const bool is = conditions_->IsTrue(s, known.verdicts);
    if (is != known.in.Has(s)) task->turned.emplace_back(static_cast<std::uint32_t>(s), is);
  });
}

// When facts next begin or cease to count: what was found of those before stands until then.
void LiveSegments::FindTurn(std::int64_t now_ms, Task* task) const {
  FactsCache::Known& known = *task->known;
  const bool stands = !task->touch->whole && known.turn_ms > now_ms;
  const auto news = std::span(known.rows).subspan(stands ? task->rows_before : 0);
  const segment::EarliestTurn::Turn turn = earliest_turn_->OfFacts(news, now_ms);
  known.turn_ms = stands ? std::min(known.turn_ms, turn.ms) : turn.ms;
  known.latest_ms = stands ? std::max(known.latest_ms, turn.latest_ms) : turn.latest_ms;
  known.has_later = known.latest_ms > now_ms;
}

// Until when nothing changes by itself. When that really is is found out once a bound is reached, which is seldom: by then more has
// come of most.
std::int64_t LiveSegments::DueOf(const Task& task, const Scratch& scratch,
                                 SegmentSubject::Impl* person) const {
  const Touch& touch = *task.touch;
  std::int64_t due = DueCell::kNever;
  if (!touch.due) due = std::min(calendar_turn_, task.known->turn_ms);
  if (!touch.due && !touch.whole) due = std::min(due, DueOf(task.id));
  if (touch.is_new && !touch.whole) due = std::min(due, nobody_.due);  // of what was not asked
  const auto add = [&](std::size_t c) {
    const bool by_clock = task.known->has_later || dependents_->of_time().Has(c);
    if (touch.due ? by_clock : earliest_turn_->moving().Has(c))
      due = std::min(due, conditions_->NextChange(c, person, scratch.answers));
  };
  if (!touch.whole && !touch.due) {
    scratch.asked.ForEachOfBoth(earliest_turn_->moving(), add);
  } else if (!touch.whole) {
    scratch.asked.ForEach(add);
  } else {
    for (std::size_t c = 0; c < conditions_->size(); ++c) add(c);
  }
  return due;
}

// A word about consents is a cause of its own.
void LiveSegments::FindCause(Task* task) const {
  Touch& touch = *task->touch;
  if (touch.cause_stays || touch.cause != Cause::kRecord) return;
  const auto& rows = task->known->rows;
  const auto row = std::find_if(rows.rbegin(), rows.rend(),
                                [&](const FactRow& r) { return r.from.record == touch.record; });
  if (row != rows.rend() && IsOfConsents(row->facts)) touch.cause = Cause::kConsent;
}

segment::SegmentBits LiveSegments::MembershipsOf(Node id) const {
  segment::SegmentBits in(segments_.size());
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    if (segments_[s].members->Contains(id)) in.Set(s);
  }
  return in;
}

// The id is nobody's any more.
void LiveSegments::Leave(Node id, const Touch& touch) {
  std::unique_ptr<FactsCache::Known>& known = gone_[id];
  known = facts_.Take(id);
  if (known != nullptr && !known->Open().ok()) known = nullptr;  // they are read again
  const segment::SegmentBits in = known != nullptr ? known->in : MembershipsOf(id);
  in.ForEach([&](std::size_t s) {
    if (!fresh_[s]) turns_[s].push_back({id, false, &touch});
  });
  SetDue(id, DueCell::kNever, false);
}

// `is_taken`: what is kept is in the queue no more.
void LiveSegments::SetDue(Node id, std::int64_t ms, bool is_taken) {
  if (ms == DueCell::kNever && id >= dues_.size()) return;
  while (dues_.size() <= id) dues_.Append({});
  const bool is_same = dues_.Latest(id).ms == ms;
  if (!is_same) dues_.Write(id).ms = ms;
  if (ms == DueCell::kNever || (is_same && !is_taken)) return;
  queue_.emplace(ms, id);
  if (queue_.size() > 2 * dues_.size() + kFewDues) FillQueue();
}

// Without what is void.
void LiveSegments::FillQueue() {
  std::vector<Due> dues;
  for (Node id = 0; id < dues_.size(); ++id) {
    if (DueOf(id) != DueCell::kNever) dues.emplace_back(DueOf(id), id);
  }
  queue_ = decltype(queue_)(std::greater<>(), std::move(dues));
}

// ---- what came of it ----

Cause LiveSegments::CauseOf(std::size_t segment, const Touch& touch) const {
  // A word about consents says something only where it is asked for.
  if (touch.cause == Cause::kConsent && (compiled_->inputs(segment) & kInputConsents) == 0)
    return Cause::kRecord;
  return touch.cause;
}

// `otherwise`: why everybody was evaluated, where that was so.
void LiveSegments::SayTurns(std::size_t segment, Cause otherwise, std::span<Change> changes) const {
  const std::vector<Turn>& turns = turns_[segment];
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const Turn& turn = turns[i];
    Change& change = changes[i];
    change.sequence = sequence_;
    change.kind = turn.is ? ChangeKind::kEntered : ChangeKind::kLeft;
    (turn.is ? change.to : change.from) = ProfileId{turn.id};
    change.name = compiled_->name(segment);
    change.cause = turn.touch == nullptr ? otherwise : CauseOf(segment, *turn.touch);
    if (turn.touch != nullptr) change.record = turn.touch->record;
  }
}

MemberSet::Ptr LiveSegments::TurnedMembers(std::size_t segment) const {
  std::vector<Node> came, went;
  for (const Turn& turn : turns_[segment]) (turn.is ? came : went).push_back(turn.id);
  return segments_[segment].members->With(came, went, sequence_);
}

// By segment as defined, those that are no more last; then by profile.
void LiveSegments::PutTurns(Cause otherwise, std::vector<Change>* changes) {
  std::vector<std::size_t> which, first;  // segments, and where their changes begin
  std::size_t end = changes->size();
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    if (turns_[s].empty()) continue;
    which.push_back(s);
    first.push_back(end);
    end += turns_[s].size();
  }
  changes->resize(end);
  std::vector<MemberSet::Ptr> members(which.size());
  const unsigned threads = end < kWorthThreads ? 1 : ThreadsFor(0);
  RunRanges(threads, which.size(), kSegmentsAtOnce, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      std::vector<Turn>& turns = turns_[which[i]];
      const auto by_id = [](const Turn& a, const Turn& b) { return a.id < b.id; };
      if (!std::is_sorted(turns.begin(), turns.end(), by_id))
        std::sort(turns.begin(), turns.end(), by_id);
      SayTurns(which[i], otherwise, std::span(*changes).subspan(first[i], turns.size()));
      if (!fresh_[which[i]]) members[i] = TurnedMembers(which[i]);
    }
  });
  for (std::size_t i = 0; i < which.size(); ++i) {
    turns_[which[i]].clear();
    if (members[i] != nullptr) Put(&segments_[which[i]].members, std::move(members[i]));
  }
  SayDropped(changes);
}

void LiveSegments::SayDropped(std::vector<Change>* changes) {
  for (const auto& dropped : dropped_) {
    dropped.second->ToSet().ForEach([&](Node id) {
      Change& change = changes->emplace_back();
      change.sequence = sequence_;
      change.kind = ChangeKind::kLeft;
      change.cause = Cause::kDefinition;
      change.from = ProfileId{id};
      change.name = dropped.first;
      return true;
    });
  }
  dropped_.clear();
}

}  // namespace polyonym::engine
