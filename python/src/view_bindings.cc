// View: the questions of identity, and policies and times other than the present.
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bindings.h"
#include "calls.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/view.h"
#include "values.h"
#include "who.h"

namespace polyonym::python {
namespace {

nb::object ToPython(const LinkEvidence& evidence) {
  return Result("Evidence")(
      "a"_a = python::ToPython(evidence.a), "b"_a = python::ToPython(evidence.b),
      "sightings"_a = evidence.sightings, "first"_a = TimeOf(evidence.first_ms),
      "last"_a = TimeOf(evidence.last_ms), "must_link"_a = evidence.must_link,
      "cannot_link"_a = evidence.cannot_link, "sources"_a = evidence.sources,
      "records"_a = evidence.records);
}

nb::list ResolveMany(const View& view, nb::handle identifiers) {
  const std::vector<Identifier> asked = IdentifiersOf(identifiers);
  return ListOf(Call([&] { return view.Resolve(asked); }),
                [](const Resolution& r) { return python::ToPython(r); });
}

nb::list MembersOf(const View& view, nb::handle who) {
  const Who asked = WhoOf(who, "who");
  return python::ToPython(Call([&]() -> absl::StatusOr<std::vector<Identifier>> {
    auto id = FindWho(view, asked);
    if (!id.ok()) return id.status();
    return view.Members(*id);
  }));
}

nb::object Why(const View& view, nb::handle a, nb::handle b) {
  const Identifier x = IdentifierOf(a, "a"), y = IdentifierOf(b, "b");
  const WhyAnswer answer = Call([&] { return view.Why(x, y); });
  nb::list chain = ListOf(answer.chain, [](const LinkEvidence& e) { return ToPython(e); });
  return Result("Why")(
      "connected"_a = answer.connected, "chain"_a = chain,
      "weakest"_a = answer.chain.empty() ? nb::none() : nb::object(chain[answer.weakest]));
}

nb::object WhyNot(const View& view, nb::handle a, nb::handle b) {
  const Identifier x = IdentifierOf(a, "a"), y = IdentifierOf(b, "b");
  const WhyNotAnswer answer = Call([&] { return view.WhyNot(x, y); });
  return Result("WhyNot")(
      "obstacle"_a = TextOf(ToString(answer.obstacle)),
      "refused"_a = answer.refused ? ToPython(*answer.refused) : nb::none(),
      "limit_namespace"_a = answer.limit_namespace, "limit"_a = answer.limit,
      "would_be"_a = answer.would_be,
      "shared"_a = answer.shared ? python::ToPython(*answer.shared) : nb::none());
}

nb::list LinksOf(const View& view, nb::handle identifier, bool records) {
  const Identifier asked = IdentifierOf(identifier, "identifier");
  const auto detail = records ? View::Detail::kRecords : View::Detail::kCounts;
  return ListOf(Call([&] { return view.Links(asked, detail); }),
                [](const View::Neighbour& neighbour) {
                  const char* state = neighbour.kept      ? "kept"
                                      : neighbour.inert   ? "shared"
                                      : neighbour.expired ? "expired"
                                                          : "refused";
                  return Result("Link")("evidence"_a = ToPython(neighbour.link), "state"_a = state);
                });
}

nb::list How(const View& view, nb::handle who) {
  const Who asked = WhoOf(who, "who");
  return python::ToPython(Call([&]() -> absl::StatusOr<std::vector<Change>> {
    auto id = FindWho(view, asked);
    if (!id.ok()) return id.status();
    return view.How(*id);
  }));
}

nb::list HeldItems(const View& view, const std::string& source, std::uint64_t limit) {
  HeldFilter filter;
  filter.source = source;
  filter.max_items = limit;
  return ListOf(Call([&] { return view.Held(filter); }), [](const HeldItem& item) {
    return Result("Held")(
        "record"_a = item.record, "source"_a = item.source, "record_id"_a = item.record_id,
        "reason"_a = TextOf(ToString(item.reason)), "whole_record"_a = item.whole_record,
        "identifier"_a = item.identifier_index, "ns"_a = item.ns);
  });
}

nb::object StatsOf(const View& view) {
  const Stats s = Call([&] { return view.GetStats(); });
  return Result("Stats")(
      "sequence"_a = s.sequence, "records"_a = s.records, "standing_records"_a = s.standing_records,
      "held_records"_a = s.held_records, "folded_records"_a = s.folded_records,
      "identifiers"_a = s.identifiers, "live_identifiers"_a = s.live_identifiers,
      "shared_identifiers"_a = s.shared_identifiers, "profiles"_a = s.profiles, "links"_a = s.links,
      "refused_links"_a = s.refused_links, "largest_profile"_a = s.largest_profile,
      "resident_bytes"_a = s.resident_bytes, "store_bytes"_a = s.store_bytes);
}

nb::object Verify(const View& view) {
  const VerifyReport report = Call([&] { return view.Verify(); });
  return Result("Verified")("records"_a = report.records, "identifiers"_a = report.identifiers,
                            "links"_a = report.links, "problems"_a = report.problems);
}

nb::object ToPython(const StoredRecord& stored) {
  return Result("StoredRecord")("number"_a = stored.number, "sequence"_a = stored.sequence,
                                "standing"_a = stored.standing, "held"_a = stored.held,
                                "json"_a = WriteRecordJson(stored.record));
}

// Records as JSON Lines into a new file; how many. What JSON cannot say ends it: nothing is left out in silence.
std::uint64_t Export(const View& view, const std::string& path, bool all) {
  return Call([&]() -> absl::StatusOr<std::uint64_t> {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file) return absl::UnavailableError("path: cannot be written");
    std::uint64_t records = 0, unsayable = 0;
    absl::Status status = view.Export([&](const StoredRecord& stored) {
      if (!stored.standing && !all) return true;
      const std::string line = WriteRecordJson(stored.record);
      if (line.empty()) {
        unsayable = stored.number;
        return false;
      }
      file << line << '\n';
      ++records;
      return file.good();
    });
    if (!status.ok()) return status;
    if (unsayable != 0) {
      return absl::DataLossError("record " + std::to_string(unsayable) +
                                 " holds facts or text that JSON cannot say");
    }
    file.close();
    if (!file) return absl::UnavailableError("path: could not be written to its end");
    return records;
  });
}

// Groups of identifiers, in order of profile id.
nb::list Groups(const View& view) {
  std::vector<std::pair<ProfileId, std::vector<Identifier>>> groups;
  Call([&] {
    view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
      groups.emplace_back(id, std::vector<Identifier>(members.begin(), members.end()));
      return !Interrupted();
    });
    return absl::OkStatus();
  });
  return ListOf(groups, [](const auto& group) {
    return nb::make_tuple(python::ToPython(group.first), python::ToPython(group.second));
  });
}

}  // namespace

