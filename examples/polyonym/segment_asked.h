// segment_asked.h - which segment a command is about, and when: one in force by its name, or an expression that is given.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SEGMENT_ASKED_H_
#define POLYONYM_EXAMPLES_POLYONYM_SEGMENT_ASKED_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "json.h"
#include "polyonym/engine/segments.h"
#include "polyonym/segment/evaluate.h"
#include "progress.h"
#include "session.h"
#include "when.h"

namespace polyonym::driver {

struct OneSegment;

// The store, at the time that is asked about.
struct SegmentState {
  SegmentState(const When& when, Session* session);

  Definitions definitions() const;  // those in force there
  std::optional<ProfileId> ProfileOf(const Target& target) const;
  // ERRORS (Failure): as FromStore().
  std::vector<Identifier> IdentifiersOf(ProfileId profile) const;
  // Of all segments in force: looked up where it is the present, else in a pass.  ERRORS (Failure): kUsage (a segment that has no meaning).
  SegmentReader Reader() const;
  // Of one, and those that it asks for. The present of one in force is looked up too.  ERRORS (Failure): as above.
  SegmentReader Reader(const OneSegment& one) const;

  std::unique_ptr<Engine> engine;
  View view;
  std::optional<Moment> then;  // nothing: now

 private:
  SegmentReader Reader(SegmentOptions options) const;  // draws a bar in each pass
};

// Definitions with one segment, and those that it asks for.
struct OneSegment {
  const SegmentDefinition& definition() const { return definitions.segments.back(); }
  Json Name() const { return given ? Json() : Json(definition().name); }
  // `name` (null for an expression that is given), `expression`, `time_zone`.
  void SetIn(Json* row) const;
  // For tables: its name, or the expression.
  Json Title() const;

  Definitions definitions;
  bool given = false;  // it is an expression, and not in force
};

// Whether it is asked of how many a segment's answer is unknown. In a pass that costs nothing, and is always told.
struct UnknownToo {
  void Offer(CLI::App* command);

  bool asked = false;
};

struct SegmentAsked {
  std::string name;
  std::string expression;
  std::string zone;

  // NAME, or --expression with --zone.
  void Offer(CLI::App* command);

  // ERRORS (Failure): kUsage (neither was given, or an expression without a meaning), kAnsweredNo (no segment has the name).
  OneSegment In(const Definitions& in_force) const;
};

// What a segment of this expression would be, by a name that none has, among those in force.  ERRORS (Failure): kUsage, which names the
// expression as `argument`.
OneSegment Draft(const Definitions& in_force, const std::string& expression,
                 const std::string& zone, const std::string& argument);

// All segments of the definitions.  ERRORS (Failure): kUsage with the place in an expression. `given` of them, if any, is one that the caller
// wrote, in the argument `argument` and in --zone; the others are told by name.
std::shared_ptr<const CompiledSegments> CompileOrFail(const Definitions& definitions,
                                                      const SegmentDefinition* given = nullptr,
                                                      const std::string& argument = "");

// Gives up with a problem that begins with a place, `2:14: …`: shown below it is that line of the expression, and a caret.
[[noreturn]] void FailAt(const std::string& where, std::string_view problem,
                         std::string_view expression);

// The line of a text that a place, `2:14`, names, and a caret under it: two lines, each behind two blanks. Nothing where it is no place.
std::string CaretAt(std::string_view place, std::string_view text);

// For tables, where quotes stand as they are. Line ends and escape codes are left out.
Json Printable(std::string text);

// For tables: an expression in its one form, on one line; as it is where it cannot be read.
Json OneLine(const std::string& expression);

Json ShareJson(std::uint64_t part, std::uint64_t whole);         // 0..1; null of nobody
std::string ShareText(std::uint64_t part, std::uint64_t whole);  // `12.34%`

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SEGMENT_ASKED_H_
