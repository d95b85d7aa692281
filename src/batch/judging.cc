// Each distinct text is judged once, by all threads; where judging changed a text, what came of them is numbered again.
#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "batch/rows.h"
#include "model/digest.h"
#include "model/utf8.h"

namespace polyonym::batch {
namespace {

constexpr std::size_t kRange = 1 << 13;

// What a kind is to the policy.
struct KindVerdict {
  bool valid = false;
  std::uint32_t family = CompiledPolicy::kUndeclared;
  bool passes_all = false;
};

class Judge {
 public:
  Judge(LargeArray<Text> texts, const RowOptions& options, Kinds* kinds)
      : count_(texts.size()),
        texts_(std::move(texts)),
        options_(options),
        policy_(*options.policy) {
    for (const NamespacePolicy& ns : policy_.policy().namespaces) {
      for (const Derived& derived : ns.derived) kinds->Add(derived.ns);
    }
    for (const std::string& ns : kinds->names()) {
      const std::uint32_t family = policy_.FindFamily(ns);
      kinds_.push_back({IsValidNamespace(ns), family,
                        family != CompiledPolicy::kUndeclared && policy_.PassesAll(family)});
    }
    out_.stores.resize((count_ + kRange - 1) / kRange + 1);
    out_.reasons.resize(count_);
  }

  Nodes Run(Kinds* kinds) {
    engine::RunRanges(options_.threads, count_, kRange,
                      [&](std::size_t from, std::size_t to) { JudgeRange(from, to); });
    std::vector<std::pair<std::uint32_t, std::uint32_t>> derivations;  // text, what is derived
    if (policy_.HasDerived()) derivations = Derive(kinds);
    if (!changed_.load() && derivations.empty()) {
      out_.as_given = true;
      out_.reasons = {};
      out_.texts = std::move(texts_);
      return std::move(out_);
    }
    Numbering numbering = NumberTexts(TextsOf(texts_, *kinds), options_.threads);
    out_.texts = std::move(numbering.texts);
    out_.node_of = std::move(numbering.number_of);
    KeepDerived(std::move(derivations));
    return std::move(out_);
  }

 private:
  Reason ShapeOf(const Text& text) const {
    if (!kinds_[text.kind].valid) return Reason::kBadNamespace;
    if (text.size == 0) return Reason::kEmptyValue;
    if (text.size > options_.limits.max_value_bytes) return Reason::kValueTooLong;
    return IsUtf8(text.view()) ? Reason::kNone : Reason::kNotUtf8;
  }

  void JudgeRange(std::size_t from, std::size_t to) {
    Verdict verdict;
    TextStore& store = out_.stores[from / kRange];
    bool changed = false;
    for (std::size_t i = from; i < to; ++i) {
      if (i + 8 < to) __builtin_prefetch(texts_[i + 8].data);
      Text& text = texts_[i];
      const auto& [valid, family, passes_all] = kinds_[text.kind];
      Reason reason = ShapeOf(text);
      if (passes_all && reason == Reason::kNone) continue;
      if (reason == Reason::kNone && family == CompiledPolicy::kUndeclared)
        reason = Reason::kUndeclaredNamespace;
      if (reason == Reason::kNone) {
        verdict.reason = policy_.Judge(family, text.view(), &verdict.value);
        reason = verdict.reason;
      }
      out_.reasons[i] = reason;
      if (reason != Reason::kNone) {
        text = {};
        changed = true;
      } else if (verdict.value != text.view()) {
        text = Kept(verdict.value, text.kind, &store);
        changed = true;
      }
    }
    if (changed) changed_ = true;
  }

  static Text Kept(const std::string& value, Kind kind, TextStore* store) {
    return {store->Keep(value), static_cast<std::uint32_t>(value.size()), kind};
  }

  // Appends to the texts what is derived from them.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> Derive(Kinds* kinds) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> derivations;
    KindCache cache(kinds);
    std::vector<Text> derived_texts;
    std::string digest;
    Verdict verdict;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (out_.reasons[i] != Reason::kNone) continue;
      const std::uint32_t family = kinds_[texts_[i].kind].family;
      for (const Derived& derived : policy_.policy().namespaces[family].derived) {
        if (!DigestValue(derived.digest, derived.of, texts_[i].view(), &digest)) continue;
        const Kind kind = cache.Of(derived.ns).kind;
        verdict.reason = policy_.Judge(kinds_[kind].family, digest, &verdict.value);
        if (verdict.reason != Reason::kNone) continue;
        derivations.emplace_back(i, static_cast<std::uint32_t>(count_ + derived_texts.size()));
        derived_texts.push_back(Kept(verdict.value, kind, &out_.stores.back()));
      }
    }
    texts_.Resize(count_ + derived_texts.size());
    std::copy(derived_texts.begin(), derived_texts.end(), texts_.begin() + count_);
    return derivations;
  }

  void KeepDerived(std::vector<std::pair<std::uint32_t, std::uint32_t>> derivations) {
    if (derivations.empty()) return;
    for (auto& [from, of] : derivations) from = out_.node_of[from], of = out_.node_of[of];
    std::sort(derivations.begin(), derivations.end());
    derivations.erase(std::unique(derivations.begin(), derivations.end()), derivations.end());
    out_.derived_begin.resize(out_.texts.size() + 1);
    for (const auto& [from, of] : derivations) {
      ++out_.derived_begin[from + 1];
      out_.derived.push_back(of);
    }
    for (std::size_t n = 0; n < out_.texts.size(); ++n)
      out_.derived_begin[n + 1] += out_.derived_begin[n];
  }

  const std::size_t count_;  // of texts that were given
  LargeArray<Text> texts_;   // judged, then those that are derived; none where one is held
  const RowOptions& options_;
  const CompiledPolicy& policy_;
  std::vector<KindVerdict> kinds_;
  std::atomic<bool> changed_{false};
  Nodes out_;
};

}  // namespace

Nodes JudgeTexts(LargeArray<Text> texts, const RowOptions& options, Kinds* kinds) {
  return Judge(std::move(texts), options, kinds).Run(kinds);
}

}  // namespace polyonym::batch
