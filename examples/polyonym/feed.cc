// feed.cc - the feed and who reads it: changes, feed cursors|drop|trim. tail.h is where followed records come from.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "changes.h"
#include "commands.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/change_feed.h"
#include "record_input.h"
#include "tail.h"

namespace polyonym::driver {

namespace {

// ---- printing the feed ----

constexpr std::uint64_t kChangesAtOnce = 10'000;

struct ChangesOptions {
  std::optional<std::uint64_t> from;
  std::string consumer;
  std::vector<std::string> kinds;
  std::vector<std::string> names;
  std::vector<std::string> without_causes;
  std::uint64_t limit = 0;  // 0: none

  bool follow = false;
  std::string records = "-";
  std::optional<std::uint64_t> seconds;
  std::size_t batch = 1'000;
  bool advance = false;
};

std::vector<ChangeKind> AllKinds() {
  std::vector<ChangeKind> kinds;
  for (std::size_t i = 0; i < kChangeKinds; ++i) kinds.push_back(static_cast<ChangeKind>(i));
  return kinds;
}

// Those that occur.
std::vector<Cause> AllCauses() {
  std::vector<Cause> causes;
  for (auto i = static_cast<int>(Cause::kRecord); i <= static_cast<int>(Cause::kErase); ++i)
    causes.push_back(static_cast<Cause>(i));
  return causes;
}

template <class E>
std::vector<std::string> WordsOf(const std::vector<E>& values) {
  std::vector<std::string> words;
  for (const E value : values) words.emplace_back(ToString(value));
  return words;
}

// Those of `all` that `words` name.
template <class E>
std::vector<E> Named(const std::vector<std::string>& words, const std::vector<E>& all) {
  std::vector<E> named;
  for (const E value : all) {
    if (std::find(words.begin(), words.end(), ToString(value)) != words.end())
      named.push_back(value);
  }
  return named;
}

FeedFilter FilterOf(const ChangesOptions& options) {
  FeedFilter filter;
  filter.kinds = Named(options.kinds, AllKinds());
  filter.names = options.names;
  filter.without_causes = Named(options.without_causes, AllCauses());
  // Who is who has no name, and would pass.
  if (!filter.names.empty() && filter.kinds.empty()) {
    for (const ChangeKind kind : AllKinds()) {
      if (!IsWhoIsWho(kind)) filter.kinds.push_back(kind);
    }
  }
  return filter;
}

// Prints what the feed has, batch by batch. What was written out is acknowledged, where somebody's place is kept.
class FeedPrinter {
 public:
  FeedPrinter(const Engine* engine, const ChangesOptions& options, const Session* session)
      : engine_(engine), session_(session), limit_(options.limit), out_(session->format) {
    feed_.consumer = options.consumer;
    feed_.graph = session->graph;
    feed_.filter = FilterOf(options);
    feed_.from = options.from;
    if (!options.from && options.follow && options.consumer.empty())
      feed_.from = session->Read(*engine).sequence() + 1;  // what is there already is not asked for
  }

  bool done() const { return limit_ != 0 && printed_ >= limit_; }

  // All that is there, or up to the limit.
  void PrintNew() {
    for (bool at_end = false; !at_end && !done();) {
      feed_.max_changes =
          limit_ == 0 ? kChangesAtOnce : std::min(kChangesAtOnce, limit_ - printed_);
      auto opened = engine_->OpenFeed(feed_);
      if (absl::IsInvalidArgument(opened.status()) || absl::IsOutOfRange(opened.status()))
        Fail(kUsage, "--" + std::string(opened.status().message()));
      ChangeFeed feed = FromStore(std::move(opened));
      const FeedBatch batch = NextOf(&feed);
      Print(batch);
      if (!feed_.consumer.empty()) FromStore(feed.Acknowledge());
      feed_.from = batch.next;
      at_end = batch.at_end;
    }
  }

