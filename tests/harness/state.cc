#include "harness/state.h"

#include <algorithm>
#include <string_view>

namespace polyonym::harness {
namespace {

std::string Spell(const Identifier& identifier) { return identifier.ns + ":" + identifier.value; }
std::string Spell(const Group& group) {
  std::string out = "{";
  for (const Identifier& identifier : group) out += " " + Spell(identifier);
  return out + " }";
}
std::string Spell(const LinkState& l) {
  return std::to_string(l.seen) + " seen " + std::to_string(l.first_ms) + ".." +
         std::to_string(l.last_ms) + (l.forced ? " forced" : "") + (l.expired ? " expired" : "") +
         (l.kept ? " kept" : " refused");
}

// Writes what one side has and the other has not, up to a few.
class Differences {
 public:
  void Add(std::string_view side, const std::string& text) {
    if (++count_ <= 8) out_ += std::string(side) + ": " + text + "\n";
  }
  std::string Take() { return std::move(out_); }

 private:
  int count_ = 0;
  std::string out_;
};

template <class Range>
void CompareSets(std::string_view what, const Range& want, const Range& got, Differences* out) {
  for (const auto& x : want) {
    if (std::find(got.begin(), got.end(), x) == got.end())
      out->Add("only wanted, " + std::string(what), Spell(x));
  }
  for (const auto& x : got) {
    if (std::find(want.begin(), want.end(), x) == want.end())
      out->Add("only got, " + std::string(what), Spell(x));
  }
}

}  // namespace

std::string Difference(const State& want, const State& got) {
  if (want == got) return "";
  Differences out;
  CompareSets("group", want.groups, got.groups, &out);
  CompareSets("shared", want.shared, got.shared, &out);
  CompareSets("gone", want.gone, got.gone, &out);
  CompareSets("expired", want.expired, got.expired, &out);
  for (const auto& [pair, link] : want.links) {
    const auto at = got.links.find(pair);
    const std::string name = Spell(pair.first) + " - " + Spell(pair.second) + ": ";
    if (at == got.links.end()) {
      out.Add("only wanted, link", name + Spell(link));
    } else if (at->second != link) {
      out.Add("link differs", name + "wanted " + Spell(link) + ", got " + Spell(at->second));
    }
  }
  for (const auto& [pair, link] : got.links) {
    if (!want.links.contains(pair))
      out.Add("only got, link", Spell(pair.first) + " - " + Spell(pair.second));
  }
  std::string text = out.Take();
  return text.empty() ? "groups are listed twice or out of order\n" : text;
}

}  // namespace polyonym::harness
