#include "codec/convert.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "codec/facts.h"
#include "codec/json_errors.h"
#include "polyonym/model/judge.h"
#include "polyonym/v1/policy.pb.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym::codec {
namespace {

// `path`: where it stands in the policy, for errors; called only for them.
template <class Path>
absl::Status FromProto(const v1::NamespacePolicy& from, const Path& path, NamespacePolicy* to) {
  to->name = from.name();
  if (from.has_priority()) to->priority = from.priority();
  for (const v1::Limit& limit : from.limits()) {
    to->limits.push_back({limit.has_max() ? limit.max() : 1, limit.per_scope(), limit.window_ms()});
  }
  for (const v1::Guard& guard : from.guards())
    to->guards.push_back({guard.of(), guard.max_neighbours()});
  if (from.has_normaliser()) {
    if (!v1::Normaliser_IsValid(from.normaliser())) return UnknownEnum(path() + ".normaliser");
    to->normaliser = static_cast<Normaliser>(from.normaliser());
  }
  to->region = from.region();
  to->blocked_values.assign(from.blocked_values().begin(), from.blocked_values().end());
  to->blocked_patterns.assign(from.blocked_patterns().begin(), from.blocked_patterns().end());
  to->valid_pattern = from.valid_pattern();
  if (from.has_builtin_blocks()) to->builtin_blocks = from.builtin_blocks();
  to->parent = from.parent();
  if (!v1::Sensitivity_IsValid(from.sensitivity())) return UnknownEnum(path() + ".sensitivity");
  to->sensitivity = static_cast<Sensitivity>(from.sensitivity());
  to->link_lifetime_ms = from.link_lifetime_ms();
  to->validity_ms = from.validity_ms();
  for (const v1::Derived& derived : from.derived()) {
    if (!v1::Digest_IsValid(derived.digest()) || !v1::DigestOf_IsValid(derived.of()))
      return UnknownEnum(path() + ".derived[" + std::to_string(to->derived.size()) + "]");
    to->derived.push_back({derived.namespace_(), static_cast<Digest>(derived.digest()),
                           static_cast<DigestOf>(derived.of())});
  }
  return absl::OkStatus();
}

void ToProto(const NamespacePolicy& from, v1::NamespacePolicy* to) {
  to->set_name(from.name);
  to->set_priority(from.priority);
  for (const Limit& limit : from.limits) {
    v1::Limit* out = to->add_limits();
    out->set_max(limit.max);
    out->set_per_scope(limit.per_scope);
    out->set_window_ms(limit.window_ms);
  }
  for (const Guard& guard : from.guards) {
    v1::Guard* out = to->add_guards();
    out->set_of(guard.of);
    out->set_max_neighbours(guard.max_neighbours);
  }
  to->set_normaliser(static_cast<v1::Normaliser>(from.normaliser));
  to->set_region(from.region);
  for (const std::string& value : from.blocked_values) to->add_blocked_values(value);
  for (const std::string& pattern : from.blocked_patterns) to->add_blocked_patterns(pattern);
  to->set_valid_pattern(from.valid_pattern);
  to->set_builtin_blocks(from.builtin_blocks);
  to->set_parent(from.parent);
  to->set_sensitivity(static_cast<v1::Sensitivity>(from.sensitivity));
  to->set_link_lifetime_ms(from.link_lifetime_ms);
  to->set_validity_ms(from.validity_ms);
  for (const Derived& derived : from.derived) {
    v1::Derived* out = to->add_derived();
    out->set_namespace_(derived.ns);
    out->set_digest(static_cast<v1::Digest>(derived.digest));
    out->set_of(static_cast<v1::DigestOf>(derived.of));
  }
}

}  // namespace

absl::Status UnknownEnum(const std::string& field) {
  return absl::InvalidArgumentError(
      field + ": holds a value that this library does not know; use a newer one");
}

