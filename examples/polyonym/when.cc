#include "when.h"

#include <string>
#include <utility>

#include "session.h"

namespace polyonym::driver {

void When::Offer(CLI::App* command) {
  CLI::Option* as_of = command->add_option_function<std::string>(
      "--as-of", [this](const std::string& text) { as_of_ms = ParseTimeArgument("--as-of", text); },
      "by the records that stand now with a time up to this, and the present policy: RFC 3339, a "
      "date (UTC), or ms since 1970");
  as_of->type_name("TIME");
  command
      ->add_option("--as-known", as_known,
                   "as the store knew it at this sequence: the records, policy and clock of then")
      ->type_name("SEQUENCE")
      ->excludes(as_of);
}

std::optional<Moment> When::In(const View& view) const {
  if (!as_of_ms && !as_known) return std::nullopt;
  auto moment = as_of_ms ? view.AsOf(*as_of_ms) : view.AsKnown(*as_known);
  if (absl::IsOutOfRange(moment.status())) {
    Fail(kUsage, std::string(as_of_ms ? "--as-of: " : "--as-known: ") +
                     std::string(moment.status().message()));
  }
  return FromStore(std::move(moment));
}

}  // namespace polyonym::driver
