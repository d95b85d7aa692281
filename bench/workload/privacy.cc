// `privacy`: what it costs that rows are sealed, that identifiers have keys of their own, and that people are forgotten.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "polyonym/engine/erase.h"
#include "polyonym/privacy/key_keeper.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::size_t kErasedAtOnce = 100;

enum class Secrecy : std::uint8_t { kPlain, kSealed, kKeyring };

struct Figures {
  double events_per_second = 0, exported_per_second = 0;
  double checkpoint_seconds = 0, open_seconds = 0;
  double disk_bytes_per_event = 0;
  // Erasing: one person, many in one call, and writing the files again.
  double one_seconds = 0, many_seconds = 0, finish_seconds = 0;
  std::uint64_t removed_records = 0;
};

EngineOptions OptionsFor(Secrecy secrecy, const Folder& folder) {
  EngineOptions options;
  options.durability = Durability::kWal;
  if (secrecy != Secrecy::kPlain) options.keys = OrStop(MakeKeyKeeper(std::string(32, 'k')));
  if (secrecy == Secrecy::kKeyring) options.keyring = folder / "keyring";
  return options;
}

// People whom different records name, all over the stream.
std::vector<EraseRequest> SomePeople(const std::vector<Record>& records, std::size_t count) {
  std::vector<EraseRequest> requests;
  for (std::size_t i = 1; i <= count; ++i) {
    const RecordIdentifier& of =
        records[i * (records.size() - 1) / (count + 1)].identifiers.front();
    requests.push_back({Identifier{of.ns, of.value}});
  }
  return requests;
}

void Erase(const std::vector<Record>& records, Engine* engine, Figures* figures) {
  const EraseOptions later{.even_shared = true, .finish = false};
  const std::vector<EraseRequest> many = SomePeople(records, kErasedAtOnce);
  const auto erase = [&](std::size_t from, std::size_t count) {
    const EraseReceipt receipt = OrStop(engine->Erase(std::span(many).subspan(from, count), later));
    Check(receipt.erased_identifiers >= 1, "nobody was erased");
    figures->removed_records += receipt.removed_records;
  };
  figures->one_seconds = SecondsOf([&] { erase(0, 1); });
  figures->many_seconds = SecondsOf([&] { erase(1, many.size() - 1); });
  figures->finish_seconds = SecondsOf([&] { OrStop(engine->FinishErasing()); });
  const View view = engine->Read();
  for (const EraseRequest& request : many)
    Check(!view.Resolve(request.identifier).known, "somebody who was erased is known");
}

Figures Measure(const Sizes& sizes, const std::vector<Record>& records, Secrecy secrecy) {
  const Folder folder(sizes);
  const EngineOptions options = OptionsFor(secrecy, folder);
  Figures figures;
  auto engine = OpenUnder(Traffic::MakePolicy(), folder / "engine", options);
  figures.events_per_second = Feed(From(records), records.size(), sizes.batch, engine.get()).rate();
  std::uint64_t exported = 0;
  const double export_seconds = SecondsOf([&] {
    OrStop(engine->Read().Export([&](const StoredRecord&) {
      ++exported;
      return true;
    }));
  });
  Check(exported == records.size(), "not every record was exported");
  figures.exported_per_second = static_cast<double>(exported) / export_seconds;
  figures.checkpoint_seconds = SecondsOf([&] { OrStop(engine->Checkpoint()); });
  engine.reset();
  figures.open_seconds =
      SecondsOf([&] { engine = OrStop(Engine::Open(folder / "engine", options)); });
  figures.disk_bytes_per_event = static_cast<double>(engine->Read().GetStats().store_bytes) /
                                 static_cast<double>(records.size());
  Erase(records, engine.get(), &figures);
  return figures;
}

void RunPrivacy(const Sizes& sizes) {
  const std::vector<Record> records = EventsOf(sizes);
  const Figures plain = Measure(sizes, records, Secrecy::kPlain);
  for (const auto& [name, secrecy] :
       {std::pair("privacy-plain", Secrecy::kPlain), std::pair("privacy-sealed", Secrecy::kSealed),
        std::pair("privacy-keyring", Secrecy::kKeyring)}) {
    const Figures is = secrecy == Secrecy::kPlain ? plain : Measure(sizes, records, secrecy);
    Row(name)
        .Add("events", records.size())
        .Add("batch", sizes.batch)
        .Add("events_per_second", is.events_per_second)
        .Add("of_plain", is.events_per_second / plain.events_per_second)
        .Add("exported_per_second", is.exported_per_second)
        .Add("exported_of_plain", is.exported_per_second / plain.exported_per_second)
        .Add("checkpoint_seconds", is.checkpoint_seconds)
        .Add("open_seconds", is.open_seconds)
        .Add("disk_bytes_per_event", is.disk_bytes_per_event)
        .Add("erase_one_seconds", is.one_seconds)
        .Add("erase_99_seconds", is.many_seconds)
        .Add("finish_seconds", is.finish_seconds)
        .Add("removed_records", is.removed_records)
        .Print(sizes);
  }
}

}  // namespace

void AddPrivacyCommand(CLI::App* app) {
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "privacy",
              "Rows that are sealed, identifiers with keys of their own, and people forgotten, "
              "beside a store in plain.",
              Events::kOfFile, sizes.get())
      ->callback([sizes] { RunPrivacy(*sizes); });
}

}  // namespace polyonym::workload
