#include "engine/check_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/keyed_store.h"
#include "engine/outbox.h"
#include "store/readable_rows.h"

namespace polyonym {
namespace engine {
namespace {

constexpr std::array<const char*, kTableCount> kTableNames = {"log", "state", "meta", "feed"};
constexpr std::size_t kMaxNamed = 10'000;
constexpr std::uint8_t kAnyVersion = 255;
constexpr std::uint8_t kFirstVersion = 1;  // of rows of state and meta, the only one by now
constexpr std::string_view kHeaderKey = "header";
constexpr std::size_t kStateKeyBytes = 10;

std::string Number(std::uint64_t n) { return std::to_string(n); }

std::uint64_t NumberAtEnd(std::string_view key) {
  return key.size() < 8 ? 0 : FromBigEndianKey(key.substr(key.size() - 8));
}

std::uint32_t ByteAt(std::string_view key, std::size_t at) {
  return static_cast<std::uint8_t>(key[at]);
}

// The graph of a key of the feed; none where it is no such key.
std::optional<std::uint32_t> FeedGraph(std::string_view key) {
  if (key.size() == 8) return 0;
  if (key.size() == 10 && key[0] == '\xff') return ByteAt(key, 1);
  return std::nullopt;
}

// Names of consumers and hashes are left out.
std::string MetaKeyText(std::string_view key) {
  const std::size_t slash = key.find('/');
  std::string text(key.substr(0, std::min(slash, std::size_t{16})));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (slash == std::string_view::npos) return text;
  if (text == "cursor" && key.size() > slash + 1)
    return "cursor of graph " + Number(ByteAt(key, slash + 1));
  if (text == "outbox" && key.size() == slash + 10)
    return "outbox of graph " + Number(ByteAt(key, slash + 1)) + " item " +
           Number(NumberAtEnd(key));
  return text;
}

std::string KeyText(Table table, std::string_view key) {
  switch (table) {
    case Table::kLog:
      if (FrameNumber(key) != 0) return "frame " + Number(FrameNumber(key));
      break;
    case Table::kState:
      if (key.size() == kStateKeyBytes) {
        return "graph " + Number(ByteAt(key, 0)) + " part " + Number(ByteAt(key, 1)) + " block " +
               Number(NumberAtEnd(key));
      }
      break;
    case Table::kFeed:
      if (const auto graph = FeedGraph(key))
        return "graph " + Number(*graph) + " call " + Number(NumberAtEnd(key));
      break;
    case Table::kMeta:
      return MetaKeyText(key);
  }
  return "a key of " + Number(key.size()) + " bytes";
}

absl::Status NoKeyOfThisTable() { return absl::DataLossError("its key is none of this table"); }

class Surveyor {
 public:
  Surveyor(const Store& store, const std::function<void(const Frame&)>& frame)
      : store_(store), frame_(frame) {}

  RowsReport Run() {
    for (int i = 0; i < kTableCount; ++i) {
      const auto table = static_cast<Table>(i);
      ForEachReadableRow(
          store_, table,
          [&](std::string_view key, std::string_view value) {
            ++report_.rows;
            Look(table, key, value);
            return true;
          },
          [&](const UnreadableStretch& stretch) { Skip(table, stretch); });
    }
    report_.header_sound = header_;
    report_.log_whole = report_.log_whole && report_.log_sound;
    if (!header_ && report_.frames != 0) Name(Table::kMeta, "header", "it is missing");
    return std::move(report_);
  }

 private:
  void Name(Table table, std::string key, std::string what) {
    if (report_.unsound.size() < kMaxNamed) {
      report_.unsound.push_back(
          {kTableNames[static_cast<std::size_t>(table)], std::move(key), std::move(what)});
    }
    report_.log_sound &= table != Table::kLog;
    report_.state_sound &= table != Table::kState;
  }

  void Look(Table table, std::string_view key, std::string_view value) {
    if (table == Table::kLog) return LookAtFrame(key, value);
    const absl::Status status = CheckRow(table, key, value);
    if (status.ok()) {
      header_ |= table == Table::kMeta && key == kHeaderKey;
      return;
    }
    report_.newer |= absl::IsFailedPrecondition(status);
    if (table == Table::kFeed)
      report_.feed_sound_from = std::max(report_.feed_sound_from, NumberAtEnd(key) + 1);
    Name(table, KeyText(table, key), std::string(status.message()));
  }

