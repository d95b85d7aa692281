// A store that is large enough to be opened with two threads, and questions by the thousand.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr int kRecords = 24'000;

Identifier Card(int n) { return {"crm", "c" + std::to_string(n)}; }
Identifier Phone(int n) { return {"phone", "p" + std::to_string(n)}; }

// Cards in pairs by a phone, so that every phone has two.
std::vector<Record> Cards() {
  std::vector<Record> records;
  for (int n = 0; n < kRecords; ++n)
    records.push_back(
        Seen(std::to_string(n), n + 1, {{"crm", Card(n).value}, {"phone", Phone(n / 2).value}}));
  return records;
}

bool Same(const Resolution& a, const Resolution& b) {
  return a.known == b.known && a.shared == b.shared && a.blocked == b.blocked && a.held == b.held &&
         a.gone == b.gone && a.expired == b.expired && a.profile == b.profile;
}

// Everybody, and between them what was never seen, is of no namespace, or has no normal form.
std::vector<Identifier> Questions() {
  std::vector<Identifier> questions;
  for (int n = 0; n < kRecords; ++n) {
    questions.push_back(Card(n));
    questions.push_back(Phone(n / 2));
    if (n % 7 == 0) questions.push_back({"phone", "never" + std::to_string(n)});
    if (n % 11 == 0) questions.push_back({"nothing", Card(n).value});
    if (n % 13 == 0) questions.push_back({"crm", ""});
  }
  return questions;
}

}  // namespace

TEST_CASE("a large store that is opened again answers as before, and knows every record and pair") {
  const TempFolder folder;
  const std::string path = folder / "store";
  const std::vector<Identifier> questions = Questions();
  std::vector<Resolution> before;
  {
    const auto engine = Must(Engine::Open(path, {}));
    Must(engine->SetPolicy(ShopPolicy()));
    Must(engine->Apply(Cards()));
    before = engine->Read().Resolve(questions);
    REQUIRE(engine->Checkpoint().ok());
  }
  const auto engine = Must(Engine::Open(path, {}));
  const std::vector<Resolution> after = engine->Read().Resolve(questions);
  REQUIRE(after.size() == before.size());
  std::size_t differ = 0;
  for (std::size_t i = 0; i < before.size(); ++i) differ += Same(before[i], after[i]) ? 0 : 1;
  CHECK(differ == 0);
  const std::uint64_t links = engine->Read().GetStats().links;
  std::size_t known = 0;
  for (const RecordResult& result : Must(engine->Apply(Cards())).records)
    known += result.outcome == Outcome::kUnchanged ? 1 : 0;
  CHECK(known == kRecords);
  std::vector<Record> again = Cards();
  for (Record& record : again) record.id = "again" + record.id;
  Must(engine->Apply(again));
  CHECK(engine->Read().GetStats().links == links);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("many questions at once are answered as each by itself, into vectors and into columns") {
  const auto engine = Must(Engine::OpenInMemory({}));
  Must(engine->SetPolicy(ShopPolicy()));
  const std::vector<Record> records = Cards();
  Must(engine->Apply(std::span(records).first(kRecords / 2)));
  const View older = engine->Read();
  Must(engine->Apply(std::span(records).subspan(kRecords / 2)));
  const std::vector<Identifier> questions = Questions();
  std::vector<IdentifierView> columns;
  for (const Identifier& identifier : questions)
    columns.push_back({identifier.ns, identifier.value});
  for (const View& view : {older, engine->Read()}) {
    const std::vector<Resolution> many = view.Resolve(questions);
    Resolution stale;
    stale.known = stale.shared = stale.blocked = stale.held = stale.gone = stale.expired = true;
    std::vector<Resolution> in_columns(columns.size(), stale);
    view.Resolve(columns, in_columns);
    REQUIRE(many.size() == questions.size());
    std::size_t differ = 0, found = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const Resolution one = view.Resolve(questions[i]);
      differ += Same(one, many[i]) && Same(one, in_columns[i]) ? 0 : 1;
      found += one.known ? 1 : 0;
    }
    CHECK(differ == 0);
    CHECK(found == (view.sequence() == older.sequence() ? kRecords : 2 * kRecords));
  }
}

}  // namespace polyonym::harness
