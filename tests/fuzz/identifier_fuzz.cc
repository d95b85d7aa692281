// Identifiers and profile ids as text: what parses is written as it was, and what is written parses.
#include "fuzz/input.h"
#include "polyonym/model/identifier.h"

namespace polyonym::fuzz {
namespace {

void RunText(const std::string& text) {
  const auto identifier = ParseIdentifier(text);
  if (identifier.ok()) {
    Require(ToString(*identifier) == text, "an identifier is written as it was");
    Require(IsValidNamespace(identifier->ns) && !identifier->value.empty(), "and is a good one");
    Require(
        FamilyOf(identifier->ns).size() + ScopeOf(identifier->ns).size() <= identifier->ns.size(),
        "family and scope are parts");
  } else {
    Require(absl::IsInvalidArgument(identifier.status()), identifier.status().ToString());
  }
  const auto profile = ParseProfileId(text);
  Require(!profile.ok() || !identifier.ok(), "no text is an identifier and a profile id");
  if (profile.ok()) Require(ToString(*profile) == text, "a profile id is written as it was");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  fuzz::Input in(data, size);
  fuzz::RunText(std::string(in.Rest()));
  fuzz::RunText("p~" + std::string(in.Rest()));
  const ProfileId id{in.Number()};
  const auto parsed = ParseProfileId(ToString(id));
  fuzz::Must(parsed.status());
  fuzz::Require(*parsed == id, "a profile id that was written parses");
  return 0;
}
