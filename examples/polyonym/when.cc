#include "when.h"

#include <string>
#include <utility>

#include "session.h"

namespace polyonym::driver {

CLI::Option* OfferTime(CLI::App* command, const char* name, std::optional<std::int64_t>* ms,
                       const char* what) {
  return command
      ->add_option_function<std::string>(
          name, [=](const std::string& text) { *ms = ParseTimeArgument(name, text); }, what)
      ->type_name("TIME");
}

void When::Offer(CLI::App* command) {
  CLI::Option* as_of = OfferTime(
      command, "--as-of", &as_of_ms,
      "by the records that stand now with a time up to this, and the present policy: RFC 3339, a "
      "date (UTC), or ms since 1970");
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
