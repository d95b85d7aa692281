// subject.cc - all that is held on a person, for them: subject.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "polyonym/engine/subject_access.h"
#include "profile_card.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

std::string_view NameOf(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::kPersonal:
      return "personal";
    case Sensitivity::kSensitive:
      return "sensitive";
    case Sensitivity::kNormal:
      break;
  }
  return "normal";
}

Json TextOrNull(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }
Json ReasonOrNull(Reason reason) {
  return reason == Reason::kNone ? Json() : Json(ToString(reason));
}

// ---- fields ----

Json IdentifierRow(const SubjectIdentifier& one) {
  Json row = Json::Object();
  row.Set("namespace", one.ns)
      .Set("value", TextOrNull(one.value))
      .Set("sensitivity", NameOf(one.sensitivity));
  return std::move(row.Set("records", one.records)
                       .Set("first", TimeOrNull(one.first_ms))
                       .Set("last", TimeOrNull(one.last_ms)));
}

Json NameJson(const SubjectName& name) {
  Json row = Json::Object();
  row.Set("namespace", name.ns)
      .Set("value", TextOrNull(name.value))
      .Set("role", name.role == Role::kSelf ? "self" : "other");
  return std::move(row.Set("theirs", name.is_theirs).Set("held", ReasonOrNull(name.held)));
}

Json RecordRow(const SubjectRecord& record) {
  Json row = Json::Object();
  row.Set("number", record.number)
      .Set("source", record.source)
      .Set("id", TextOrNull(record.id))
      .Set("time", TimeOrNull(record.time_ms))
      .Set("act", ToString(record.act));
  row.Set("stands_for", record.folded ? record.folded->count : 1)
      .Set("last", record.folded ? Json(FormatTime(record.folded->last_ms)) : Json())
      .Set("state", ToString(record.state))
      .Set("about_them", record.about_them)
      .Set("names", ListOf(record.identifiers, NameJson));
  SetFacts(record.facts, &row);
  return std::move(row.Set("withheld_facts", record.withheld_facts)
                       .Set("left_out_facts", record.left_out_facts));
}

Json LinkRow(const SubjectLink& link) {
  Json row = Json::Object();
  row.Set("a", NameJson(link.a)).Set("b", NameJson(link.b));
  row.Set("counts", link.counts)
      .Set("must_link", link.must_link)
      .Set("cannot_link", link.cannot_link)
      .Set("sightings", link.sightings);
  return std::move(row.Set("first", FormatTime(link.first_ms))
                       .Set("last", FormatTime(link.last_ms))
                       .Set("sources", Json::ListFrom(link.sources)));
}

Json TieRow(const SubjectTie& tie) {
  Json row = Json::Object();
  row.Set("kind", ToString(tie.kind))
      .Set("namespace", tie.ns)
      .Set("pairs", tie.pairs)
      .Set("sightings", tie.sightings);
  return std::move(row.Set("first", FormatTime(tie.first_ms)).Set("last", FormatTime(tie.last_ms)));
}

Json PartJson(const SegmentExplanation& part) {
  Json row = Json::Object();
  row.Set("text", part.text).Set("value", part.value);
  row.Set("verdict", part.verdict ? Json(*part.verdict) : Json());
  return std::move(row.Set("parts", ListOf(part.parts, PartJson)));
}

Json SegmentRow(const SubjectSegment& segment) {
  return std::move(
      Json::Object().Set("segment", segment.name).Set("because", PartJson(segment.because)));
}

Json CampaignRow(const SubjectCampaign& campaign) {
  return std::move(Json::Object()
                       .Set("campaign", campaign.name)
                       .Set("variant", campaign.enrolment.variant)
                       .Set("enrolled", FormatTime(campaign.enrolment.time_ms)));
}

Json WithheldRow(const WithheldField& withheld) {
  return std::move(Json::Object()
                       .Set("field", withheld.field)
                       .Set("reason", withheld.reason)
                       .Set("count", withheld.count));
}

Json ReportJson(const std::string& asked, const SubjectReport& report,
                const Definitions& definitions) {
  Json row = Json::Object();
  row.Set("asked", asked)
      .Set("profile", ToString(report.profile.id))
      .Set("now", FormatTime(report.profile.now_ms))
      .Set("sequence", report.sequence)
      .Set("policy_version", report.profile.policy_version)
      .Set("restricted", report.is_restricted);
  row.Set("identifiers", ListOf(report.identifiers, IdentifierRow))
      .Set("records", ListOf(report.records, RecordRow))
      .Set("links", ListOf(report.links, LinkRow))
      .Set("ties", ListOf(report.ties, TieRow));
  Json person = Json::Object();
  SetFolds(report.profile, definitions, true, &person);
  row.Set("person", std::move(person))
      .Set("segments", ListOf(report.segments, SegmentRow))
      .Set("campaigns", ListOf(report.campaigns, CampaignRow));
  return std::move(row.Set("withheld", ListOf(report.withheld, WithheldRow)));
}

