#include "privacy/audit_line.h"

#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "polyonym/model/privacy_rules.h"

namespace polyonym {
namespace privacy {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kHashField = ",\"hash\":\"";
constexpr std::string_view kAfterField = ",\"after\":\"";
constexpr std::size_t kHexBytes = 64;

void AppendHex(const AuditHash& hash, std::string* out) {
  for (const std::uint8_t byte : hash) {
    out->push_back(kHexDigits[byte >> 4]);
    out->push_back(kHexDigits[byte & 15]);
  }
}

std::optional<AuditHash> ParseHex(std::string_view text) {
  if (text.size() != kHexBytes) return std::nullopt;
  AuditHash hash{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = std::string_view(kHexDigits).find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    hash[i / 2] = static_cast<std::uint8_t>(hash[i / 2] << 4 | digit);
  }
  return hash;
}

// Takes a whole number off the front.
std::optional<std::uint64_t> TakeNumber(std::string_view* text) {
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [next, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<std::size_t>(next - text->data()));
  return number;
}

std::optional<AuditHead> ParseHead(std::string_view text) {
  const auto number = TakeNumber(&text);
  if (!number || !text.starts_with(':')) return std::nullopt;
  const auto hash = ParseHex(text.substr(1));
  if (!hash) return std::nullopt;
  return AuditHead{*number, *hash};
}

// How many bytes at the front are one character of UTF-8; 0: none is.
std::size_t CharacterAt(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Longer than need be, halves of a surrogate pair, beyond Unicode.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
      (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f))
    return 0;
  return size;
}

// Up to `max_bytes` of it, as a string of JSON.
void AppendText(std::string_view text, std::size_t max_bytes, std::string* out) {
  out->push_back('"');
  for (std::size_t left = max_bytes; !text.empty();) {
    const std::size_t size = CharacterAt(text);
    const std::size_t taken = std::max<std::size_t>(size, 1);
    if (taken > left) break;
    const auto first = static_cast<std::uint8_t>(text[0]);
    if (size == 0) {
      *out += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      out->push_back('\\');
      out->push_back(text[0]);
    } else if (first < 0x20 || first == 0x7f) {
      *out += "\\u00";
      out->push_back(kHexDigits[first >> 4]);
      out->push_back(kHexDigits[first & 15]);
    } else {
      out->append(text.substr(0, size));
    }
    left -= taken;
    text.remove_prefix(taken);
  }
  out->push_back('"');
}

void AppendTextField(std::string_view name, std::string_view text, std::string* out) {
  if (text.empty()) return;
  (out->append(",\"").append(name)) += "\":";
  AppendText(text, kMaxAuditTextBytes, out);
}

void AppendNumberField(std::string_view name, std::optional<std::uint64_t> number,
                       std::string* out) {
  if (!number) return;
  ((out->append(",\"").append(name)) += "\":") += std::to_string(*number);
}

std::optional<std::uint64_t> UnlessZero(std::uint64_t number) {
  return number == 0 ? std::nullopt : std::optional(number);
}

std::string HeadOfBody(std::uint64_t number, std::int64_t time_ms) {
  return "{\"n\":" + std::to_string(number) + ",\"t\":" + std::to_string(time_ms);
}

}  // namespace

std::string BodyOf(std::uint64_t number, std::int64_t time_ms, const AccessEvent& event,
                   const AuditedCall& call) {
  std::string body = HeadOfBody(number, time_ms);
  AppendTextField("actor", event.actor, &body);
  AppendTextField("role", event.role, &body);
  AppendTextField("action", event.action, &body);
  AppendNumberField("profile", event.profile, &body);
  if (!event.fields.empty()) {
    const std::size_t count = std::min(event.fields.size(), kMaxAuditFields);
    body += ",\"fields\":[";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) body.push_back(',');
      AppendText(event.fields[i], kMaxFieldBytes, &body);
    }
    body.push_back(']');
    AppendNumberField("more_fields", UnlessZero(event.fields.size() - count), &body);
  }
  AppendNumberField("count", UnlessZero(call.count), &body);
  AppendNumberField("sequence", UnlessZero(call.sequence), &body);
  AppendTextField("outcome", event.outcome, &body);
  return body;
}

std::string BeginningOf(std::int64_t time_ms, bool keyed, const AuditHead& after) {
  std::string body = HeadOfBody(after.number + 1, time_ms);
  AppendTextField("action", kBegin, &body);
  body += keyed ? ",\"keyed\":true" : ",\"keyed\":false";
  body.append(kAfterField) += ToString(after);
  body.push_back('"');
  return body;
}

AuditHash AuditHasher::Of(const AuditHash& before, std::string_view body) const {
  if (hmac_) return hmac_->Of(View(before), body);
  std::string bytes(View(before));
  bytes += body;
  AuditHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

std::string LineOf(std::string_view body, const AuditHash& hash) {
  std::string line(body);
  line.append(kHashField);
  AppendHex(hash, &line);
  return line += "\"}\n";
}

std::optional<AuditLine> ParseAuditLine(std::string_view line) {
  constexpr std::string_view kStart = "{\"n\":";
  constexpr std::size_t kHashBytes = kHashField.size() + kHexBytes + 2;
  if (!line.starts_with(kStart) || line.size() < kStart.size() + kHashBytes ||
      !line.ends_with("\"}"))
    return std::nullopt;
  AuditLine out;
  out.body = line.substr(0, line.size() - kHashBytes);
  const std::string_view tail = line.substr(out.body.size());
  const auto hash = ParseHex(tail.substr(kHashField.size(), kHexBytes));
  std::string_view rest = out.body.substr(kStart.size());
  const auto number = TakeNumber(&rest);
  if (!tail.starts_with(kHashField) || !hash || !number || !rest.starts_with(",\"t\":"))
    return std::nullopt;
  out.number = *number;
  out.hash = *hash;
  // No text that is told to the log can look like this field: its quotes would be escaped.
  const std::size_t after = out.body.rfind(kAfterField);
  if (after != std::string_view::npos && out.body.ends_with('"')) {
    const std::size_t from = after + kAfterField.size();
    out.after = ParseHead(out.body.substr(from, out.body.size() - from - 1));
    out.keyed = out.body.substr(0, after).ends_with(",\"keyed\":true");
  }
  return out;
}

}  // namespace privacy

std::string ToString(const AuditHead& head) {
  std::string text = std::to_string(head.number) + ":";
  privacy::AppendHex(head.hash, &text);
  return text;
}

absl::StatusOr<AuditHead> ParseAuditHead(std::string_view text) {
  const auto head = privacy::ParseHead(text);
  if (head) return *head;
  return absl::InvalidArgumentError(
      "head: expected a number, a colon and 64 lower-case hexadecimal digits, as ToString() writes "
      "them");
}

}  // namespace polyonym
