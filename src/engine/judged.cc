#include "engine/judged.h"

namespace polyonym::engine {

void FindKinds(const Rules& rules, const Record& record, Judged* judged) {
  judged->record = &record;
  const std::size_t count = record.identifiers.size();
  judged->kinds.resize(count);
  judged->families.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& ns = record.identifiers[i].ns;
    const Kind kind = rules.FindKind(ns);
    judged->kinds[i] = kind;
    judged->families[i] = kind != kNone ? rules.FamilyOfKind(kind) : rules.policy().FindFamily(ns);
  }
}

void HashNames(const Rules& rules, const Index& index, Judged* judged) {
  const std::vector<RecordVerdict::Counted>& counted = judged->verdict.counted;
  judged->names.resize(counted.size());
  judged->new_kinds = false;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    Judged::Name& name = judged->names[i];
    name.kind =
        counted[i].derived ? rules.FindKind(counted[i].ns) : judged->kinds[counted[i].index];
    name.guess = kNone;
    if (name.kind == kNone) {
      judged->new_kinds = true;
    } else {
      name.hash = index.HashValue(name.kind, counted[i].value);
    }
  }
}

void JudgeBy(const Rules& rules, const Index& index, const Record& record, Judged* judged) {
  judged->malformed = Reason::kNone;
  FindKinds(rules, record, judged);
  const std::uint64_t source = index.HashSource(record.source);
  judged->source = Index::CutSource(source);
  judged->key = index.HashRecordKey(source, record.id);
  JudgeRecord(rules.policy(), record, judged->families, &judged->verdict);
  HashNames(rules, index, judged);
}

}  // namespace polyonym::engine
