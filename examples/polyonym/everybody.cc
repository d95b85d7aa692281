#include "everybody.h"

#include <algorithm>
#include <utility>

#include "fact_json.h"
#include "output.h"
#include "progress.h"
#include "session.h"
#include "when.h"

namespace polyonym::driver {

void TimeWindow::Offer(CLI::App* command, const std::string& what) {
  const std::string begins =
      what + " at or after this: RFC 3339, a date (UTC), or ms since 1970; default: all";
  const std::string ends = what + " before this; default: up to now";
  OfferTime(command, "--from", &from_ms, begins.c_str());
  OfferTime(command, "--to", &to_ms, ends.c_str());
}

void TimeWindow::Check() const {
  if (from_ms && to_ms && *to_ms < *from_ms) Fail(kUsage, "--to: must be --from or later");
}

bool TimeWindow::Holds(std::int64_t time_ms) const {
  return (!from_ms || time_ms >= *from_ms) && (!to_ms || time_ms < *to_ms);
}

void TimeWindow::SetIn(Json* row) const {
  row->Set("from", TimeOrNull(from_ms)).Set("to", TimeOrNull(to_ms));
}

MembersAmong::MembersAmong(const View& view, const std::string& option, const std::string& segment)
    : segment_(segment) {
  if (segment.empty()) return;
  std::string known;
  bool found = false;
  for (const SegmentDefinition& defined : view.policy().definitions.segments) {
    found = found || defined.name == segment;
    known += (known.empty() ? "" : ", ") + defined.name;
  }
  if (!found) {
    Fail(kAnsweredNo, option + ": the definitions in force have no segment " + segment +
                          (known.empty() ? ", nor any other" : "; they have " + known));
  }
  reader_ = OrFail(SegmentReader::Make(view));
}

bool MembersAmong::Has(ProfileId profile) const {
  return !reader_ || FromStore(reader_->Contains(segment_, profile));
}

void VisitEverybody(const View& view, const std::function<void(const Person&)>& visit) {
  const std::uint64_t total = view.CountProfiles();
  Progress progress("people");
  std::uint64_t done = 0;
  FromStore(view.ForEachPerson([&](const Person& person) {
    visit(person);
    progress.Update(++done, {done, total});
    return true;
  }));
}

CLI::Option* OfferWords(CLI::App* command, const char* name, const char* type_name,
                        std::vector<std::string>* words, const char* what) {
  return command->add_option(name, *words, what)->type_name(type_name)->expected(1)->take_all();
}

bool IsAmong(const std::string& word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace polyonym::driver
