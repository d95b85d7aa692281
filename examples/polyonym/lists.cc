// lists.cc - what a store holds: groups, held, export, stats, graphs.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "commands.h"
#include "groups.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/prometheus.h"
#include "profile_card.h"
#include "when.h"

namespace polyonym::driver {

namespace {

void AddGroups(CLI::App* app, Session* session) {
  const auto options = std::make_shared<GroupsToPrint>();
  const auto when = std::make_shared<When>();
  CLI::App* command = app->add_subcommand("groups", "every profile with its identifiers");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_flag("--ids", options->ids, "print the profiles' ids too");
  command
      ->add_option("--min-size", options->min_size,
                   "only profiles of this many identifiers or more")
      ->type_name("N");
  command->add_option("--largest", options->largest, "only this many profiles, the largest first")
      ->type_name("N");
  when->Offer(command);
  session->OfferFormat(command);
  command->footer(
      "Members are in bytewise order, groups in the order of their first members: equal states "
      "print equal bytes.");
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = session->Read(*engine);
    const std::optional<Moment> then = when->In(view);
    Output out(session->format);
    PrintGroups(then ? GroupsOf(*then, options->min_size) : GroupsOf(view, options->min_size),
                *options, &out);
  });
}

Reason ParseReason(const std::string& name) {
  for (int code = 0; code < 256; ++code) {
    const auto reason = static_cast<Reason>(code);
    if (reason != Reason::kNone && ToString(reason) == name) return reason;
  }
  Fail(kUsage, "--reason: no such reason; `polyonym held` without it prints those that occur");
}

// Of a record that stands for others: how many, and the last of their times.
Json FoldedOf(const Record& record, bool table) {
  if (!record.folded) return {};
  const std::string last = FormatTime(record.folded->last_ms);
  if (table) return std::to_string(record.folded->count) + " until " + last;
  return Json::Object().Set("count", record.folded->count).Set("last", last);
}

