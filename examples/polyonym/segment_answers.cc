// segment_answers.cc - who is in a segment, and why: segment count, members, explain, overlap.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "groups.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

// The store, the graph and the time, which each of these commands takes.
CLI::App* AddCommand(CLI::App* segment, Session* session, const char* name, const char* what,
                     When* when) {
  CLI::App* command = segment->add_subcommand(name, what);
  session->OfferStore(command);
  session->OfferGraph(command);
  when->Offer(command);
  return command;
}

constexpr char kNoSuchSegment[] = "Exit code 1 where no segment has the name.";

// ---- count ----

void RunCount(const SegmentAsked& asked, const When& when, const UnknownToo& unknown,
              Session* session) {
  const SegmentState state(when, session);
  const OneSegment one = asked.In(state.definitions());
  std::int64_t now_ms = 0;
  SegmentCounts counts;
  SegmentCount count;
  {
    const SegmentReader reader = state.Reader(one);
    now_ms = reader.now_ms();
    counts = FromStore(reader.Count(unknown.asked || one.given || state.then));
    count = counts.segments[reader.segments().Find(one.definition().name)];
  }
  Output out(session->format);
  Json row = Json::Object();
  if (out.is_table()) {
    row.Set("segment", one.Title())
        .Set("as_at", FormatTime(now_ms))
        .Set("people", FormatCount(counts.people));
    row.Set("members", FormatCount(count.members));
    if (count.unknown) row.Set("unknown", FormatCount(*count.unknown));
    row.Set("share",
            ShareText(count.members, counts.people) + " " +
                Bar(static_cast<double>(count.members), static_cast<double>(counts.people)));
    return out.Fields(row);
  }
  one.SetIn(&row);
  row.Set("now", FormatTime(now_ms))
      .Set("members", count.members)
      .Set("unknown", count.unknown ? Json(*count.unknown) : Json())
      .Set("people", counts.people);
  out.Row(std::move(row.Set("share", ShareJson(count.members, counts.people))));
}

void AddCount(CLI::App* segment, Session* session) {
  const auto asked = std::make_shared<SegmentAsked>();
  const auto when = std::make_shared<When>();
  const auto unknown = std::make_shared<UnknownToo>();
  CLI::App* command = AddCommand(segment, session, "count", "how many are in it", when.get());
  asked->Offer(command);
  unknown->Offer(command);
  session->OfferFormatOrCsv(command);
  command->footer(kNoSuchSegment);
  command->callback([=] { RunCount(*asked, *when, *unknown, session); });
}

// ---- members ----

SegmentMembers MembersOf(const SegmentState& state, const OneSegment& one,
                         const MemberOptions& options) {
  auto members = state.Reader(one).Members(one.definition().name, options);
  // All else that it could refuse was held to its range, or compiled, before.
  if (absl::IsInvalidArgument(members.status()))
    FailAt("--order-by", std::string(members.status().message()), options.order_by);
  return FromStore(std::move(members));
}

void RunMembers(const SegmentAsked& asked, const When& when, const MemberOptions& options,
                Session* session) {
  const SegmentState state(when, session);
  const OneSegment one = asked.In(state.definitions());
  const SegmentMembers members = MembersOf(state, one, options);
  Output out(session->format);
  for (const SegmentMember& member : members.page) {
    std::vector<std::string> names = TextsOf(state.IdentifiersOf(member.profile));
    Json row = Json::Object();
    row.Set("profile", ToString(member.profile)).Set("order", NumberOrNull(member.order));
    row.Set("identifiers", out.is_table() ? Shortened(std::move(names)) : Json::ListFrom(names));
    out.Row(std::move(row));
  }
  out.Note((members.page.empty() ? "" : "\n") + FormatCount(members.page.size()) + " of " +
           FormatCount(members.total) + (members.total == 1 ? " member" : " members"));
}

void AddMembers(CLI::App* segment, Session* session) {
  const auto asked = std::make_shared<SegmentAsked>();
  const auto when = std::make_shared<When>();
  const auto options = std::make_shared<MemberOptions>();
  CLI::App* command = AddCommand(segment, session, "members", "who is in it", when.get());
  asked->Offer(command);
  CLI::Option* order =
      command
          ->add_option("--order-by", options->order_by,
                       "the greatest of this expression first, such as `score of tag coffee`; "
                       "default: by profile")
          ->type_name("EXPRESSION");
  command->add_flag("--ascending", options->ascending, "the least first")->needs(order);
  command->add_option("--limit", options->limit, "print at most this many; range 0 to 1000000")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000).description(""))
      ->capture_default_str();
  command->add_option("--skip", options->skip, "leave out so many of the first")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  CLI::Option* sample = command
                            ->add_option("--sample", options->sample,
                                         "not all of them but so many, each as likely as any other")
                            ->type_name("N")
                            ->check(CLI::PositiveNumber.description(""));
  command->add_option("--seed", options->seed, "which sample: the same seed draws the same people")
      ->type_name("S")
      ->capture_default_str()
      ->needs(sample);
  session->OfferFormatOrCsv(command);
  command->footer(kNoSuchSegment);
  command->callback([=] { RunMembers(*asked, *when, *options, session); });
}

// ---- explain ----

Json PartJson(const SegmentExplanation& part) {
  Json row = Json::Object();
  row.Set("text", part.text).Set("value", part.value);
  row.Set("verdict", part.verdict ? Json(*part.verdict) : Json());
  return std::move(row.Set("parts", ListOf(part.parts, PartJson)));
}

