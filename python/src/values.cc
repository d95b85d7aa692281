#include "values.h"

#include <utility>

#include "calls.h"

namespace polyonym::python {
namespace {

nb::object Module(const char* name) { return nb::module_::import_(name); }

nb::object DayOf(const Date& date) {
  return Result("Day")("year"_a = date.year, "month"_a = date.month, "day"_a = date.day,
                       "chinese"_a = date.calendar == Calendar::kChinese,
                       "leap_month"_a = date.leap_month);
}

struct ToObject {
  nb::object operator()(std::monostate) const { return nb::none(); }
  nb::object operator()(const std::string& text) const { return nb::cast(text); }
  nb::object operator()(double number) const { return nb::cast(number); }
  nb::object operator()(bool flag) const { return nb::cast(flag); }
  nb::object operator()(Instant instant) const { return TimeOf(instant.ms); }
  nb::object operator()(const Date& date) const { return DayOf(date); }
  nb::object operator()(const ValueList& list) const {
    return ListOf(list, [](const Value& value) { return python::ToPython(value); });
  }
  nb::object operator()(std::int64_t whole) const { return nb::cast(whole); }
  nb::object operator()(const Money& money) const { return python::ToPython(money); }
};

}  // namespace

std::string TextFrom(nb::handle text, const char* what) {
  Py_ssize_t size = 0;
  const char* utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (utf8 == nullptr) {
    PyErr_Clear();
    RaiseInvalid(std::string(what) + ": is no text that UTF-8 can say");
  }
  return std::string(utf8, static_cast<std::size_t>(size));
}

nb::object Result(const char* name) { return Module("polyonym.results").attr(name); }

nb::object TimeOf(std::int64_t ms) { return Module("polyonym.times").attr("from_ms")(ms); }
nb::object TimeOf(const std::optional<std::int64_t>& ms) { return ms ? TimeOf(*ms) : nb::none(); }
nb::object DurationOf(std::int64_t ms) {
  return Module("datetime").attr("timedelta")("milliseconds"_a = ms);
}

nb::object ToPython(const Identifier& identifier) {
  return Result("Identifier")(identifier.ns, identifier.value);
}
nb::object ToPython(ProfileId id) { return nb::cast(ToString(id)); }
nb::object ToPython(const std::optional<ProfileId>& id) { return id ? ToPython(*id) : nb::none(); }
nb::object ToPython(const Value& value) { return std::visit(ToObject(), value.is); }
nb::object ToPython(const Money& money) {
  return Result("Money")(money.minor_units, money.currency);
}

nb::list ToPython(const std::vector<Identifier>& identifiers) {
  return ListOf(identifiers, [](const Identifier& i) { return ToPython(i); });
}

nb::object ToPython(const Change& change) {
  return Result("Change")(
      "sequence"_a = change.sequence, "kind"_a = TextOf(ToString(change.kind)),
      "cause"_a = TextOf(ToString(change.cause)),
      "source"_a = HasSource(change.kind) ? ToPython(change.from) : nb::none(),
      "target"_a = HasTarget(change.kind) ? ToPython(change.to) : nb::none(),
      "record"_a = change.record == 0 ? nb::none() : nb::cast(change.record),
      "identifiers"_a =
          ListOf(change.identifiers, [](IdentifierNumber n) { return nb::cast(n.value); }),
      "name"_a = change.name, "values"_a = change.values);
}
nb::list ToPython(const std::vector<Change>& changes) {
  return ListOf(changes, [](const Change& c) { return ToPython(c); });
}

Identifier IdentifierOf(nb::handle object, const char* what) {
  if (nb::isinstance<nb::str>(object)) {
    auto parsed = ParseIdentifier(TextFrom(object, what));
    if (!parsed.ok())
      RaiseInvalid(std::string(what) + ": must be namespace:value, such as phone:+8613600001111");
    return *std::move(parsed);
  }
  Identifier identifier;
  nb::object pair = nb::hasattr(object, "ns")
                        ? nb::object(nb::make_tuple(object.attr("ns"), object.attr("value")))
                        : nb::borrow(object);
  if (!nb::isinstance<nb::tuple>(pair) || nb::len(pair) != 2 ||
      !nb::try_cast(pair[0], identifier.ns) || !nb::try_cast(pair[1], identifier.value))
    RaiseInvalid(std::string(what) +
                 ": must be namespace:value, a pair of these, or an Identifier");
  return identifier;
}

Who WhoOf(nb::handle object, const char* what) {
  if (nb::isinstance<nb::str>(object)) {
    const std::string text = TextFrom(object, what);
    // No namespace can hold a tilde.
    if (text.starts_with("p~")) {
      auto id = ParseProfileId(text);
      if (!id.ok())
        RaiseInvalid(std::string(what) + ": is no profile: p~ and base 32, such as p~1k");
      return *id;
    }
  }
  return IdentifierOf(object, what);
}

}  // namespace polyonym::python