void AddHeld(CLI::App* app, Session* session) {
  struct Options {
    std::string reason;
    HeldFilter filter;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("held", "records and identifiers that policy holds, with why");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("--reason", options->reason, "only this reason, such as blocked_value")
      ->type_name("CODE");
  command->add_option("--source", options->filter.source, "only records of this source")
      ->type_name("S");
  command->add_option("--max", options->filter.max_items, "at most this many rows; 0: all")
      ->type_name("N")
      ->capture_default_str();
  session->OfferFormat(command);
  command->callback([=] {
    HeldFilter filter = options->filter;
    if (!options->reason.empty()) filter.reason = ParseReason(options->reason);
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    const View view = session->Read(*engine);
    Output out(session->format);
    for (const HeldItem& item : FromStore(view.Held(filter))) {
      Json row = Json::Object();
      row.Set("record", item.record)
          .Set("source", item.source)
          .Set("id", item.record_id)
          .Set("reason", ToString(item.reason));
      row.Set("whole_record", item.whole_record);
      row.Set("identifier", item.identifier_index ? Json(*item.identifier_index) : Json())
          .Set("namespace", item.ns);
      const StoredRecord stored = FromStore(view.RecordOf(item.record));
      out.Row(std::move(row.Set("folded", FoldedOf(stored.record, out.is_table()))));
    }
  });
}

void ExportRecords(const Engine& engine, bool all) {
  Output out(Format::kJson);
  FromStore(engine.Read().Export([&](const StoredRecord& stored) {
    if (!all) {
      if (stored.standing) out.Line(WriteRecordJson(stored.record));
      return true;
    }
    Json row = Json::Object();
    row.Set("number", stored.number)
        .Set("sequence", stored.sequence)
        .Set("standing", stored.standing)
        .Set("held", stored.held);
    out.Row(std::move(row.Set("record", Json::Raw(WriteRecordJson(stored.record)))));
    return true;
  }));
}

// In order of id.
void ExportProfiles(const View& view) {
  ProfileOptions wanted;
  wanted.contacts = wanted.scores = wanted.relations = wanted.timeline = wanted.ambiguous = false;
  const Definitions definitions = view.policy().definitions;
  Output out(Format::kJson);
  FromStore(view.ReadEveryProfile(wanted, [&](const Profile& profile) {
    out.Row(PersonExport(profile, definitions));
    return true;
  }));
}

void AddExport(CLI::App* app, Session* session) {
  struct Options {
    bool all = false;
    bool profiles = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "export", "the records, as JSON Lines that `polyonym ingest` takes; or the people");
  session->OfferStore(command);
  session->OfferGraph(command);
  CLI::Option* all =
      command->add_flag("--all", options->all,
                        "also records that were superseded or retracted; each in a wrapper with "
                        "number, sequence and state");
  command
      ->add_flag("--profiles", options->profiles,
                 "in place of records the people, one a line: identifiers, traits, tags, consents, "
                 "stages")
      ->excludes(all);
  command->footer(
      "The records that stand, under the same policy, make the same people in another store. "
      "--graph goes with --profiles: records are those of every graph.");
  command->callback([=] {
    if (!options->profiles && !session->graph.empty()) Fail(kUsage, "--graph goes with --profiles");
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    if (options->profiles) return ExportProfiles(session->Read(*engine));
    ExportRecords(*engine, options->all);
  });
}

// Text of whole lines.
void PrintText(std::string_view text) {
  text.remove_suffix(1);
  Output(Format::kJson).Line(text);
}

void AddStats(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand("stats", "how much a store holds");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormatOrPrometheus(command);
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    if (session->format == Format::kPrometheus) {
      session->Read(*engine);  // is the graph there; a view that is held would be counted
      return PrintText(PrometheusText(engine->Metrics()));
    }
    const View view = session->Read(*engine);
    const Stats stats = view.GetStats();
    Json row = Json::Object();
    row.Set("sequence", stats.sequence)
        .Set("policy", view.policy().name)
        .Set("policy_version", view.policy_version());
    row.Set("records", stats.records)
        .Set("standing_records", stats.standing_records)
        .Set("held_records", stats.held_records)
        .Set("folded_records", stats.folded_records);
    row.Set("identifiers", stats.identifiers).Set("live_identifiers", stats.live_identifiers);
    row.Set("shared_identifiers", stats.shared_identifiers)
        .Set("profiles", stats.profiles)
        .Set("links", stats.links);
    row.Set("refused_links", stats.refused_links).Set("largest_profile", stats.largest_profile);
    row.Set("resident_bytes", stats.resident_bytes).Set("store_bytes", stats.store_bytes);
    Output(session->format).Fields(row);
  });
}

void AddGraphs(CLI::App* app, Session* session) {
  CLI::App* command = app->add_subcommand(
      "graphs", "the store's graphs: each groups the same records by a policy of its own");
  session->OfferStore(command);
  session->OfferFormat(command);
  command->footer(
      "`polyonym policy set --graph NAME FILE` makes one. docs/graphs.md says what they are for.");
  command->callback([=] {
    const std::unique_ptr<Engine> engine = session->OpenStore(false);
    Output out(session->format);
    for (const std::string& name : engine->Graphs()) {
      const View view = FromStore(engine->Read(name));
      const Stats stats = view.GetStats();
      Json row = Json::Object();
      row.Set("graph", name)
          .Set("policy", view.policy().name)
          .Set("policy_version", view.policy_version());
      row.Set("identifiers", stats.identifiers)
          .Set("profiles", stats.profiles)
          .Set("sequence", stats.sequence);
      out.Row(std::move(row));
    }
  });
}

}  // namespace

void AddLists(CLI::App* app, Session* session) {
  AddGroups(app, session);
  AddHeld(app, session);
  AddExport(app, session);
  AddStats(app, session);
  AddGraphs(app, session);
}

}  // namespace polyonym::driver
