// segment_portrait.cc - what the members of a segment are like, against everybody: segment portrait.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "fact_json.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

// ---- fields ----

Json ShareRow(const PortraitShare& share) {
  return std::move(Json::Object()
                       .Set("name", share.name)
                       .Set("members", share.members)
                       .Set("everybody", share.everybody)
                       .Set("share", NumberJson(share.share))
                       .Set("lift", NumberJson(share.lift)));
}

Json NumbersJson(const std::optional<PortraitNumbers>& numbers) {
  if (!numbers) return {};
  return std::move(Json::Object()
                       .Set("count", numbers->count)
                       .Set("min", NumberJson(numbers->min))
                       .Set("median", NumberJson(numbers->median))
                       .Set("mean", NumberJson(numbers->mean))
                       .Set("max", NumberJson(numbers->max)));
}

Json TraitRow(const PortraitTrait& trait) {
  Json row = Json::Object();
  row.Set("name", trait.name)
      .Set("known_members", trait.known_members)
      .Set("known_everybody", trait.known_everybody);
  row.Set("values", ListOf(trait.values, ShareRow)).Set("beyond_bound", trait.beyond_bound);
  row.Set("unit", TextOrNull(trait.unit))
      .Set("numbers_of_members", NumbersJson(trait.members))
      .Set("numbers_of_everybody", NumbersJson(trait.everybody));
  return row;
}

Json PortraitJson(const OneSegment& one, const Portrait& portrait) {
  Json row = Json::Object();
  one.SetIn(&row);
  row.Set("members", portrait.members)
      .Set("everybody", portrait.everybody)
      .Set("tags", ListOf(portrait.tags, ShareRow));
  row.Set("channels", ListOf(portrait.channels, ShareRow));
  return std::move(row.Set("traits", ListOf(portrait.traits, TraitRow)));
}

// ---- CSV ----

// Of shares, what they are of; of numbers, whose; the other is empty.
struct PortraitLine {
  const char* kind;
  Json trait;
  Json unit;
  const PortraitShare* share = nullptr;
  const PortraitTrait* numbers = nullptr;
};

void SetNumbers(const std::string& whose, const std::optional<PortraitNumbers>& numbers,
                Json* row) {
  const auto set = [&](const char* name, double PortraitNumbers::*number) {
    row->Set(whose + name, numbers ? NumberJson(*numbers.*number) : Json());
  };
  set("_min", &PortraitNumbers::min);
  set("_median", &PortraitNumbers::median);
  set("_mean", &PortraitNumbers::mean);
  set("_max", &PortraitNumbers::max);
}

void WriteLine(const PortraitLine& line, Output* out) {
  const PortraitShare* share = line.share;
  const auto count = [](const std::optional<PortraitNumbers>& of) { return of ? of->count : 0; };
  const auto members = share != nullptr ? share->members : count(line.numbers->members);
  const auto everybody = share != nullptr ? share->everybody : count(line.numbers->everybody);
  Json row = Json::Object();
  row.Set("kind", line.kind)
      .Set("trait", line.trait)
      .Set("name", share != nullptr ? Json(share->name) : Json());
  row.Set("members", members)
      .Set("everybody", everybody)
      .Set("share", share != nullptr ? NumberJson(share->share) : Json())
      .Set("lift", share != nullptr ? NumberJson(share->lift) : Json());
  row.Set("unit", line.unit);
  SetNumbers("members", line.numbers != nullptr ? line.numbers->members : std::nullopt, &row);
  SetNumbers("everybody", line.numbers != nullptr ? line.numbers->everybody : std::nullopt, &row);
  out->Row(std::move(row));
}

void WritePortrait(const Portrait& portrait, Output* out) {
  for (const PortraitShare& tag : portrait.tags) WriteLine({"tag", {}, {}, &tag}, out);
  for (const PortraitShare& channel : portrait.channels)
    WriteLine({"channel", {}, {}, &channel}, out);
  for (const PortraitTrait& trait : portrait.traits) {
    for (const PortraitShare& value : trait.values)
      WriteLine({"value", trait.name, {}, &value}, out);
    if (trait.members || trait.everybody)
      WriteLine({"numbers", trait.name, TextOrNull(trait.unit), nullptr, &trait}, out);
  }
}

// ---- tables ----

std::string PerCent(double share) { return Fixed(100 * share) + "%"; }

void SetShare(const PortraitShare& share, Json* row) {
  row->Set("members", share.members)
      .Set("share", PerCent(share.share))
      .Set("bar", Bar(share.share, 1))
      .Set("everybody", share.everybody)
      .Set("lift", Fixed(share.lift));
}

void PrintShares(const char* title, const char* what, const std::vector<PortraitShare>& shares,
                 Output* out) {
  if (shares.empty()) return;
  out->Title(title);
  for (const PortraitShare& share : shares) {
    Json row = Json::Object().Set(what, share.name);
    SetShare(share, &row);
    out->Row(std::move(row));
  }
}

