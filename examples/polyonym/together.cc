// together.cc - what people buy together, what goes with something, and what somebody may want next: together.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "commands.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/also_bought.h"

namespace polyonym::driver {

namespace {

constexpr std::size_t kMostItemBytes = 1'024;

struct TogetherAsked {
  std::vector<std::string> types;
  std::string item = "item";
  bool per_record = false;
  std::string basket;  // a property; empty: none
  std::string order = "cosine";
  std::size_t top = 10;
  std::uint64_t min_together = 1;
  std::string item_value;
  std::string of;  // the person whom --for names
  std::string segment;
  BasketOptions options;
};

const std::map<std::string, PairOrder> kOrders = {
    {"together", PairOrder::kTogether}, {"lift", PairOrder::kLift}, {"cosine", PairOrder::kCosine}};

// ---- one pass over everybody ----

// The texts of a value: each of a list.
void AddTexts(const Value& value, std::vector<std::string>* texts) {
  if (const auto* list = std::get_if<ValueList>(&value.is)) {
    for (const Value& element : *list) AddTexts(element, texts);
  } else if (value.type() != ValueType::kNone) {
    const auto* text = std::get_if<std::string>(&value.is);
    texts->push_back(text != nullptr ? *text : ToText(value));
  }
}

class Filling {
 public:
  // `whose` items are kept too.
  Filling(const TogetherAsked& asked, std::int64_t now_ms, std::optional<ProfileId> whose)
      : asked_(asked),
        now_ms_(now_ms),
        whose_(whose),
        counts_(OrFail(BasketCounts::Make(asked.options))) {}

  // `counts`: their baskets are of those that are counted.
  void Add(const Person& person, bool counts) {
    if (!counts && person.id != whose_) return;
    baskets_.clear();
    for (const FactRow& row : *person.rows) {
      for (const Event& event : row.facts.events) {
        if (IsAmong(event.type, asked_.types) && TimeOf(event, row) <= now_ms_)
          AddEvent(event, row, counts);
      }
    }
    for (const auto& [key, items] : baskets_) {
      if (counts) AddBasket(items);
      if (person.id == whose_) has_.insert(items.begin(), items.end());
    }
  }

  const BasketCounts& counts() const { return counts_; }
  const std::set<std::string>& has() const { return has_; }
  std::uint64_t events_left_out() const { return events_left_out_; }

 private:
  using Items = std::set<std::string>;

  // The text that the baskets of a person are told apart by; nothing where an event is in none.
  std::optional<std::string> BasketOf(const Event& event, const FactRow& row) const {
    if (asked_.per_record) return std::to_string(row.from.record);
    if (asked_.basket.empty()) return "";
    const auto at = event.properties.find(asked_.basket);
    if (at == event.properties.end() || at->second.type() == ValueType::kNone) return std::nullopt;
    return ToText(at->second);
  }

  void AddEvent(const Event& event, const FactRow& row, bool counts) {
    const auto at = event.properties.find(asked_.item);
    const std::optional<std::string> basket = BasketOf(event, row);
    std::vector<std::string> texts;
    if (at != event.properties.end()) AddTexts(at->second, &texts);
    const auto is_none = [](const std::string& text) {
      return text.empty() || text.size() > kMostItemBytes;
    };
    std::erase_if(texts, is_none);
    if (texts.empty() || !basket) {
      events_left_out_ += counts;
      return;
    }
    for (std::string& text : texts) baskets_[*basket].insert(std::move(text));
  }

  void AddBasket(const Items& items) {
    const std::vector<std::string_view> views(items.begin(), items.end());
    const absl::Status status = counts_.Add(views);
    if (absl::IsResourceExhausted(status)) Fail(kUsage, "--item: " + std::string(status.message()));
    FromStore(status);
  }