 private:
  FeedBatch NextOf(ChangeFeed* feed) const {
    const std::uint64_t place = feed->position();
    auto batch = feed->Next(0);
    if (absl::IsOutOfRange(batch.status())) {
      std::string problem = "--" + std::string(batch.status().message());
      if (!feed_.consumer.empty()) {
        problem = "--consumer " + feed_.consumer + " stands at sequence " + std::to_string(place) +
                  ", which is not kept any more.\n" + problem +
                  ";\n`polyonym feed drop` forgets its place, so that --from says where it begins";
      }
      Fail(kUsage, problem);
    }
    return FromStore(std::move(batch));
  }

  // To its end, or not at all: what did not arrive is not to be acknowledged.
  void Print(const FeedBatch& batch) {
    if (batch.changes.empty()) return;
    const View view = session_->Read(*engine_);
    for (const Change& change : batch.changes) out_.Row(ChangeRow(view, change, out_.is_table()));
    out_.Flush();
    if (std::ferror(stdout) != 0)
      Fail(kUsage, "the output could not be written; what was not is not acknowledged");
    printed_ += batch.changes.size();
  }

  const Engine* engine_;
  const Session* session_;
  const std::uint64_t limit_;
  FeedOptions feed_;
  Output out_;
  std::uint64_t printed_ = 0;
};

// ---- following records ----

volatile std::sig_atomic_t stop_was_asked = 0;

// Ctrl-C, or a request to end, while this is there: whoever waits is woken, and what was begun is finished.
class StopOnSignal {
 public:
  StopOnSignal() {
    struct sigaction action = {};
    action.sa_handler = [](int) { stop_was_asked = 1; };
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopOnSignal() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction interrupt_ = {}, terminate_ = {};
};

// Puts lines of records into the store, a commit each time. Rejected ones are told on standard error.
class RecordTaker {
 public:
  RecordTaker(Engine* engine, const ChangesOptions& options)
      : engine_(engine), input_(options.records), advance_(options.advance) {}

  void Take(const std::deque<Tail::Line>& lines) {
    std::vector<Record> records;
    std::vector<std::uint64_t> numbers;
    for (const Tail::Line& line : lines) {
      if (line.text.find_first_not_of(" \t") == std::string::npos) continue;
      ReadRecord row{.input = input_, .line = line.number, .record = {}, .rejected = {}};
      ReadJsonLine(line.text, &reader_, &row);
      if (row.rejected) {
        Reject(*row.rejected);
        continue;
      }
      records.push_back(std::move(row.record));
      numbers.push_back(line.number);
    }
    if (!records.empty()) Apply(records, numbers);
  }

  bool any_rejected() const { return any_rejected_; }

 private:
  void Apply(const std::vector<Record>& records, const std::vector<std::uint64_t>& numbers) {
    const ApplyResult result = FromStore(engine_->Apply(records));
    std::int64_t newest_ms = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const RecordResult& one = result.records[i];
      if (one.outcome != Outcome::kRejected) {
        newest_ms = std::max(newest_ms, records[i].time_ms.value_or(0));
      } else {
        Reject({input_, numbers[i], one.field, std::string(ToString(one.reason))});
      }
    }
    if (advance_ && newest_ms > engine_->Read().clock_ms())
      FromStore(engine_->AdvanceTo(newest_ms).status());
  }

  void Reject(const Rejected& row) {
    any_rejected_ = true;
    std::fprintf(stderr, "polyonym: %s:%llu: rejected: %s%s%s\n", row.input.c_str(),
                 static_cast<unsigned long long>(row.line), row.reason.c_str(),
                 row.field.empty() ? "" : ": ", row.field.c_str());
  }