// ✓ what is true, ✗ what is not, ? what cannot be said; of all else its value. The parts below stand behind `indent`.
void PrintPart(const SegmentExplanation& part, const std::string& branch, const std::string& indent,
               Output* out) {
  const char* mark = !part.is_flag ? "·" : !part.verdict ? "?" : *part.verdict ? "✓" : "✗";
  std::string line = branch + mark + " " + Printable(part.text).Cell();
  if (!part.is_flag) line += ": " + Printable(part.value).Cell();
  out->Line(line);
  for (const SegmentExplanation& below : part.parts) {
    const bool last = &below == &part.parts.back();
    PrintPart(below, indent + (last ? "└─ " : "├─ "), indent + (last ? "   " : "│  "), out);
  }
}

void RunExplain(const std::string& id, const SegmentAsked& asked, const When& when,
                Session* session) {
  const SegmentState state(when, session);
  const OneSegment one = asked.In(state.definitions());
  const std::optional<ProfileId> profile = state.ProfileOf(session->Find(state.view, id));
  if (!profile) Fail(kAnsweredNo, "ID: this identifier was never seen, so it has no profile");
  auto found = state.Reader(one).Explain(one.definition().name, *profile);
  if (absl::IsNotFound(found.status())) Fail(kAnsweredNo, found.status());
  const SegmentExplanation because = FromStore(std::move(found));
  if (because.verdict != true) session->exit_code = kAnsweredNo;
  Output out(session->format);
  Json row = Json::Object();
  const Json verdict = because.verdict ? Json(*because.verdict) : Json();
  if (!out.is_table()) {
    row.Set("asked", id).Set("profile", ToString(*profile));
    one.SetIn(&row);
    return out.Row(std::move(row.Set("member", verdict).Set("because", PartJson(because))));
  }
  row.Set("profile", ToString(*profile)).Set("segment", one.Title());
  out.Fields(row.Set("member", because.verdict ? verdict : Json("unknown")));
  out.Note("");
  PrintPart(because, "", "", &out);
}

void AddExplain(CLI::App* segment, Session* session) {
  const auto id = std::make_shared<std::string>();
  const auto asked = std::make_shared<SegmentAsked>();
  const auto when = std::make_shared<When>();
  CLI::App* command = AddCommand(
      segment, session, "explain",
      "why somebody is in it or not: each part of the expression, and what it came to", when.get());
  command->add_option("ID", *id, "namespace:value, or a profile's id p~…")->required();
  asked->Offer(command);
  session->OfferFormat(command);
  command->footer(
      "Exit code 1 where they are no member, where it cannot be said, where the identifier was "
      "never seen or no segment has the name.");
  command->callback([=] { RunExplain(*id, *asked, *when, session); });
}

// ---- overlap ----

Json OverlapJson(const SegmentOverlap& overlap) {
  Json row = Json::Object();
  row.Set("segments", Json::ListFrom(overlap.names));
  row.Set("both", ListOf(overlap.both, [](const std::vector<std::uint64_t>& counts) {
            return Json::ListFrom(counts);
          }));
  row.Set("any", overlap.any).Set("all", overlap.all);
  return std::move(row.Set("people", overlap.people));
}

// A row for each of them and each other, itself too.
void WriteOverlap(const SegmentOverlap& overlap, Output* out) {
  for (std::size_t i = 0; i < overlap.names.size(); ++i) {
    for (std::size_t j = 0; j < overlap.names.size(); ++j) {
      const std::uint64_t members = overlap.both[i][i], both = overlap.both[i][j];
      Json row = Json::Object();
      row.Set("segment", overlap.names[i]).Set("other", overlap.names[j]);
      row.Set("both", both).Set("members", members).Set("share", ShareJson(both, members));
      out->Row(std::move(row.Set("people", overlap.people)));
    }
  }
}

void PrintOverlap(const SegmentOverlap& overlap, Output* out) {
  for (std::size_t i = 0; i < overlap.names.size(); ++i) {
    Json row = Json::Object().Set("both", overlap.names[i]);
    for (std::size_t j = 0; j < overlap.names.size(); ++j) {
      const std::uint64_t members = overlap.both[i][i], both = overlap.both[i][j];
      const std::string share = i == j ? "" : " " + ShareText(both, members);
      row.Set(overlap.names[j], FormatCount(both) + share);
    }
    out->Row(std::move(row));
  }
  out->Note("Each row: of its members how many are in the other too.\n");
  out->Fields(Json::Object()
                  .Set("in_any", FormatCount(overlap.any))
                  .Set("in_all", FormatCount(overlap.all))
                  .Set("people", FormatCount(overlap.people)));
}

void RunOverlap(const std::vector<std::string>& names, const When& when, Session* session) {
  const SegmentState state(when, session);
  const Definitions in_force = state.definitions();
  for (const std::string& name : names) SegmentAsked{name, "", ""}.In(in_force);
  const SegmentOverlap overlap = FromStore(state.Reader().Overlap(names));
  Output out(session->format);
  if (out.is_csv()) return WriteOverlap(overlap, &out);
  out.is_table() ? PrintOverlap(overlap, &out) : out.Row(OverlapJson(overlap));
}

void AddOverlap(CLI::App* segment, Session* session) {
  const auto names = std::make_shared<std::vector<std::string>>();
  const auto when = std::make_shared<When>();
  CLI::App* command = AddCommand(segment, session, "overlap",
                                 "how many are in both of two segments, for each pair", when.get());
  command->add_option("NAME", *names, "of 2 to 64 segments in force")->required()->expected(2, 64);
  session->OfferFormatOrCsv(command);
  command->footer(kNoSuchSegment);
  command->callback([=] { RunOverlap(*names, *when, session); });
}

}  // namespace

void AddSegmentAnswers(CLI::App* segment, Session* session) {
  AddCount(segment, session);
  AddMembers(segment, session);
  AddExplain(segment, session);
  AddOverlap(segment, session);
}

}  // namespace polyonym::driver