// ---- for people ----

std::string TextOf(const SubjectName& name) {
  return name.value ? name.ns + ":" + *name.value : name.ns;
}

void PrintRecords(const SubjectReport& report, Output* out) {
  if (report.records.empty()) return;
  out->Title("records");
  for (const SubjectRecord& record : report.records) {
    std::vector<std::string> names;
    for (const SubjectName& name : record.identifiers) names.push_back(TextOf(name));
    Json row = Json::Object();
    row.Set("source", record.source)
        .Set("id", record.id.value_or(""))
        .Set("time", TimeOrNull(record.time_ms))
        .Set("act", ToString(record.act))
        .Set("state", ToString(record.state));
    row.Set("about", record.about_them ? "them" : "somebody else")
        .Set("names", Json::ListFrom(names))
        .Set("says", Json::ListFrom(ShortlyOf(record.facts)));
    out->Row(std::move(row.Set("withheld", record.withheld_facts)));
  }
}

void PrintLinks(const SubjectReport& report, Output* out) {
  if (!report.links.empty()) out->Title("links");
  for (const SubjectLink& link : report.links) {
    Json row = Json::Object();
    row.Set("a", TextOf(link.a)).Set("b", TextOf(link.b)).Set("times", link.sightings);
    row.Set("first", DayOf(link.first_ms)).Set("last", DayOf(link.last_ms));
    out->Row(std::move(row.Set("sources", Json::ListFrom(link.sources))));
  }
  if (!report.ties.empty()) out->Title("seen with somebody else's");
  for (const SubjectTie& tie : report.ties) out->Row(TieRow(tie));
}

// One below the other, the parts behind their whole.
void PrintPart(const SegmentExplanation& part, const std::string& indent, Output* out) {
  out->Line(indent + Printable(part.text).Cell() + ": " + Printable(part.value).Cell());
  for (const SegmentExplanation& below : part.parts) PrintPart(below, indent + "  ", out);
}

void PrintReport(const SubjectReport& report, const Definitions& definitions, Output* out) {
  Json head = Json::Object();
  head.Set("profile", ToString(report.profile.id))
      .Set("as_at", FormatTime(report.profile.now_ms))
      .Set("restricted", report.is_restricted);
  out->Fields(head);
  out->Title("identifiers");
  for (const SubjectIdentifier& one : report.identifiers) out->Row(IdentifierRow(one));
  PrintRecords(report, out);
  PrintLinks(report, out);
  PrintFolds(report.profile, definitions, true, out);
  for (const SubjectSegment& segment : report.segments) {
    out->Title("in segment " + segment.name + ", because");
    PrintPart(segment.because, "", out);
  }
  if (!report.campaigns.empty()) out->Title("campaigns");
  for (const SubjectCampaign& campaign : report.campaigns) out->Row(CampaignRow(campaign));
  if (!report.withheld.empty()) out->Title("withheld");
  for (const WithheldField& withheld : report.withheld) out->Row(WithheldRow(withheld));
}

void RunSubject(const std::string& id, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  auto found = ReportToSubject(view, session->Find(view, id).identifier);
  if (absl::IsNotFound(found.status()) || absl::IsFailedPrecondition(found.status()))
    Fail(kAnsweredNo, found.status());
  const SubjectReport report = FromStore(std::move(found));
  const Definitions definitions = view.policy().definitions;
  Output out(session->format);
  if (out.is_table()) return PrintReport(report, definitions, &out);
  out.Row(ReportJson(id, report, definitions));
}

}  // namespace

void AddSubject(CLI::App* app, Session* session) {
  const auto id = std::make_shared<std::string>();
  CLI::App* command = app->add_subcommand(
      "subject", "all that is held on a person, and what is withheld and why, for the person");
  session->OfferStore(command);
  session->OfferGraph(command);
  session->OfferFormat(command);
  command->add_option("ID", *id, "namespace:value, or a profile's id p~…")->required();
  command->footer(
      "It goes through the whole log. Exit code 1 where the identifier was never seen, or is "
      "shared "
      "by several people.");
  command->callback([=] { RunSubject(*id, session); });
}

}  // namespace polyonym::driver
