// outbox.cc - what triggers ask a host to do: outbox list|ack.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "groups.h"
#include "polyonym/engine/outbox.h"

namespace polyonym::driver {

namespace {

constexpr std::uint64_t kItemsAtOnce = 100'000;

std::vector<OutboxItem> ItemsOf(const Engine& engine, const OutboxOptions& options) {
  auto items = engine.ReadOutbox(options);
  if (absl::IsInvalidArgument(items.status())) Fail(kUsage, items.status());
  return FromStore(std::move(items));
}

// ---- list ----

// Of the person that the profile of then is now; nothing where there is none any more.
std::vector<std::string> IdentifiersOf(const View& view, ProfileId profile) {
  auto here = view.Follow(profile);
  if (absl::IsNotFound(here.status())) return {};
  return TextsOf(FromStore(view.Members(FromStore(std::move(here)))));
}

Json ItemRow(const View& view, const OutboxItem& item, bool table) {
  std::vector<std::string> identifiers = IdentifiersOf(view, item.profile);
  Json row = Json::Object();
  row.Set("id", item.id).Set("sequence", item.sequence);
  row.Set("trigger", item.trigger).Set("segment", item.segment);
  row.Set("profile", ToString(item.profile)).Set("cause", ToString(item.cause));
  row.Set("record", item.record == 0 ? Json() : Json(item.record))
      .Set("now", FormatTime(item.now_ms));
  return std::move(row.Set(
      "identifiers", table ? Shortened(std::move(identifiers)) : Json::ListFrom(identifiers)));
}

void RunList(OutboxOptions options, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  options.graph = session->graph;
  Output out(session->format);
  const std::vector<OutboxItem> items = ItemsOf(*engine, options);
  for (const OutboxItem& item : items) out.Row(ItemRow(view, item, out.is_table()));
  if (items.empty()) out.Note("Nothing waits to be acknowledged.");
}

void AddList(CLI::App* outbox, Session* session) {
  const auto options = std::make_shared<OutboxOptions>();
  CLI::App* command =
      outbox->add_subcommand("list", "what fired and nobody acknowledged, the oldest first");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("--trigger", options->trigger, "only what this trigger fired")
      ->type_name("NAME");
  command->add_option("--after", options->after_id, "only items behind the one with this id")
      ->type_name("ID");
  command->add_option("--limit", options->limit, "print at most this many; range 1 to 1000000")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000).description(""))
      ->capture_default_str();
  session->OfferFormat(command);
  command->callback([=] { RunList(*options, session); });
}

// ---- ack ----

struct AckOptions {
  std::vector<std::uint64_t> ids;
  std::optional<std::uint64_t> up_to;
  std::string trigger;
};

std::uint64_t Acknowledge(Engine* engine, const std::vector<std::uint64_t>& ids,
                          const Session& session) {
  return FromStore(engine->AcknowledgeOutbox(ids, session.graph));
}

std::uint64_t AcknowledgeUpTo(Engine* engine, const AckOptions& options, const Session& session) {
  OutboxOptions wanted;
  wanted.trigger = options.trigger;
  wanted.graph = session.graph;
  wanted.limit = kItemsAtOnce;
  std::uint64_t acknowledged = 0;
  for (bool more = true; more;) {
    const std::vector<OutboxItem> items = ItemsOf(*engine, wanted);
    more = items.size() == kItemsAtOnce;
    std::vector<std::uint64_t> ids;
    for (const OutboxItem& item : items) {
      if (item.id <= *options.up_to) ids.push_back(item.id);
    }
    more = more && ids.size() == items.size();
    if (ids.empty()) break;
    acknowledged += Acknowledge(engine, ids, session);
    wanted.after_id = ids.back();
  }
  return acknowledged;
}

void RunAck(const AckOptions& options, Session* session) {
  if (options.ids.empty() != options.up_to.has_value())
    Fail(kUsage, "which items: give either ID, or --up-to ID");
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  session->Read(*engine);  // is the graph there
  const std::uint64_t acknowledged = options.up_to
                                         ? AcknowledgeUpTo(engine.get(), options, *session)
                                         : Acknowledge(engine.get(), options.ids, *session);
  Output(session->format).Fields(Json::Object().Set("acknowledged", acknowledged));
}

void AddAck(CLI::App* outbox, Session* session) {
  const auto options = std::make_shared<AckOptions>();
  CLI::App* command = outbox->add_subcommand("ack", "they are done with, and gone");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("ID", options->ids, "of items, as `polyonym outbox list` prints them");
  CLI::Option* up_to =
      command->add_option("--up-to", options->up_to, "or all up to the one with this id")
          ->type_name("ID");
  command->add_option("--trigger", options->trigger, "of these only what this trigger fired")
      ->type_name("NAME")
      ->needs(up_to);
  session->OfferFormat(command);
  command->footer(
      "Prints how many there were. One that was acknowledged before is none, and no error.");
  command->callback([=] { RunAck(*options, session); });
}

}  // namespace

void AddOutbox(CLI::App* app, Session* session) {
  CLI::App* outbox = app->add_subcommand(
      "outbox", "what triggers ask to be done, as people come into segments and leave them");
  outbox->require_subcommand(1);
  AddList(outbox, session);
  AddAck(outbox, session);
}

}  // namespace polyonym::driver
