// attribution.cc - which campaigns or channels conversions are credited to, by several models beside each other: attribution.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/attribution.h"

namespace polyonym::driver {

namespace {

// Facts are UTF-8, so neither a campaign nor a namespace is this.
constexpr char kNoneKey[] = "\xff";
constexpr std::string_view kNoCampaign = "(no campaign)";
constexpr std::size_t kMostKeyBytes = 1'024;

constexpr AttributionRule kRules[] = {AttributionRule::kFirst, AttributionRule::kLast,
                                      AttributionRule::kLinear, AttributionRule::kPosition,
                                      AttributionRule::kTimeDecay};

struct AttributionAsked {
  std::vector<std::string> conversions;
  std::vector<std::string> touches;
  std::vector<std::string> models;
  std::vector<std::string> ignored;
  std::string by = "campaign";
  std::string lookback = "30d";
  std::string half_life = "7d";
  std::string segment;
  TimeWindow window;
};

// ---- what is asked ----

AttributionOptions OptionsOf(const AttributionAsked& asked) {
  AttributionOptions options;
  options.none_key = kNoneKey;
  options.lookback_ms = ParseDurationArgument("--lookback", asked.lookback);
  const std::int64_t half_life_ms = ParseDurationArgument("--half-life", asked.half_life);
  if (half_life_ms < 1) Fail(kUsage, "--half-life: must be more than nothing");
  for (const AttributionRule rule : kRules) {
    if (!asked.models.empty() && !IsAmong(std::string(ToString(rule)), asked.models)) continue;
    options.models.push_back(
        {.rule = rule, .ignored_keys = asked.ignored, .half_life_ms = half_life_ms});
  }
  return options;
}

// ---- one pass over everybody ----

struct Credited {
  AttributionTable table;
  std::uint64_t people_left_out = 0;
  std::uint64_t touches_left_out = 0;
};

class Crediting {
 public:
  Crediting(const AttributionAsked& asked, const AttributionOptions& options, std::int64_t now_ms)
      : asked_(asked),
        options_(options),
        now_ms_(now_ms),
        attribution_(OrFail(Attribution::Make(options))) {
    touches_in_ = asked.window;
    if (auto& from = touches_in_.from_ms) {  // back to where the first conversion looks
      constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
      *from = *from < kLeast + options.lookback_ms ? kLeast : *from - options.lookback_ms;
    }
  }

  void Add(const Person& person) {
    touches_.clear();
    conversions_.clear();
    for (const FactRow& row : *person.rows) {
      for (const Event& event : row.facts.events) AddEvent(event, row);
    }
    if (!conversions_.empty() && touches_.size() > options_.max_pairs / conversions_.size()) {
      ++credited_.people_left_out;
      return;
    }
    const absl::Status status = attribution_.Add(touches_, conversions_);
    if (absl::IsResourceExhausted(status)) {
      Fail(kUsage, "--by " + asked_.by + ": " + std::string(status.message()));
    }
    FromStore(status);
  }

  Credited Result() {
    credited_.table = attribution_.Table();
    return std::move(credited_);
  }

 private:
  void AddEvent(const Event& event, const FactRow& row) {
    const std::int64_t time_ms = TimeOf(event, row);
    if (time_ms > now_ms_) return;
    if (asked_.window.Holds(time_ms) && IsAmong(event.type, asked_.conversions))
      conversions_.push_back({.time_ms = time_ms, .value = event.value});
    const bool touches =
        asked_.touches.empty() ? !event.campaign.empty() : IsAmong(event.type, asked_.touches);
    if (!touches || !touches_in_.Holds(time_ms)) return;
    std::string_view key = row.from.belongs_to.ns;
    if (asked_.by == "campaign")
      key = event.campaign.empty() ? kNoCampaign : std::string_view(event.campaign);
    if (key.size() > kMostKeyBytes) {
      ++credited_.touches_left_out;
      return;
    }
    touches_.push_back({.time_ms = time_ms, .key = key});
  }