void BindView(nb::module_& module) {
  nb::class_<View>(module, "View")
      .def_prop_ro("sequence", &View::sequence)
      .def_prop_ro("policy_version", &View::policy_version)
      .def_prop_ro("clock_ms", &View::clock_ms)
      .def_prop_ro("now_ms", &View::now_ms)
      .def("policy", [](const View& view) { return WritePolicyJson(view.policy(), false); })
      .def(
          "resolve",
          [](const View& view, nb::handle identifier) {
            const Identifier asked = IdentifierOf(identifier, "identifier");
            return python::ToPython(Call([&] { return view.Resolve(asked); }));
          },
          "identifier"_a)
      .def("resolve_many", &ResolveMany, "identifiers"_a)
      .def(
          "find",
          [](const View& view, nb::handle who) {
            const Who asked = WhoOf(who, "who");
            return python::ToPython(Call([&] { return FindWho(view, asked); }));
          },
          "who"_a)
      .def("members", &MembersOf, "who"_a)
      .def(
          "identifier_of",
          [](const View& view, std::uint64_t number) {
            return python::ToPython(
                Call([&] { return view.IdentifierOf(IdentifierNumber{number}); }));
          },
          "number"_a)
      .def("groups", &Groups)
      .def("why", &Why, "a"_a, "b"_a)
      .def("why_not", &WhyNot, "a"_a, "b"_a)
      .def("links", &LinksOf, "identifier"_a, "records"_a)
      .def("how", &How, "who"_a)
      .def("held", &HeldItems, "source"_a, "limit"_a)
      .def("count_profiles", &View::CountProfiles)
      .def("stats", &StatsOf)
      .def("verify", &Verify)
      .def(
          "record",
          [](const View& view, std::uint64_t number) {
            return ToPython(Call([&] { return view.RecordOf(number); }));
          },
          "number"_a)
      .def("export", &Export, "path"_a, nb::kw_only(), "all"_a);
}

}  // namespace polyonym::python
