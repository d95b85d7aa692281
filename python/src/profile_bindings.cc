// Profiles: what people are like, of a view or of a moment; and the models that scores are read with.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>

#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "fact_words.h"
#include "polyonym/engine/moment.h"
#include "polyonym/engine/view.h"
#include "profile_values.h"
#include "values.h"

namespace polyonym::python {
namespace {

using python::ToPython;

using Names = std::vector<std::string>;

// Parts of a profile by the names of the fields of polyonym.results.Profile that they fill.
constexpr std::pair<const char*, bool ProfileOptions::*> kParts[] = {
    {"traits", &ProfileOptions::traits},       {"tags", &ProfileOptions::tags},
    {"consents", &ProfileOptions::consents},   {"ladders", &ProfileOptions::ladders},
    {"contacts", &ProfileOptions::contacts},   {"scores", &ProfileOptions::scores},
    {"relations", &ProfileOptions::relations}, {"timeline", &ProfileOptions::timeline},
    {"ambiguous", &ProfileOptions::ambiguous}};

ProfileOptions OptionsWith(const Names& parts) {
  ProfileOptions options;
  for (const auto& [name, part] : kParts) options.*part = false;
  for (const std::string& wanted : parts) {
    bool known = false;
    for (const auto& [name, part] : kParts) {
      if (wanted != name) continue;
      options.*part = known = true;
    }
    if (!known) {
      RaiseInvalid(
          "only: must be of traits, tags, consents, ladders, contacts, scores, relations, "
          "timeline, ambiguous");
    }
  }
  return options;
}

ProfileOptions OptionsOf(std::optional<std::int64_t> now_ms, bool explain,
                         const std::optional<Names>& only, std::uint32_t events) {
  ProfileOptions options = only ? OptionsWith(*only) : ProfileOptions();
  options.now_ms = now_ms;
  options.explain = explain;
  options.page.limit = events;
  return options;
}

// Whether the id of the profile that is read says something.
bool HasId(const View&, const Who&) { return true; }
bool HasId(const Moment& moment, const Who& who) {
  const auto* identifier = std::get_if<Identifier>(&who);
  return identifier == nullptr || moment.Resolve(*identifier).profile.has_value();
}

template <class Source>
absl::StatusOr<Profile> Read(const Source& source, const Who& who, const ProfileOptions& options) {
  return std::visit([&](const auto& asked) { return source.ReadProfile(asked, options); }, who);
}

template <class Source>
nb::object ReadProfile(const Source& source, nb::handle who, std::optional<std::int64_t> now_ms,
                       bool explain, const std::optional<Names>& only, std::uint32_t events) {
  const Who asked = WhoOf(who, "who");
  const ProfileOptions options = OptionsOf(now_ms, explain, only, events);
  const Profile profile = Call([&] { return Read(source, asked, options); });
  return ToPython(profile, HasId(source, asked));
}

// Each by itself; none for somebody who was never seen.
nb::list ReadProfiles(const View& view, nb::handle whos, std::optional<std::int64_t> now_ms,
                      bool explain, const std::optional<Names>& only, std::uint32_t events) {
  std::vector<Who> asked;
  for (nb::handle who : whos) asked.push_back(WhoOf(who, "whos"));
  const ProfileOptions options = OptionsOf(now_ms, explain, only, events);
  std::vector<std::optional<Profile>> profiles(asked.size());
  Call([&]() -> absl::Status {
    std::vector<ProfileId> ids;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      std::optional<ProfileId> id;
      if (const auto* identifier = std::get_if<Identifier>(&asked[i])) {
        id = view.Resolve(*identifier).profile;
      } else {
        id = std::get<ProfileId>(asked[i]);
      }
      if (!id) continue;
      ids.push_back(*id);
      places.push_back(i);
    }
    // Some at a time, so that Ctrl-C is heard.
    constexpr std::size_t kAtOnce = 1'000;
    for (std::size_t begin = 0; begin < ids.size() && !Interrupted(); begin += kAtOnce) {
      const std::size_t count = std::min(kAtOnce, ids.size() - begin);
      auto read = view.ReadProfiles(std::span(ids).subspan(begin, count), options);
      for (std::size_t i = 0; i < count; ++i) {
        if (read[i].ok()) {
          profiles[places[begin + i]] = *std::move(read[i]);
        } else if (!absl::IsNotFound(read[i].status())) {
          return read[i].status();
        }
      }
    }
    return absl::OkStatus();
  });
  return ListOf(profiles,
                [](const auto& profile) { return profile ? ToPython(*profile) : nb::none(); });
}

struct Page {
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  Names types;
  std::vector<std::pair<std::string, Names>> properties;
  std::string direction;
  std::optional<std::array<double, 3>> within;  // latitude, longitude, radius in metres
  std::uint32_t limit = 0;
  std::uint64_t skip = 0;
};

Direction DirectionOf(const std::string& name) {
  const Direction direction = DirectionNamed(name);
  if (direction == Direction::kUnknown && !name.empty())
    RaiseInvalid("direction: must be in or out");
  return direction;
}

template <class Source>
nb::object ReadTimeline(const Source& source, nb::handle who, std::optional<std::int64_t> now_ms,
                        const Page& page) {
  const Who asked = WhoOf(who, "who");
  ProfileOptions options = OptionsWith({"timeline"});
  options.now_ms = now_ms;
  options.page = {
      .from_ms = page.from_ms,
      .to_ms = page.to_ms,
      .match = {.types = page.types, .properties = {}, .direction = DirectionOf(page.direction)},
      .within = std::nullopt,
      .limit = page.limit,
      .skip = page.skip};
  for (const auto& [name, any_of] : page.properties)
    options.page.match.properties.push_back({name, any_of});
  if (page.within) options.page.within = {(*page.within)[0], (*page.within)[1], (*page.within)[2]};
  const Profile profile = Call([&] { return Read(source, asked, options); });
  return Result("Timeline")(
      "events"_a =
          ListOf(profile.timeline, [](const TimelineEvent& event) { return ToPython(event); }),
      "total"_a = profile.events, "skipped"_a = page.skip);
}

template <class Source>
void BindSource(nb::module_& module) {
  module.def("read_profile", &ReadProfile<Source>, "source"_a, "who"_a, nb::kw_only(),
             "now_ms"_a.none(), "explain"_a, "only"_a.none(), "events"_a);
  module.def(
      "read_timeline",
      [](const Source& source, nb::handle who, std::optional<std::int64_t> now_ms,
         std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms, const Names& types,
         const std::vector<std::pair<std::string, Names>>& properties, const std::string& direction,
         const std::optional<std::array<double, 3>>& within, std::uint32_t limit,
         std::uint64_t skip) {
        return ReadTimeline(source, who, now_ms,
                            {from_ms, to_ms, types, properties, direction, within, limit, skip});
      },
      "source"_a, "who"_a, nb::kw_only(), "now_ms"_a.none(), "from_ms"_a.none(), "to_ms"_a.none(),
      "types"_a, "properties"_a, "direction"_a, "within"_a.none(), "limit"_a, "skip"_a);
}

nb::list FitScores(const EngineHandle& handle, const std::string& graph,
                   std::optional<std::int64_t> now_ms, nb::handle progress) {
  const std::shared_ptr<Engine> engine = handle.Get();
  const FitOptions options{now_ms, {ProgressOf(progress), graph, std::nullopt}};
  const FitResult result = Call([&] { return engine->FitScores(options); });
  return ListOf(result.fits, [](const ScoreFit& fit) { return ToPython(fit); });
}

}  // namespace

void BindProfiles(nb::module_& module) {
  BindSource<View>(module);
  BindSource<Moment>(module);
  module.def("read_profiles", &ReadProfiles, "view"_a, "whos"_a, nb::kw_only(), "now_ms"_a.none(),
             "explain"_a, "only"_a.none(), "events"_a);
  module.def("fit_scores", &FitScores, "engine"_a, nb::kw_only(), "graph"_a, "now_ms"_a.none(),
             "progress"_a.none());
}

}  // namespace polyonym::python
