// Lines of an audit log: any bytes are a line or none; what is a line has its body at its beginning, and is made of it again.
#include "fuzz/input.h"
#include "privacy/audit_line.h"

namespace polyonym::fuzz {
namespace {

void RunLine(std::string_view bytes) {
  const auto line = privacy::ParseAuditLine(bytes);
  if (!line) return;
  Require(bytes.starts_with(line->body), "a line begins with its body");
  const std::string again = privacy::LineOf(line->body, line->hash);
  Require(again == std::string(bytes) + "\n", "a line is its body and its hash");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  fuzz::Input in(data, size);
  const std::uint64_t number = in.Number();
  const std::string text(in.Rest());
  fuzz::RunLine(text);
  AccessEvent event;
  event.actor = event.action = text.substr(0, 64);
  AuditedCall call;
  call.count = number;
  const std::string body =
      privacy::BodyOf(number, static_cast<std::int64_t>(number % 4'102'444'800'000), event, call);
  const privacy::AuditHasher hasher(text);
  std::string line = privacy::LineOf(body, hasher.Of({}, body));
  line.pop_back();
  fuzz::RunLine(line);
  if (!text.empty()) line[number % line.size()] = text[0];
  fuzz::RunLine(line);
  return 0;
}