  const TogetherAsked& asked_;
  const std::int64_t now_ms_;
  const std::optional<ProfileId> whose_;
  BasketCounts counts_;
  std::map<std::string, Items> baskets_;  // of one person
  Items has_;
  std::uint64_t events_left_out_ = 0;
};

// ---- answers ----

struct TogetherAnswer {
  std::optional<ProfileId> whose;
  std::vector<ItemPair> pairs;
  std::vector<ScoredItem> next;
};

TogetherAnswer AnswerOf(const TogetherAsked& asked, const Filling& filling,
                        std::optional<ProfileId> whose) {
  const AlsoBought also = AlsoBought::Of(filling.counts());
  TogetherAnswer answer{whose, {}, {}};
  const PairOrder order = kOrders.at(asked.order);
  if (whose) {
    const std::vector<std::string_view> items(filling.has().begin(), filling.has().end());
    answer.next = also.Recommend(items, asked.top, asked.min_together);
  } else if (!asked.item_value.empty()) {
    if (also.BasketsWith(asked.item_value) == 0)
      Fail(kAnsweredNo, "--item-value: this item is in no basket that is counted");
    answer.pairs = also.Top(asked.item_value, asked.top, order, asked.min_together);
  } else {
    answer.pairs = also.TopPairs(asked.top, order, asked.min_together);
  }
  return answer;
}

Json PairRow(const ItemPair& pair) {
  Json row = Json::Object();
  row.Set("item", pair.item)
      .Set("other", pair.other)
      .Set("together", pair.together)
      .Set("with_item", pair.with_item)
      .Set("with_other", pair.with_other);
  row.Set("support", NumberJson(pair.support))
      .Set("confidence", NumberJson(pair.confidence))
      .Set("lift", NumberJson(pair.lift));
  return std::move(row.Set("cosine", NumberJson(pair.cosine)));
}

Json NextRow(const ScoredItem& next) {
  return std::move(Json::Object()
                       .Set("item", next.item)
                       .Set("score", NumberJson(next.score))
                       .Set("because", next.because));
}

std::string PerText(const TogetherAsked& asked) {
  return asked.per_record ? "record" : asked.basket.empty() ? "person" : "property";
}

Json AnswerJson(const TogetherAsked& asked, const Filling& filling, const TogetherAnswer& answer) {
  const bool next = answer.whose.has_value();
  Json row = Json::Object();
  row.Set("events", Json::ListFrom(asked.types))
      .Set("item_property", asked.item)
      .Set("per", PerText(asked))
      .Set("basket_property", TextOrNull(asked.basket))
      .Set("segment", TextOrNull(asked.segment));
  row.Set("order", next ? Json() : Json(asked.order)).Set("min_together", asked.min_together);
  row.Set("baskets", filling.counts().baskets())
      .Set("baskets_left_out", filling.counts().left_out())
      .Set("events_left_out", filling.events_left_out())
      .Set("items", filling.counts().items())
      .Set("pairs_in_all", filling.counts().pairs());
  row.Set("item_value", TextOrNull(asked.item_value))
      .Set("profile", next ? Json(ToString(*answer.whose)) : Json())
      .Set("has", next ? Json::ListFrom(filling.has()) : Json());
  row.Set("pairs", next ? Json() : ListOf(answer.pairs, PairRow));
  return std::move(row.Set("next", next ? ListOf(answer.next, NextRow) : Json()));
}

// ---- CSV ----

// A row for each pair, or for each item that comes next.
void WriteAnswer(const TogetherAnswer& answer, Output* out) {
  for (const ItemPair& pair : answer.pairs) out->Row(PairRow(pair));
  for (const ScoredItem& next : answer.next) out->Row(NextRow(next));
}

// ---- tables ----

void PrintPairs(const std::vector<ItemPair>& pairs, const std::string& order, Output* out) {
  const auto measure = [&](const ItemPair& pair) {
    if (order == "together") return static_cast<double>(pair.together);
    return order == "lift" ? pair.lift : pair.cosine;
  };
  for (const ItemPair& pair : pairs) {
    Json row = Json::Object();
    row.Set("item", pair.item)
        .Set("other", pair.other)
        .Set("together", pair.together)
        .Set("with_item", pair.with_item)
        .Set("with_other", pair.with_other);
    row.Set("confidence", Fixed(100 * pair.confidence) + "%")
        .Set("lift", Fixed(pair.lift))
        .Set("cosine", Fixed(pair.cosine))
        .Set("by_" + order, Bar(measure(pair), measure(pairs.front())));
    out->Row(std::move(row));
  }
}

void PrintNext(const std::vector<ScoredItem>& next, Output* out) {
  for (const ScoredItem& item : next) {
    out->Row(Json::Object()
                 .Set("item", item.item)
                 .Set("score", Fixed(item.score))
                 .Set("bar", Bar(item.score, next.front().score))
                 .Set("because", item.because));
  }
}

void PrintAnswer(const TogetherAsked& asked, const Filling& filling, const TogetherAnswer& answer,
                 Output* out) {
  const BasketCounts& counts = filling.counts();
  Json row = Json::Object();
  if (answer.whose)
    row.Set("person", ToString(*answer.whose)).Set("has_items", filling.has().size());
  row.Set("baskets", FormatCount(counts.baskets()));
  if (counts.left_out() > 0) row.Set("larger_left_out", FormatCount(counts.left_out()));
  if (filling.events_left_out() > 0)
    row.Set("events_left_out", FormatCount(filling.events_left_out()));
  out->Fields(
      row.Set("items", FormatCount(counts.items())).Set("pairs", FormatCount(counts.pairs())));
  if (answer.whose ? answer.next.empty() : answer.pairs.empty())
    return out->Note(answer.whose ? "\nNothing goes with what they have."
                                  : "\nNothing is together.");
  out->Title(answer.whose ? "next" : "together");
  answer.whose ? PrintNext(answer.next, out) : PrintPairs(answer.pairs, asked.order, out);
}

// ---- the command ----

ProfileId ProfileOf(const View& view, const std::string& text, const Session& session) {
  const Target target = session.Find(view, text);
  if (target.is_profile) return FromStore(view.Follow(target.profile));
  const Resolution found = view.Resolve(target.identifier);
  if (!found.profile) {
    Fail(kAnsweredNo, "--for: this identifier was never seen, so it has no profile");
  }
  return *found.profile;
}

void RunTogether(const TogetherAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  std::optional<ProfileId> whose;
  if (!asked.of.empty()) whose = ProfileOf(view, asked.of, *session);
  Filling filling(asked, view.now_ms(), whose);
  const MembersAmong members(view, "--segment", asked.segment);
  VisitEverybody(view, [&](const Person& person) { filling.Add(person, members.Has(person.id)); });
  const TogetherAnswer answer = AnswerOf(asked, filling, whose);
  Output out(session->format);
  if (out.is_csv()) return WriteAnswer(answer, &out);
  out.is_table() ? PrintAnswer(asked, filling, answer, &out)
                 : out.Row(AnswerJson(asked, filling, answer));
}

void OfferBaskets(CLI::App* command, TogetherAsked* asked) {
  OfferWords(command, "--event", "TYPE", &asked->types,
             "events of this type have items; repeatable")
      ->required();
  command
      ->add_option("--item", asked->item,
                   "their property that names the item, or a list of several")
      ->type_name("PROPERTY")
      ->capture_default_str();
  CLI::Option* per_record =
      command->add_flag("--per-record", asked->per_record,
                        "a basket is a record; default: all that a person ever had");
  command
      ->add_option("--basket", asked->basket,
                   "a basket is the events of a person that have one value of this property, such "
                   "as the number of an order")
      ->type_name("PROPERTY")
      ->excludes(per_record);
  command
      ->add_option("--max-basket", asked->options.max_basket_items,
                   "leave out baskets of more different items than this; range 2 to 10000")
      ->type_name("N")
      ->check(CLI::Range(2, 10'000).description(""))
      ->capture_default_str();
}

void OfferQuestion(CLI::App* command, TogetherAsked* asked) {
  std::vector<std::string> orders;
  for (const auto& [word, order] : kOrders) orders.push_back(word);
  CLI::Option* order =
      command
          ->add_option("--order", asked->order,
                       "the greatest first: together, the number of baskets; lift; or cosine")
          ->type_name("ORDER")
          ->check(CLI::IsMember(orders).description(""))
          ->capture_default_str();
  command->add_option("--top", asked->top, "list this many; range 1 to 1000000")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->capture_default_str();
  command
      ->add_option("--min-together", asked->min_together,
                   "only what was together in so many baskets")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  CLI::Option* with = command
                          ->add_option("--item-value", asked->item_value,
                                       "what goes with this item; default: the best of all pairs")
                          ->type_name("VALUE");
  command
      ->add_option("--for", asked->of,
                   "what this person may want next, who is namespace:value, or a profile's id p~…")
      ->type_name("ID")
      ->excludes(with)
      ->excludes(order);
  command
      ->add_option("--segment", asked->segment, "only baskets of its members: a segment in force")
      ->type_name("NAME");
}

}  // namespace

void AddTogether(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<TogetherAsked>();
  CLI::App* command = app->add_subcommand(
      "together", "what people buy together, what goes with an item, and what comes next");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferBaskets(command, asked.get());
  OfferQuestion(command, asked.get());
  session->OfferFormatOrCsv(command);
  command->footer(
      "It says that others had both, and not why: docs/measure.md.\n"
      "Exit code 1 where the item is in no basket, the identifier was never seen, or no segment "
      "has the name.");
  command->callback([=] { RunTogether(*asked, session); });
}

}  // namespace polyonym::driver