  const AttributionAsked& asked_;
  const AttributionOptions& options_;
  const std::int64_t now_ms_;
  TimeWindow touches_in_;
  Attribution attribution_;
  Credited credited_;
  std::vector<AttributionTouch> touches_;  // of one person; their texts are the events'
  std::vector<AttributionConversion> conversions_;
};

// What the first model credits most comes first, and what is credited to nothing last.
void PutInOrder(std::vector<AttributionRow>* rows) {
  std::sort(rows->begin(), rows->end(), [](const AttributionRow& a, const AttributionRow& b) {
    const bool a_is_none = a.key == kNoneKey, b_is_none = b.key == kNoneKey;
    if (a_is_none != b_is_none) return b_is_none;
    const std::uint64_t of_a = a.credits.front().millionths, of_b = b.credits.front().millionths;
    return of_a != of_b ? of_a > of_b : a.key < b.key;
  });
}

// ---- fields ----

using Sums = std::vector<std::pair<std::string, absl::int128>>;

std::string Digits(absl::int128 number) {
  std::ostringstream text;
  text << number;
  return std::move(text).str();
}

absl::int128 SumOf(const Sums& sums, const std::string& currency) {
  for (const auto& [of, minor_units] : sums) {
    if (of == currency) return minor_units;
  }
  return 0;
}

Json SumsJson(const Sums& sums) {
  return ListOf(sums, [](const auto& sum) {
    return Json::Object()
        .Set("currency", sum.first)
        .Set("minor_units", Json::Raw(Digits(sum.second)));
  });
}

Json KeyJson(const AttributionRow& row) {
  Json json = Json::Object();
  json.Set("key", row.key == kNoneKey ? Json() : Json(row.key))
      .Set("touches", row.touches)
      .Set("people", row.people)
      .Set("conversions", row.conversions)
      .Set("converted_people", row.converted_people);
  return json;
}

Json RowJson(const AttributionRow& row, const std::vector<std::string>& models) {
  Json credits = Json::List();
  for (std::size_t m = 0; m < models.size(); ++m) {
    credits.Add(Json::Object()
                    .Set("model", models[m])
                    .Set("millionths", row.credits[m].millionths)
                    .Set("value", SumsJson(row.credits[m].minor_units)));
  }
  Json json = KeyJson(row);
  return std::move(json.Set("credits", std::move(credits)));
}

Json CreditedJson(const Credited& credited, const AttributionAsked& asked,
                  const AttributionOptions& options) {
  const AttributionTable& table = credited.table;
  Json row = Json::Object();
  row.Set("by", asked.by).Set("segment", TextOrNull(asked.segment));
  asked.window.SetIn(&row);
  row.Set("lookback_ms", options.lookback_ms)
      .Set("half_life_ms", options.models.front().half_life_ms)
      .Set("ignored", Json::ListFrom(asked.ignored))
      .Set("models", Json::ListFrom(table.models));
  row.Set("people", table.people)
      .Set("converted_people", table.converted_people)
      .Set("conversions", table.conversions)
      .Set("value", SumsJson(table.minor_units));
  row.Set("people_left_out", credited.people_left_out)
      .Set("touches_left_out", credited.touches_left_out);
  const auto to_json = [&](const AttributionRow& of) { return RowJson(of, table.models); };
  return std::move(row.Set("keys", ListOf(table.rows, to_json)));
}

// ---- CSV ----

// A row for each key and model, with a column for each currency.
void WriteCredited(const AttributionTable& table, Output* out) {
  for (const AttributionRow& of : table.rows) {
    for (std::size_t m = 0; m < table.models.size(); ++m) {
      const AttributionCredit& credit = of.credits[m];
      Json row = KeyJson(of);
      row.Set("model", table.models[m]).Set("millionths", credit.millionths);
      for (const auto& [currency, total] : table.minor_units)
        row.Set("minor_units_" + currency, Json::Raw(Digits(SumOf(credit.minor_units, currency))));
      out->Row(std::move(row));
    }
  }
}

// ---- tables ----

std::string CreditText(std::uint64_t millionths) {
  const std::uint64_t hundredths = (millionths + 5'000) / 10'000;
  const std::string rest = std::to_string(hundredths % 100);
  return FormatCount(hundredths / 100) + "." + std::string(2 - rest.size(), '0') + rest;
}

std::string SumText(absl::int128 minor_units, const std::string& currency) {
  if (minor_units > std::numeric_limits<std::int64_t>::max() ||
      minor_units < std::numeric_limits<std::int64_t>::min()) {
    return Digits(minor_units) + " minor units of " + currency;
  }
  return ToText({Money{static_cast<std::int64_t>(minor_units), currency}});
}

std::string KeyText(const AttributionRow& row) { return row.key == kNoneKey ? "(none)" : row.key; }

// A cell of a table: a text that stands to the right, and a bar.
struct Measured {
  std::string text;
  double length = 0;
};

using Column = std::vector<Measured>;

// By row and model; bars are as long as they are beside all others of the table.
std::vector<std::vector<std::string>> CellsOf(const std::vector<Column>& columns) {
  constexpr int kBlocks = 8;
  double longest = 0;
  for (const Column& column : columns) {
    for (const Measured& cell : column) longest = std::max(longest, cell.length);
  }
  std::vector<std::vector<std::string>> cells;
  for (const Column& column : columns) {
    std::size_t width = 0;
    for (const Measured& cell : column) width = std::max(width, WidthOf(cell.text));
    std::vector<std::string>& texts = cells.emplace_back();
    for (const Measured& cell : column) {
      texts.push_back(std::string(width - WidthOf(cell.text), ' ') + cell.text + " " +
                      Bar(cell.length, longest, kBlocks));
    }
  }
  return cells;
}

template <class ToCell>
void PrintByModel(const AttributionTable& table, const std::string& by, const ToCell& to_cell,
                  Output* out) {
  std::vector<Column> columns(table.models.size());
  for (std::size_t m = 0; m < table.models.size(); ++m) {
    for (const AttributionRow& row : table.rows) columns[m].push_back(to_cell(row.credits[m]));
  }
  const auto cells = CellsOf(columns);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const AttributionRow& of = table.rows[r];
    Json row = Json::Object().Set(by, KeyText(of));
    row.Set("touches", of.touches).Set("people", of.people).Set("converted", of.converted_people);
    for (std::size_t m = 0; m < table.models.size(); ++m) row.Set(table.models[m], cells[m][r]);
    out->Row(std::move(row));
  }
}

void PrintCredited(const Credited& credited, const AttributionAsked& asked, Output* out) {
  const AttributionTable& table = credited.table;
  Json counts = Json::Object();
  counts.Set("people", FormatCount(table.people))
      .Set("converted_people", FormatCount(table.converted_people))
      .Set("conversions", FormatCount(table.conversions));
  for (const auto& [currency, minor_units] : table.minor_units)
    counts.Set("value_in_" + currency, SumText(minor_units, currency));
  if (credited.people_left_out > 0)
    counts.Set("people_left_out", FormatCount(credited.people_left_out));
  if (credited.touches_left_out > 0)
    counts.Set("touches_left_out", FormatCount(credited.touches_left_out));
  out->Fields(counts);
  if (table.rows.empty()) return out->Note("\nNothing was touched, and nobody converted.");
  out->Title("conversions credited");
  const auto to_count = [](const AttributionCredit& credit) {
    return Measured{CreditText(credit.millionths), static_cast<double>(credit.millionths)};
  };
  PrintByModel(table, asked.by, to_count, out);
  for (const auto& [currency, total] : table.minor_units) {
    out->Title(currency + " credited");
    const auto to_money = [of = currency](const AttributionCredit& credit) {
      const absl::int128 sum = SumOf(credit.minor_units, of);
      return Measured{SumText(sum, of), static_cast<double>(sum)};
    };
    PrintByModel(table, asked.by, to_money, out);
  }
}

void RunAttribution(const AttributionAsked& asked, Session* session) {
  asked.window.Check();
  const AttributionOptions options = OptionsOf(asked);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const MembersAmong members(view, "--segment", asked.segment);
  Crediting crediting(asked, options, view.now_ms());
  VisitEverybody(view, [&](const Person& person) {
    if (members.Has(person.id)) crediting.Add(person);
  });
  Credited credited = crediting.Result();
  PutInOrder(&credited.table.rows);
  Output out(session->format);
  if (out.is_csv()) return WriteCredited(credited.table, &out);
  out.is_table() ? PrintCredited(credited, asked, &out)
                 : out.Row(CreditedJson(credited, asked, options));
}

void OfferAsked(CLI::App* command, AttributionAsked* asked) {
  OfferWords(command, "--conversion", "TYPE", &asked->conversions,
             "events of this type are conversions; repeatable")
      ->required();
  OfferWords(command, "--touch", "TYPE", &asked->touches,
             "events of this type are touches; repeatable; default: all that have a campaign");
  command
      ->add_option("--by", asked->by,
                   "credit the campaign of a touch, or its channel: the namespace that it belongs "
                   "to")
      ->type_name("KEY")
      ->check(CLI::IsMember(std::vector<std::string>{"campaign", "channel"}).description(""))
      ->capture_default_str();
  std::vector<std::string> rules;
  for (const AttributionRule rule : kRules) rules.emplace_back(ToString(rule));
  OfferWords(command, "--model", "MODEL", &asked->models,
             "first, last, linear, position or time_decay; repeatable; default: all")
      ->check(CLI::IsMember(rules).description(""));
  OfferWords(command, "--ignore", "KEY", &asked->ignored,
             "a campaign, or channel, that is credited only where there is no other; repeatable");
  command
      ->add_option("--lookback", asked->lookback,
                   "touches count up to so long before a conversion: 30d, 36h, 15m, 30s")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--half-life", asked->half_life, "time_decay: a touch so much older counts half")
      ->type_name("DURATION")
      ->capture_default_str();
  asked->window.Offer(command, "conversions");
  command->add_option("--segment", asked->segment, "only its members: a segment in force")
      ->type_name("NAME");
}

}  // namespace

void AddAttribution(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<AttributionAsked>();
  CLI::App* command = app->add_subcommand(
      "attribution", "which campaigns or channels conversions are credited to, by several models");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferAsked(command, asked.get());
  session->OfferFormatOrCsv(command);
  command->footer(
      "It divides what happened by rules; it does not say what a campaign caused: "
      "docs/measure.md.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunAttribution(*asked, session); });
}

}  // namespace polyonym::driver
