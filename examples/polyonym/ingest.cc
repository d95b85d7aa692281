// ingest.cc - records into a store (ingest), and records straight to people (resolve).
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "groups.h"
#include "mapping.h"
#include "polyonym/batch/resolve.h"
#include "polyonym/model/judge.h"
#include "progress.h"
#include "record_input.h"
#include "when.h"

namespace polyonym::driver {

namespace {

struct IngestOptions {
  std::string policy;
  std::string mapping;
  std::string rejects;
  std::vector<std::string> inputs;
  std::uint64_t max_rejects = 0;
  std::size_t batch = 1000;
  bool bulk = false;
  bool memory = false;
  bool advance = false;
  When when;
  GroupsToPrint groups;
};

struct Counts {
  std::uint64_t records = 0, applied = 0, unchanged = 0, held = 0, rejected = 0,
                held_identifiers = 0;
  std::int64_t newest_ms = 0;  // of the records that were not rejected
};

// The rejects file: JSON Lines of input, line, field and reason, in order of the input. Written anew by every run.
class Rejects {
 public:
  explicit Rejects(const std::string& path) : given_(!path.empty()) {
    if (!given_) return;
    file_.open(path, std::ios::binary | std::ios::trunc);
    if (!file_) Fail(kUsage, path + ": cannot be written");
  }
  void Add(const Rejected& row) {
    ++by_reason_[row.reason];
    if (!given_) return;
    file_ << Json::Object()
                 .Set("input", row.input)
                 .Set("line", row.line)
                 .Set("field", row.field)
                 .Set("reason", row.reason)
                 .Text()
          << '\n';
  }
  void Close() {
    if (!given_) return;
    file_.close();
    if (!file_) Fail(kUsage, "the rejects file could not be written to its end");
  }
  const std::map<std::string, std::uint64_t>& by_reason() const { return by_reason_; }

 private:
  bool given_;
  std::ofstream file_;
  std::map<std::string, std::uint64_t> by_reason_;
};

// Sends records to a store in batches. The same records again change nothing, so a run that was killed is simply repeated.
class Ingest {
 public:
  Ingest(Engine* engine, const IngestOptions& options, Rejects* rejects)
      : engine_(engine), bulk_(options.bulk), batch_size_(options.batch), rejects_(rejects) {}

  void Take(ReadRecord& row) {
    ++counts_.records;
    if (row.rejected) {
      rejected_.emplace_back(records_.size(), *std::move(row.rejected));
    } else {
      records_.push_back(std::move(row.record));
      origins_.push_back({row.input, row.line});
    }
    if (records_.size() + rejected_.size() >= batch_size_) Flush();
  }

  void Flush() {
    ApplyResult result;
    if (!records_.empty())
      result = FromStore(bulk_ ? engine_->BulkApply(records_) : engine_->Apply(records_));
    auto unread = rejected_.begin();
    for (std::size_t i = 0; i < result.records.size(); ++i) {
      while (unread != rejected_.end() && unread->first <= i) Reject((unread++)->second);
      Count(result.records[i], records_[i], origins_[i]);
    }
    while (unread != rejected_.end()) Reject((unread++)->second);
    records_.clear();
    origins_.clear();
    rejected_.clear();
  }

  const Counts& counts() const { return counts_; }

 private:
  using Origin = std::pair<std::string, std::uint64_t>;  // input and line

  void Count(const RecordResult& result, const Record& record, const Origin& origin) {
    counts_.held_identifiers += result.held_identifiers;
    if (result.outcome != Outcome::kRejected)
      counts_.newest_ms = std::max(counts_.newest_ms, record.time_ms.value_or(0));
    switch (result.outcome) {
      case Outcome::kApplied:
        ++counts_.applied;
        break;
      case Outcome::kUnchanged:
        ++counts_.unchanged;
        break;
      case Outcome::kHeld:
        ++counts_.held;
        break;
      case Outcome::kRejected:
        Reject({origin.first, origin.second, result.field, std::string(ToString(result.reason))});
    }
  }

  void Reject(const Rejected& row) {
    ++counts_.rejected;
    rejects_->Add(row);
  }