  Engine* engine_;
  const std::string input_;
  const bool advance_;
  JsonRecordReader reader_;
  bool any_rejected_ = false;
};

// Until the input is at its end, the time is over, the limit is reached, or somebody says so.
void Follow(const ChangesOptions& options, Engine* engine, FeedPrinter* printer, Session* session) {
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t kLookUpMs = 200;  // a signal that comes between two looks waits so long
  const StopOnSignal signals;
  const auto tail = OrFail(Tail::Open(options.records));
  const Clock::time_point start = Clock::now();
  RecordTaker taker(engine, options);
  while (stop_was_asked == 0 && !printer->done() && !tail->ended()) {
    std::int64_t left_ms = kLookUpMs;
    if (options.seconds) {
      const auto over = start + std::chrono::seconds(*options.seconds) - Clock::now();
      left_ms = std::chrono::ceil<std::chrono::milliseconds>(over).count();
      if (left_ms <= 0 && *options.seconds != 0) break;
    }
    const auto lines =
        OrFail(tail->Next(options.batch, std::clamp<std::int64_t>(left_ms, 0, kLookUpMs)));
    if (lines.empty() && options.seconds == 0) break;
    taker.Take(lines);
    printer->PrintNew();
  }
  FromStore(engine->Sync());
  if (taker.any_rejected()) session->exit_code = kTooManyRejects;
}

// ---- changes ----

void RunChanges(const ChangesOptions& options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  session->Read(*engine);  // is the graph there
  FeedPrinter printer(engine.get(), options, session);
  printer.PrintNew();
  if (options.follow) Follow(options, engine.get(), &printer, session);
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

CLI::Option* OfferWords(CLI::App* command, const char* name, const std::string& what,
                        const char* type, std::vector<std::string>* words) {
  return command->add_option(name, *words, what)->type_name(type)->expected(1)->take_all();
}

// What is printed of the feed.
void OfferFilter(CLI::App* command, ChangesOptions* options) {
  const std::vector<std::string> kinds = WordsOf(AllKinds());
  const std::vector<std::string> causes = WordsOf(AllCauses());
  OfferWords(command, "--kind", "only of this kind: " + Joined(kinds) + "; repeatable", "KIND",
             &options->kinds)
      ->check(CLI::IsMember(kinds).description(""));
  OfferWords(command, "--name",
             "only of the segment, trait or tag of this name; who is who has none, and is left out "
             "unless --kind asks for it; repeatable",
             "NAME", &options->names);
  OfferWords(command, "--without-cause", "but for this cause: " + Joined(causes) + "; repeatable",
             "CAUSE", &options->without_causes)
      ->check(CLI::IsMember(causes).description(""));
  command
      ->add_option("--max,--limit", options->limit,
                   "stop behind about this many, at the end of a commit; 0: all")
      ->type_name("N");
}

void OfferFollow(CLI::App* command, ChangesOptions* options) {
  CLI::Option* follow = command->add_flag(
      "--follow", options->follow,
      "take records meanwhile, and print the changes that they cause as they come; Ctrl-C ends it");
  command
      ->add_option("--records", options->records,
                   "where they come from, JSON Lines: a file, which is followed as it grows, or -, "
                   "standard input (default)")
      ->type_name("FILE")
      ->needs(follow);
  command
      ->add_option("--for", options->seconds,
                   "end after so many seconds; 0: once all that is there was taken")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 1'000'000'000).description(""))
      ->needs(follow);
  command
      ->add_option("--batch", options->batch,
                   "of those that are there, at most so many a commit, 1 to 100000")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000).description(""))
      ->capture_default_str()
      ->needs(follow);
  command
      ->add_flag("--advance", options->advance,
                 "with each commit, move the clock to its newest record's time")
      ->needs(follow);
}

void AddChanges(CLI::App* app, Session* session) {
  const auto options = std::make_shared<ChangesOptions>();
  CLI::App* command =
      app->add_subcommand("changes", "the feed: what happened to profiles, commit by commit");
  session->OfferStore(command);
  session->OfferGraph(command);
  command
      ->add_option("--from", options->from,
                   "from this sequence on; default: the beginning, with --follow what comes from "
                   "now on; a consumer goes on where it stands")
      ->type_name("N");
  command
      ->add_option("--consumer", options->consumer,
                   "whose place in the feed is kept in the store: what was printed is acknowledged "
                   "once it was written out, and not printed for it again")
      ->type_name("NAME");
  OfferFilter(command, options.get());
  OfferFollow(command, options.get());
  session->OfferFormat(command);
  command->footer(
      "To go on without --consumer, ask again from the last row's sequence + 1. A store is open in "
      "one process at a time:\nso --follow is the one that writes. Records that it rejects are "
      "told on standard error, and make the exit code 3.");
  command->callback([=] { RunChanges(*options, session); });
}

// ---- feed ----

// Cursors of the graph that was asked for; of all where none was.
std::vector<FeedCursor> CursorsOf(const Engine& engine, const Session& session) {
  std::vector<FeedCursor> cursors = FromStore(engine.FeedCursors());
  if (!session.graph.empty())
    std::erase_if(cursors, [&](const FeedCursor& one) { return one.graph != session.graph; });
  return cursors;
}

Json CursorRow(const FeedCursor& cursor) {
  Json row = Json::Object();
  row.Set("consumer", cursor.consumer).Set("graph", cursor.graph).Set("next", cursor.next);
  return row;
}

void AddCursors(CLI::App* feed, Session* session) {
  CLI::App* command =
      feed->add_subcommand("cursors", "who reads the feed, and where each of them stands");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->footer("Of all graphs, unless --graph says which.");
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const std::uint64_t behind_all = session->Read(*engine).sequence() + 1;
    Output out(session->format);
    const std::vector<FeedCursor> cursors = CursorsOf(*engine, *session);
    for (const FeedCursor& cursor : cursors) {
      Json row = CursorRow(cursor);
      out.Row(std::move(row.Set("behind", behind_all - std::min(behind_all, cursor.next))));
    }
    if (cursors.empty()) out.Note("No consumer has a place in the feed.");
  });
}