absl::Status FromProto(const v1::Record& from, Record* to) {
  if (!v1::Act_IsValid(from.act())) return UnknownEnum("act");
  to->source = from.source();
  to->id = from.id();
  to->time_ms = from.has_time_ms() ? std::optional<std::int64_t>(from.time_ms()) : std::nullopt;
  to->version = from.has_version() ? std::optional<std::int64_t>(from.version()) : std::nullopt;
  to->act = static_cast<Act>(from.act());
  to->identifiers.clear();
  if (static_cast<std::size_t>(from.identifiers_size()) > kFormatLimits.max_identifiers)
    return TooManyIdentifiers();
  for (const v1::RecordIdentifier& identifier : from.identifiers()) {
    if (!v1::Role_IsValid(identifier.role())) {
      return UnknownEnum("identifiers[" + std::to_string(to->identifiers.size()) + "].role");
    }
    to->identifiers.push_back(
        {identifier.namespace_(), identifier.value(), static_cast<Role>(identifier.role())});
  }
  to->target_source = from.target_source();
  to->folded.reset();
  if (from.has_folded()) to->folded = Folded{from.folded().count(), from.folded().last_ms()};
  to->facts.clear();
  return from.has_facts() ? FactsToBytes(from.facts(), &to->facts) : absl::OkStatus();
}

void ToProto(const Record& from, v1::Record* to) {
  to->set_source(from.source);
  to->set_id(from.id);
  if (from.time_ms) to->set_time_ms(*from.time_ms);
  if (from.version) to->set_version(*from.version);
  to->set_act(static_cast<v1::Act>(from.act));
  for (const RecordIdentifier& identifier : from.identifiers) {
    v1::RecordIdentifier* out = to->add_identifiers();
    out->set_namespace_(identifier.ns);
    out->set_value(identifier.value);
    out->set_role(static_cast<v1::Role>(identifier.role));
  }
  to->set_target_source(from.target_source);
  if (from.folded) {
    to->mutable_folded()->set_count(from.folded->count);
    to->mutable_folded()->set_last_ms(from.folded->last_ms);
  }
}

absl::Status FromProto(const v1::Policy& from, Policy* to) {
  *to = Policy();
  to->name = from.name();
  if (!v1::Ranking_IsValid(from.ranking())) return UnknownEnum("ranking");
  to->ranking = static_cast<Ranking>(from.ranking());
  if (!v1::Undeclared_IsValid(from.undeclared())) return UnknownEnum("undeclared");
  to->undeclared = static_cast<Undeclared>(from.undeclared());
  if (from.has_max_identifiers_per_profile())
    to->max_identifiers_per_profile = from.max_identifiers_per_profile();
  if (from.has_default_max_neighbours()) to->default_max_neighbours = from.default_max_neighbours();
  for (const v1::NamespacePolicy& ns : from.namespaces()) {
    const auto path = [&] {
      return "namespaces[" + std::to_string(to->namespaces.size() - 1) + "]";
    };
    if (absl::Status status = FromProto(ns, path, &to->namespaces.emplace_back()); !status.ok())
      return status;
  }
  return from.has_definitions() ? FromProto(from.definitions(), &to->definitions)
                                : absl::OkStatus();
}

void ToProto(const Policy& from, v1::Policy* to) {
  to->set_name(from.name);
  to->set_ranking(static_cast<v1::Ranking>(from.ranking));
  to->set_undeclared(static_cast<v1::Undeclared>(from.undeclared));
  to->set_max_identifiers_per_profile(from.max_identifiers_per_profile);
  to->set_default_max_neighbours(from.default_max_neighbours);
  for (const NamespacePolicy& ns : from.namespaces) ToProto(ns, to->add_namespaces());
  // A policy without them has the bytes that it had before there were any.
  if (from.definitions != Definitions()) ToProto(from.definitions, to->mutable_definitions());
}

std::string SerialiseDeterministic(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace polyonym::codec
