// Records that come late of people who were erased: what of a call's records the ledger lets in. docs/erasure.md, "The ledger".
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "engine/engine_impl.h"
#include "engine/forgotten.h"

namespace polyonym {

using engine::Forgetter;
using engine::ForgottenNames;

// What of a call's records may be taken: all of most of them, what is left of some, nothing of others.
struct Engine::Impl::Admission {
  std::vector<engine::Core::Incoming> records;
  std::vector<std::size_t> places;       // in the call
  std::vector<std::uint32_t> left_out;   // identifiers of each of them
  std::vector<std::size_t> turned_away;  // places
  std::deque<Record> rewritten;
};

void Engine::Impl::Admit(std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
                         Admission* admission) const {
  ForgottenNames names;
  names.AddAll(&ledger_);
  Forgetter forgetter(Forgetter::Of::kComing, Sights(true), &names);
  for (std::size_t i = 0; i < records.size(); ++i) {
    engine::Core::Incoming incoming = records[i];
    Forgetter::Result result;
    if (!incoming.check ||
        CheckShape(*incoming.record, options_.record_limits, now_ms) == Reason::kNone)
      result = forgetter.Look(*incoming.record);
    if (result.touched && !result.record) {
      admission->turned_away.push_back(i);
      continue;
    }
    if (result.touched) {
      Record& left = admission->rewritten.emplace_back(*std::move(result.record));
      if (incoming.own_id) left.id = ToString(HashContent(left));
      incoming.record = &left;
      incoming.check = false;
    }
    admission->records.push_back(incoming);
    admission->places.push_back(i);
    admission->left_out.push_back(static_cast<std::uint32_t>(result.identifiers.size()));
  }
}

void Engine::Impl::TakeAdmitted(
    std::span<const engine::Core::Incoming> records, std::int64_t now_ms,
    const std::function<void(std::size_t, const engine::Core::Taken&)>& taken) {
  if (ledger_.empty()) return Take(records, now_ms, taken);
  Admission admission;
  Admit(records, now_ms, &admission);
  engine::Core::Taken away;
  away.outcome = Outcome::kRejected;
  away.reason = Reason::kErased;
  for (const std::size_t place : admission.turned_away) taken(place, away);
  Take(admission.records, now_ms, [&](std::size_t i, const engine::Core::Taken& what) {
    if (admission.left_out[i] == 0) return taken(admission.places[i], what);
    engine::Core::Taken less = what;
    less.held_identifiers += admission.left_out[i];
    taken(admission.places[i], less);
  });
}

}  // namespace polyonym