void RunDrop(const std::string& consumer, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  session->Read(*engine);  // is the graph there
  for (const FeedCursor& cursor : FromStore(engine->FeedCursors())) {
    if (cursor.consumer != consumer || cursor.graph != session->graph) continue;
    FromStore(engine->DropFeedCursor(consumer, session->graph));
    return Output(session->format).Fields(CursorRow(cursor));
  }
  Fail(kAnsweredNo, "CONSUMER: nobody of that name has a place in the feed of this graph");
}

void AddDrop(CLI::App* feed, Session* session) {
  const auto consumer = std::make_shared<std::string>();
  CLI::App* command = feed->add_subcommand("drop", "forget a consumer's place");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("CONSUMER", *consumer, "its name")->required();
  session->OfferFormat(command);
  command->footer("Exit code 1 where it has none.");
  command->callback([=] { RunDrop(*consumer, session); });
}

void RunTrim(std::uint64_t before, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const std::uint64_t sequence = engine->Read().sequence();
  before = std::min(before, sequence + 1);
  FromStore(engine->TrimFeed(before));
  Json missing = Json::List();
  for (const FeedCursor& cursor : FromStore(engine->FeedCursors())) {
    if (cursor.next < before) missing.Add(CursorRow(cursor));
  }
  Output out(session->format);
  Json row = Json::Object().Set("before", before).Set("sequence", sequence);
  out.Fields(row.Set("cut_off", std::move(missing)));
}

void AddTrim(CLI::App* feed, Session* session) {
  const auto before = std::make_shared<std::uint64_t>();
  CLI::App* command =
      feed->add_subcommand("trim", "let go of the feed of old commits, in every graph");
  session->OfferStore(command);
  command->add_option("SEQUENCE", *before, "all before it goes; no later than the last commit + 1")
      ->required();
  session->OfferFormat(command);
  command->footer(
      "Nothing else goes: who is who, segments and the outbox do not depend on it. Consumers that "
      "stand before it are told that it is gone\n(`polyonym feed drop` lets one begin anew), and "
      "`polyonym segment sizes` reaches back no further.");
  command->callback([=] { RunTrim(*before, session); });
}

}  // namespace

void AddFeed(CLI::App* app, Session* session) {
  AddChanges(app, session);
  CLI::App* feed =
      app->add_subcommand("feed", "who reads the feed of changes, and what is kept of it");
  feed->require_subcommand(1);
  AddCursors(feed, session);
  AddDrop(feed, session);
  AddTrim(feed, session);
}

}  // namespace polyonym::driver