void PrintValues(const std::vector<PortraitTrait>& traits, Output* out) {
  out->Title("values of traits");
  for (const PortraitTrait& trait : traits) {
    for (const PortraitShare& share : trait.values) {
      Json row = Json::Object().Set("trait", trait.name).Set("value", share.name);
      SetShare(share, &row);
      out->Row(std::move(row));
    }
  }
}

std::string NumberText(double number, const std::string& unit) {
  if (unit.empty()) return Fixed(number);
  if (std::abs(number) > 9e18) return Fixed(number) + " " + unit;
  const std::int64_t whole = std::llround(number);
  return unit == "ms" ? FormatTime(whole) : ToText({Money{whole, unit}});
}

// A bar says nothing of an instant.
void PrintNumbersOf(const PortraitTrait& trait, const char* whose, const PortraitNumbers& numbers,
                    double longest, Output* out) {
  const auto text = [&](double number) { return NumberText(number, trait.unit); };
  Json row = Json::Object();
  row.Set("trait", trait.name)
      .Set("of", whose)
      .Set("known", numbers.count)
      .Set("min", text(numbers.min));
  row.Set("median", text(numbers.median))
      .Set("bar", trait.unit == "ms" ? "" : Bar(numbers.median, longest))
      .Set("mean", text(numbers.mean));
  out->Row(std::move(row.Set("max", text(numbers.max))));
}

void PrintNumbers(const std::vector<PortraitTrait>& traits, Output* out) {
  out->Title("numbers of traits");
  for (const PortraitTrait& trait : traits) {
    const auto median = [](const auto& numbers) { return numbers ? numbers->median : 0; };
    const double longest = std::max(median(trait.members), median(trait.everybody));
    if (trait.members) PrintNumbersOf(trait, "members", *trait.members, longest, out);
    if (trait.everybody) PrintNumbersOf(trait, "everybody", *trait.everybody, longest, out);
  }
}

void PrintBeyondBound(const std::vector<PortraitTrait>& traits, Output* out) {
  for (const PortraitTrait& trait : traits) {
    if (trait.beyond_bound) out->Note("\n" + trait.name + " has too many values to be told apart.");
  }
}

void PrintPortrait(const OneSegment& one, const Portrait& portrait, Output* out) {
  Json row = Json::Object();
  row.Set("segment", one.Title())
      .Set("members", FormatCount(portrait.members))
      .Set("everybody", FormatCount(portrait.everybody))
      .Set("share", ShareText(portrait.members, portrait.everybody));
  out->Fields(row);
  PrintShares("tags, the greatest lift first", "tag", portrait.tags, out);
  PrintShares("channels", "channel", portrait.channels, out);
  const auto has_values = [](const PortraitTrait& trait) { return !trait.values.empty(); };
  const auto has_numbers = [](const PortraitTrait& trait) {
    return trait.members || trait.everybody;
  };
  const auto& traits = portrait.traits;
  if (std::any_of(traits.begin(), traits.end(), has_values)) PrintValues(traits, out);
  if (std::any_of(traits.begin(), traits.end(), has_numbers)) PrintNumbers(traits, out);
  PrintBeyondBound(traits, out);
}

void RunPortrait(const SegmentAsked& asked, const When& when, const PortraitOptions& options,
                 Session* session) {
  const SegmentState state(when, session);
  const OneSegment one = asked.In(state.definitions());
  const Portrait portrait = FromStore(state.Reader(one).PortraitOf(one.definition().name, options));
  Output out(session->format);
  if (out.is_csv()) return WritePortrait(portrait, &out);
  out.is_table() ? PrintPortrait(one, portrait, &out) : out.Row(PortraitJson(one, portrait));
}

}  // namespace

void AddSegmentPortrait(CLI::App* segment, Session* session) {
  const auto asked = std::make_shared<SegmentAsked>();
  const auto when = std::make_shared<When>();
  const auto options = std::make_shared<PortraitOptions>();
  CLI::App* command = segment->add_subcommand(
      "portrait", "what its members are like, against everybody: tags, channels, traits");
  session->OfferStore(command);
  session->OfferGraph(command);
  asked->Offer(command);
  command
      ->add_option("--top", options->top,
                   "list this many tags, and values of a trait; range 1 to 1000")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000).description(""))
      ->capture_default_str();
  command->add_option("--at-least", options->at_least, "only what so many members have")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  when->Offer(command);
  session->OfferFormatOrCsv(command);
  command->footer(
      "Lift: how much more common it is among members than among everybody; 1: not at all. Traits "
      "and tags that are labelled sensitive are left out.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunPortrait(*asked, *when, *options, session); });
}

}  // namespace polyonym::driver
