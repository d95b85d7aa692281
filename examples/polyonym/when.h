// when.h - options that are times; with --as-of and --as-known, which state a question is asked of.
#ifndef POLYONYM_EXAMPLES_POLYONYM_WHEN_H_
#define POLYONYM_EXAMPLES_POLYONYM_WHEN_H_

#include <cstdint>
#include <optional>

#include <CLI/CLI.hpp>

#include "polyonym/engine/view.h"

namespace polyonym::driver {

// An option whose value is a time, as ParseTimeArgument() takes it. `ms` outlives the command.
CLI::Option* OfferTime(CLI::App* command, const char* name, std::optional<std::int64_t>* ms,
                       const char* what);

struct When {
  std::optional<std::int64_t> as_of_ms;
  std::optional<std::uint64_t> as_known;

  // One of the two at most.
  void Offer(CLI::App* command);

  // Nothing where neither was given: the present.  ERRORS (Failure): kUsage (a time or sequence that has no answer), as FromStore().
  std::optional<Moment> In(const View& view) const;
};

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_WHEN_H_