  Engine* engine_;
  const bool bulk_;
  const std::size_t batch_size_;
  Rejects* rejects_;
  std::vector<Record> records_;
  std::vector<Origin> origins_;
  // Unreadable rows, each with the number of records before it.
  std::vector<std::pair<std::size_t, Rejected>> rejected_;
  Counts counts_;
};

std::optional<v1::Mapping> ReadMapping(const std::string& path) {
  if (path.empty()) return std::nullopt;
  auto mapping = ReadMappingJson(ReadFile(path));
  if (!mapping.ok()) Fail(kUsage, path + ": " + std::string(mapping.status().message()));
  return *std::move(mapping);
}

ReadPosition PositionOver(const std::vector<std::string>& inputs) {
  ReadPosition position;
  for (const std::string& input : inputs) position.total += SizeOfInput(input);
  return position;
}

void PrintCounts(const Counts& counts, const Rejects& rejects, const View& view,
                 const Progress& progress, Output* out) {
  Json row = Json::Object();
  row.Set("records", counts.records)
      .Set("applied", counts.applied)
      .Set("unchanged", counts.unchanged);
  row.Set("held", counts.held)
      .Set("rejected", counts.rejected)
      .Set("held_identifiers", counts.held_identifiers);
  row.Set("sequence", view.sequence()).Set("clock", ClockOf(view.clock_ms()));
  Json reasons = Json::Object();
  for (const auto& [reason, n] : rejects.by_reason()) reasons.Set(reason, n);
  row.Set("rejected_by_reason", std::move(reasons));
  out->Fields(row);
  char rate[96];
  std::snprintf(rate, sizeof(rate), "\n%.1f s, %s records a second", progress.seconds(),
                FormatCount(static_cast<std::uint64_t>(static_cast<double>(counts.records) /
                                                       std::max(progress.seconds(), 1e-3)))
                    .c_str());
  out->Note(rate);
}

void CheckRejects(const Counts& counts, const IngestOptions& options, Session* session) {
  if (counts.rejected <= options.max_rejects) return;
  session->exit_code = kTooManyRejects;
  std::fprintf(stderr, "polyonym: %s of %s records were rejected; --max-rejects allows %s%s\n",
               FormatCount(counts.rejected).c_str(), FormatCount(counts.records).c_str(),
               FormatCount(options.max_rejects).c_str(),
               options.rejects.empty() ? "; --rejects FILE tells which and why" : "");
}

// Puts the policy in force in the graph that was asked for, where it is another than the graph's.
void PreparePolicy(const std::string& path, const Session& session, Engine* engine) {
  if (path.empty()) {
    if (session.Read(*engine).policy_version() == 0)
      Fail(kUsage, "the store has no policy yet: give --policy FILE");
    return;
  }
  PutInForce(ReadPolicyFile(path), session.graph, engine);
}

// Lifetimes take effect as of the newest record of the input. A clock that stands later already stays.
void Advance(std::int64_t newest_ms, Engine* engine) {
  if (newest_ms > engine->Read().clock_ms()) FromStore(engine->AdvanceTo(newest_ms).status());
}

void IngestInto(Engine* engine, const IngestOptions& options, Session* session, Output* counts_to) {
  const std::optional<v1::Mapping> mapping = ReadMapping(options.mapping);
  PreparePolicy(options.policy, *session, engine);
  Rejects rejects(options.rejects);
  ReadPosition position = PositionOver(options.inputs);
  Progress progress("records");
  Ingest ingest(engine, options, &rejects);
  const absl::Status read =
      ReadRecords(options.inputs, mapping ? &*mapping : nullptr, &position, [&](ReadRecord& row) {
        ingest.Take(row);
        progress.Update(ingest.counts().records, position);
      });
  ingest.Flush();
  if (options.advance && read.ok()) Advance(ingest.counts().newest_ms, engine);
  rejects.Close();
  FromStore(engine->Sync());
  if (counts_to != nullptr)
    PrintCounts(ingest.counts(), rejects, engine->Read(), progress, counts_to);
  CheckRejects(ingest.counts(), options, session);
  OrFail(read);
}

void RunIngest(const IngestOptions& options, Session* session) {
  if (options.policy.empty()) {
    // A store that is made here needs a policy at once.
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    Output out(session->format);
    return IngestInto(engine.get(), options, session, &out);
  }
  ReadPolicyFile(options.policy);  // before a store is made for nothing
  const std::unique_ptr<Engine> engine = session->OpenStore(true);
  Output out(session->format);
  IngestInto(engine.get(), options, session, &out);
}

// What a store would show that had taken the same input.
batch::ResolveOptions StateOf(const IngestOptions& options, std::int64_t newest_ms) {
  batch::ResolveOptions state;
  state.up_to_ms = options.when.as_of_ms.value_or(state.up_to_ms);
  if (options.advance) state.clock_ms = std::min(newest_ms, state.up_to_ms);
  return state;
}

void ResolveInMemory(const IngestOptions& options, Session* session) {
  if (options.policy.empty()) Fail(kUsage, "--memory needs --policy FILE");
  if (options.when.as_known)
    Fail(kUsage, "--as-known goes with --db: without a store there is no sequence");
  const std::optional<v1::Mapping> mapping = ReadMapping(options.mapping);
  const std::int64_t now_ms = NowMs();
  const RecordLimits limits;
  auto resolver =
      OrFail(batch::MemoryResolver::Create(ReadPolicyFile(options.policy), limits, now_ms));
  Rejects rejects(options.rejects);
  ReadPosition position = PositionOver(options.inputs);
  Counts counts;
  {
    Progress progress("records");
    OrFail(
        ReadRecords(options.inputs, mapping ? &*mapping : nullptr, &position, [&](ReadRecord& row) {
          ++counts.records;
          const Reason reason = row.rejected ? Reason::kNone : resolver->Add(row.record);
          if (reason != Reason::kNone) {
            std::string field;
            CheckShape(row.record, limits, now_ms, &field);
            row.rejected =
                Rejected{row.input, row.line, std::move(field), std::string(ToString(reason))};
          }
          if (row.rejected) {
            ++counts.rejected;
            rejects.Add(*row.rejected);
          } else {
            counts.newest_ms = std::max(counts.newest_ms, row.record.time_ms.value_or(0));
          }
          progress.Update(counts.records, position);
        }));
  }
  rejects.Close();
  Output out(session->format);
  PrintGroups(
      GroupsOf(resolver->Resolve(StateOf(options, counts.newest_ms)), options.groups.min_size),
      options.groups, &out);
  CheckRejects(counts, options, session);
}

void RunResolve(const IngestOptions& options, Session* session) {
  if (options.memory != session->db.empty()) Fail(kUsage, "give either --memory or --db DIR");
  if (options.memory && !session->graph.empty()) Fail(kUsage, "--graph goes with --db");
  if (options.memory) return ResolveInMemory(options, session);
  const std::unique_ptr<Engine> engine = session->OpenStore(!options.policy.empty());
  IngestInto(engine.get(), options, session, nullptr);
  const View view = session->Read(*engine);
  const std::optional<Moment> then = options.when.In(view);
  Output out(session->format);
  PrintGroups(
      then ? GroupsOf(*then, options.groups.min_size) : GroupsOf(view, options.groups.min_size),
      options.groups, &out);
}

void OfferInput(CLI::App* command, IngestOptions* options) {
  command
      ->add_option("--policy", options->policy, "policy to put in force; default: the store's own")
      ->type_name("FILE");
  command
      ->add_option("--mapping", options->mapping,
                   "how CSV rows become records; without it the input is JSON Lines")
      ->type_name("FILE");
  command
      ->add_option("--rejects", options->rejects,
                   "where to write line, field and reason of each rejected record")
      ->type_name("FILE");
  command
      ->add_option("--max-rejects", options->max_rejects,
                   "more rejected records than this make the exit code 3")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--advance", options->advance,
                    "after the input, move the clock to the newest record's time");
  command->add_option("INPUT", options->inputs, "files, plain, .gz or .zst; - is standard input")
      ->required();
}

}  // namespace

