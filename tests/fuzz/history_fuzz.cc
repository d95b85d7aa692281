// Histories: whatever is told to an engine, it holds what the definition gives; and so does a store opened again on what is left.
#include <memory>

#include "engine/engine_impl.h"
#include "fuzz/history_input.h"

namespace polyonym::fuzz {
namespace {

void RequireVerified(const Engine& engine) {
  for (const std::string& graph : engine.Graphs()) {
    const auto report = engine.Read(graph)->Verify();
    Must(report.status());
    Require(report->ok(), report->ok() ? "" : report->problems[0]);
  }
}

// A store that outlives the engine on it, as a copy.
class Kept {
 public:
  explicit Kept(const Store& store) {
    WriteSet writes;
    ForEachRow(store, [&](Table table, const std::string& key, const std::string& value) {
      writes.puts.push_back({table, key, value});
    });
    Must(store_->Commit(writes, true));
  }
  std::unique_ptr<Store> Take() { return std::move(store_); }

 private:
  std::unique_ptr<Store> store_ = OpenMemoryStore();
};

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  if (size > 2000) return 0;  // long ones tell nothing more
  EngineOptions options = fuzz::MemoryOptions();
  options.hash_bits = 4 + static_cast<int>(size % 61);

  fuzz::Input in(data, size);
  auto engine = Engine::OpenInMemory(options);
  fuzz::Must(engine.status());
  fuzz::Must((*engine)->SetPolicy(fuzz::DrawPolicy(in)).status());
  fuzz::DrawCalls(in, engine->get());
  fuzz::RequireVerified(**engine);

  fuzz::Input again(data, size);
  const auto impl = std::make_shared<Engine::Impl>(OpenMemoryStore(), options,
                                                   std::make_shared<engine::Background>(1));
  fuzz::Must(impl->Start());
  fuzz::Must(impl->SetPolicy(fuzz::DrawPolicy(again), {}).status());
  fuzz::DrawCalls(again, impl.get());
  fuzz::Kept same(impl->store());
  impl->Stop();
  engine = Engine::OpenOn(same.Take(), options);
  fuzz::Must(engine.status());
  fuzz::RequireVerified(**engine);
  return 0;
}
