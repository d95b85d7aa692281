#include "measure/codes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "polyonym/model/facts.h"

namespace polyonym::measure {
namespace {

bool IsCurrency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::optional<std::uint32_t> CodesAsTheyCome::Find(std::string_view text) const {
  if (text.empty()) return 0;
  const auto found = codes_.find(text);
  if (found == codes_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t CodesAsTheyCome::Add(std::string_view text) {
  const auto code = static_cast<std::uint32_t>(codes_.size() + 1);
  codes_.emplace(text, code);
  return code;
}

std::vector<std::string_view> CodesAsTheyCome::Texts() const {
  std::vector<std::string_view> texts(codes_.size() + 1);
  for (const auto& [text, code] : codes_) texts[code] = text;
  return texts;
}

OrderedCodes OrderCodes(std::span<const std::string_view> texts,
                        std::span<const std::uint8_t> used) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t old = 0; old < texts.size(); ++old) {
    if (!texts[old].empty() && (used.empty() || used[old] != 0)) order.push_back(old);
  }
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
  OrderedCodes ordered;
  ordered.texts.reserve(order.size() + 1);
  ordered.texts.emplace_back();
  ordered.code_of.assign(texts.size(), 0);
  for (const std::uint32_t old : order) {
    ordered.code_of[old] = static_cast<std::uint32_t>(ordered.texts.size());
    ordered.texts.emplace_back(texts[old]);
  }
  return ordered;
}

std::string FaultOfText(EventDimension dimension, std::string_view text) {
  const bool is_type = dimension == EventDimension::kType;
  if (is_type && text.empty()) return "an event must have a type";
  const std::size_t most = is_type ? kMaxFactNameBytes : kMaxFactTextBytes;
  if (text.size() > most) return absl::StrCat("allowed are up to ", most, " bytes");
  if (dimension == EventDimension::kCurrency && !text.empty() && !IsCurrency(text))
    return "allowed are three capital letters, or none";
  return {};
}

}  // namespace polyonym::measure
