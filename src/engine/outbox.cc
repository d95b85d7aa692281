// Payload: cause, profile, record, now (zigzag), trigger, segment.
#include "engine/outbox.h"

#include "absl/container/flat_hash_map.h"
#include "engine/bytes.h"

namespace polyonym::engine {
namespace {

constexpr std::uint8_t kOutboxVersion = 1;
constexpr std::string_view kPrefix = "outbox/";

// Causes that are something that people did, or time: the others rearrange who is who, or what is asked.
bool IsOfPeople(Cause cause) {
  switch (cause) {
    case Cause::kRecord:
    case Cause::kRetraction:
    case Cause::kAct:
    case Cause::kTime:
    case Cause::kConsent:
      return true;
    default:
      return false;
  }
}

std::string EncodeOutboxRow(std::string_view key, const Change& change,
                            const TriggerDefinition& trigger, std::int64_t now_ms) {
  std::string payload;
  payload.push_back(static_cast<char>(change.cause));
  PutVarint(&payload, change.kind == ChangeKind::kLeft ? change.from.value : change.to.value);
  PutVarint(&payload, change.record);
  PutVarint(&payload, ZigZag(now_ms));
  PutText(&payload, trigger.name);
  PutText(&payload, trigger.segment);
  return SealValue(kOutboxVersion, key, payload);
}

}  // namespace

std::string OutboxKey(std::uint64_t id, std::uint32_t graph) {
  std::string key(kPrefix);
  key.push_back(static_cast<char>(graph));
  return key + BigEndianKey(id);
}

absl::Status PutTriggered(const std::vector<TriggerDefinition>& triggers, std::uint32_t graph,
                          std::uint64_t sequence, const FeedRow& row, std::uint64_t* number,
                          WriteSet* writes) {
  if (triggers.empty()) return absl::OkStatus();
  absl::flat_hash_map<std::string_view, std::vector<const TriggerDefinition*>> by_segment;
  for (const TriggerDefinition& trigger : triggers) by_segment[trigger.segment].push_back(&trigger);
  for (const Change& change : row.changes) {
    const bool left = change.kind == ChangeKind::kLeft;
    if (!left && change.kind != ChangeKind::kEntered) continue;
    const auto at = by_segment.find(change.name);
    if (at == by_segment.end()) continue;
    for (const TriggerDefinition* trigger : at->second) {
      if (trigger->on_exit != left || !(trigger->any_cause || IsOfPeople(change.cause))) continue;
      if (*number >> kOutboxNumberBits != 0) {
        return absl::ResourceExhaustedError(
            "triggers: a call fires no more than 67,108,864 of them; put fewer people into one");
      }
      std::string key = OutboxKey(FirstOutboxId(sequence) + (*number)++, graph);
      std::string value = EncodeOutboxRow(key, change, *trigger, row.now_ms);
      writes->puts.push_back({Table::kMeta, std::move(key), std::move(value)});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<OutboxItem> DecodeOutboxRow(std::string_view key, std::string_view bytes) {
  auto payload = OpenValue(kOutboxVersion, key, bytes);
  if (!payload.ok()) return payload.status();
  ByteReader in(*payload);
  OutboxItem item;
  const std::uint8_t cause = in.Byte();
  item.profile.value = in.Varint();
  item.record = in.Varint();
  item.now_ms = UnZigZag(in.Varint());
  item.trigger = in.Text();
  item.segment = in.Text();
  if (!in.AtEnd() || cause > static_cast<std::uint8_t>(Cause::kErase) ||
      key.size() != kPrefix.size() + 9) {
    return absl::DataLossError("a row of the outbox does not decode; restore a backup");
  }
  item.cause = static_cast<Cause>(cause);
  item.id = FromBigEndianKey(key.substr(key.size() - 8));
  item.sequence = item.id >> kOutboxNumberBits;
  return item;
}

}  // namespace polyonym::engine
