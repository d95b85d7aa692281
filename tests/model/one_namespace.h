// model/one_namespace.h - a policy with one namespace, and its verdict on single values.
#ifndef POLYONYM_TESTS_MODEL_ONE_NAMESPACE_H_
#define POLYONYM_TESTS_MODEL_ONE_NAMESPACE_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "harness/engine_state.h"
#include "polyonym/model/judge.h"

namespace polyonym::harness {

inline NamespacePolicy Declared(const std::string& name,
                                Normaliser normaliser = Normaliser::kTrim) {
  NamespacePolicy ns;
  ns.name = name;
  ns.normaliser = normaliser;
  if (normaliser == Normaliser::kPhone) ns.region = "CN";
  return ns;
}

class OneNamespace {
 public:
  explicit OneNamespace(NamespacePolicy ns) {
    Policy policy;
    policy.namespaces.push_back(std::move(ns));
    compiled_ = Compile(policy);
  }
  explicit OneNamespace(Normaliser normaliser, bool builtin_blocks = true) {
    NamespacePolicy ns = Declared("ns", normaliser);
    ns.builtin_blocks = builtin_blocks;
    *this = OneNamespace(ns);
  }

  Verdict Judge(std::string_view raw) const { return compiled_->Judge(0, raw); }
  Reason ReasonOf(std::string_view raw) const { return Judge(raw).reason; }
  // The normalised value; why it is held, in angle brackets, where it is.
  std::string ValueOf(std::string_view raw) const {
    const Verdict verdict = Judge(raw);
    if (verdict.reason == Reason::kNone) return verdict.value;
    return "<" + std::string(ToString(verdict.reason)) + ">";
  }
  bool Blocks(std::string_view raw) const { return ReasonOf(raw) == Reason::kBlockedValue; }

 private:
  std::shared_ptr<const CompiledPolicy> compiled_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_MODEL_ONE_NAMESPACE_H_