  void LookAtFrame(std::string_view key, std::string_view value) {
    const std::uint64_t number = FrameNumber(key);
    if (number == 0)
      return Name(Table::kLog, KeyText(Table::kLog, key), "its key is none of this table");
    if (number != next_frame_) Missing(next_frame_, number - 1);
    next_frame_ = number + 1;
    const auto decoded = DecodeFrame(number, value);
    if (!decoded.ok()) {
      report_.newer |= absl::IsFailedPrecondition(decoded.status());
      return Name(Table::kLog, KeyText(Table::kLog, key),
                  std::string(CheckRow(Table::kLog, key, value).message()));
    }
    const Frame& frame = *decoded;
    if (frame.sequence != report_.last_sequence && frame.sequence != report_.last_sequence + 1 &&
        report_.log_sound)
      Name(Table::kLog, KeyText(Table::kLog, key), "calls before it are missing");
    report_.last_sequence = std::max(report_.last_sequence, frame.sequence);
    ++report_.frames;
    if (HoldsRecords(frame)) {
      if (frame.first_record > next_record_)
        report_.lost_records += frame.first_record - next_record_;
      next_record_ = std::max(next_record_, frame.first_record + frame.records.size());
      for (const Record& record : frame.records)
        ++(record.source.empty() ? taken_out_ : report_.records);
      report_.log_whole &= taken_out_ == 0;
    }
    if (frame_) frame_(frame);
  }

  void Missing(std::uint64_t first, std::uint64_t last) {
    // What lies in a stretch that cannot be read is named with it.
    if (skipped_log_) {
      skipped_log_ = false;
      return;
    }
    Name(Table::kLog,
         first == last ? "frame " + Number(first)
                       : "frames " + Number(first) + " to " + Number(last),
         first == last ? "it is missing" : "they are missing");
  }

  void Skip(Table table, const UnreadableStretch& stretch) {
    std::string key = "rows";
    if (!stretch.after.empty()) key += " behind " + KeyText(table, stretch.after);
    if (stretch.next) key += " before " + KeyText(table, *stretch.next);
    skipped_log_ |= table == Table::kLog;
    report_.newer |= absl::IsFailedPrecondition(stretch.why);
    if (table == Table::kFeed) {
      report_.feed_sound_from = stretch.next
                                    ? std::max(report_.feed_sound_from, NumberAtEnd(*stretch.next))
                                    : std::numeric_limits<std::uint64_t>::max();
    }
    Name(table, std::move(key), "they cannot be read from the disk as they were written");
  }

  const Store& store_;
  const std::function<void(const Frame&)>& frame_;
  RowsReport report_;
  bool header_ = false;
  std::uint64_t next_frame_ = 1;
  std::uint64_t next_record_ = 1;
  std::uint64_t taken_out_ = 0;
  bool skipped_log_ = false;  // since the last frame
};

absl::Status CheckMetaRow(std::string_view key, std::string_view value) {
  if (key.starts_with("outbox/")) return DecodeOutboxRow(key, value).status();
  auto payload = OpenValue(kFirstVersion, key, value);
  if (!payload.ok()) return payload.status();
  const bool number =
      key == kHeaderKey || key == "cleaned" || key == "feed_begins" || key.starts_with("cursor/");
  if (!number) return absl::OkStatus();
  ByteReader in(*payload);
  in.Varint();
  return in.AtEnd() ? absl::OkStatus() : absl::DataLossError("it does not decode");
}

absl::Status DecodeRow(Table table, std::string_view key, std::string_view value) {
  switch (table) {
    case Table::kLog:
      return DecodeFrame(FrameNumber(key), value).status();
    case Table::kState:
      if (key.size() != kStateKeyBytes) return NoKeyOfThisTable();
      return OpenValue(kFirstVersion, key, value).status();
    case Table::kMeta:
      return CheckMetaRow(key, value);
    case Table::kFeed:
      const auto graph = FeedGraph(key);
      if (!graph) return NoKeyOfThisTable();
      return DecodeFeedRow(NumberAtEnd(key), value, *graph).status();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRow(Table table, std::string_view key, std::string_view value) {
  const absl::Status status = DecodeRow(table, key, value);
  if (status.ok()) return status;
  if (absl::IsFailedPrecondition(status))
    return absl::FailedPreconditionError("a newer version of the library wrote it");
  if (!OpenValue(kAnyVersion, key, value).ok())
    return absl::DataLossError("its checksum does not fit what is there under this key");
  return absl::DataLossError("its checksum fits, but it does not decode");
}

RowsReport SurveyRows(const Store& store, const std::function<void(const Frame&)>& frame) {
  return Surveyor(store, frame).Run();
}

}  // namespace engine

absl::StatusOr<std::vector<UnsoundRow>> CheckRows(const std::string& path,
                                                  const CheckRowsOptions& options) {
  RocksStoreOptions rocks;
  rocks.create_if_missing = false;
  auto store = OpenRocksStore(path, rocks);
  if (store.ok())
    store = engine::WithKeysAndKeyring(*std::move(store), options.keys, options.keyring);
  if (!store.ok()) return store.status();
  engine::RowsReport report = engine::SurveyRows(**store);
  if (report.newer)
    return absl::FailedPreconditionError("the store is of a newer format than this library reads");
  return std::move(report.unsound);
}

}  // namespace polyonym
