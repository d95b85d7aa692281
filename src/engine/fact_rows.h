// engine/fact_rows.h - what records tell of a person, whoever worked out whose they are: a view of now, or a moment.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_FACT_ROWS_H_
#define POLYONYM_SRC_ENGINE_FACT_ROWS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/profile_cache.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/record.h"
#include "polyonym/profile/profile.h"

namespace polyonym::engine {

// Acts about identifiers and records say nothing of a person.
bool TellsFacts(Act act);

// A namespace that says who somebody is.
bool IsIdentifying(const Definitions& definitions, std::string_view ns);

// Of a record, without its facts.
FactRow FactRowOf(std::uint64_t number, const Record& record, Identifier belongs_to);
// A record's facts, with what is left out of them.
FactRow MakeFactRow(std::uint64_t number, const Record& record, Identifier belongs_to,
                    bool anonymous);

// Where they name this person and somebody else.
void AddAmbiguous(AmbiguousFacts facts, std::vector<AmbiguousFacts>* out);
void SortAmbiguous(std::vector<AmbiguousFacts>* facts);

// ERRORS: InvalidArgument naming the option.
absl::Status Validate(const ProfileOptions& options);

// All of a profile but its head.
Profile FoldPerson(const Definitions& definitions, const PersonFacts& facts,
                   const ProfileOptions& options, std::int64_t now_ms);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FACT_ROWS_H_