void AddIngest(CLI::App* app, Session* session) {
  CLI::App* ingest = app->add_subcommand("ingest", "put records into a store");
  const auto options = std::make_shared<IngestOptions>();
  session->OfferStore(ingest);
  OfferInput(ingest, options.get());
  ingest
      ->add_option("--batch", options->batch, "records a commit, 1 to 100000; with --bulk, a call")
      ->check(CLI::Range(1, 100'000).description(""))
      ->type_name("N")
      ->capture_default_str();
  ingest->add_flag("--bulk", options->bulk,
                   "for a first import: all is one commit, shown when it ends, whose log goes to "
                   "disk in sorted files");
  session->OfferDurability(ingest);
  session->OfferFormat(ingest);
  ingest->footer(
      "Prints how many records were applied, unchanged, held and rejected. The same input again "
      "changes nothing.");
  ingest->callback([=] { RunIngest(*options, session); });

  CLI::App* resolve = app->add_subcommand("resolve", "records in, people out");
  const auto resolving = std::make_shared<IngestOptions>();
  resolve->add_flag("--memory", resolving->memory, "resolve without a store");
  session->OfferStore(resolve, false);
  session->OfferGraph(resolve);
  OfferInput(resolve, resolving.get());
  resolve
      ->add_option("--min-size", resolving->groups.min_size,
                   "print groups of this many identifiers or more")
      ->type_name("N");
  resolving->when.Offer(resolve);
  session->OfferDurability(resolve);
  session->OfferFormat(resolve);
  resolve->footer(
      "Prints the groups, as `polyonym groups` does. Give either --memory or --db DIR.");
  resolve->callback([=] { RunResolve(*resolving, session); });
}

}  // namespace polyonym::driver
