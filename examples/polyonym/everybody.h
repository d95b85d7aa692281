// everybody.h - what measures of everybody share: whom they look at, in which window of time, and a pass with a bar.
#ifndef POLYONYM_EXAMPLES_POLYONYM_EVERYBODY_H_
#define POLYONYM_EXAMPLES_POLYONYM_EVERYBODY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "json.h"
#include "polyonym/engine/segments.h"
#include "polyonym/engine/view.h"

namespace polyonym::driver {

// --from and --to: at or after the one, before the other. Either may be absent.
struct TimeWindow {
  // `what` is counted in it: "conversions".
  void Offer(CLI::App* command, const std::string& what);
  // ERRORS (Failure): kUsage where it ends before it begins.
  void Check() const;
  bool Holds(std::int64_t time_ms) const;
  // `from` and `to`, each null where it is absent.
  void SetIn(Json* row) const;

  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
};

// The members of a segment in force, at the view; everybody where no segment was named.
class MembersAmong {
 public:
  // `option` named it.  ERRORS (Failure): kAnsweredNo where no segment has the name, kUsage where one has no meaning.
  MembersAmong(const View& view, const std::string& option, const std::string& segment);
  // ERRORS (Failure): as FromStore().
  bool Has(ProfileId profile) const;

 private:
  std::string segment_;
  std::optional<SegmentReader> reader_;
};

// A pass over everybody, with a bar.  ERRORS (Failure): as FromStore().
void VisitEverybody(const View& view, const std::function<void(const Person&)>& visit);

// An option with a word that may be given several times. The first takes the place of what `words` held.
CLI::Option* OfferWords(CLI::App* command, const char* name, const char* type_name,
                        std::vector<std::string>* words, const char* what);

bool IsAmong(const std::string& word, const std::vector<std::string>& words);

// The fact's own time, else the record's.
template <class Fact>
std::int64_t TimeOf(const Fact& fact, const FactRow& row) {
  return fact.time_ms.value_or(row.from.time_ms);
}

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_EVERYBODY_H_
