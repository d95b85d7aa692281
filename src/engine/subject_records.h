// engine/subject_records.h - goes through the log for what names one person: records, facts of others, and when each identifier was seen.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_ENGINE_SUBJECT_RECORDS_H_
#define POLYONYM_SRC_ENGINE_SUBJECT_RECORDS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/disclosure.h"
#include "engine/view_impl.h"
#include "polyonym/engine/subject_access.h"

namespace polyonym::engine {

class SubjectRecords {
 public:
  // `root`: of the person's profile. All must outlive it.
  SubjectRecords(const View::Impl& view, Node root, Disclosure* disclosure)
      : view_(view), graph_(view.graph()), root_(root), disclosure_(*disclosure) {}

  // ERRORS: DataLoss, OutOfRange.
  absl::Status Read(const View& log,
                    const std::function<void(std::uint64_t, std::uint64_t)>& progress);

  std::vector<SubjectRecord> TakeRecords() { return std::move(records_); }
  // All of the person's.
  std::vector<SubjectIdentifier> Identifiers();
  // Numbers of records whose ids are not told.
  const std::set<std::uint64_t>& hidden_ids() const { return hidden_ids_; }

 private:
  struct Seen {
    std::uint64_t records = 0;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
  };
  using NamedRecord = View::Impl::NamedRecord;

  bool IsTheirs(Node name) const { return graph_.ProfileOf(graph_.Canonical(name)) == root_; }
  Node PrimaryOf(const NamedRecord& named) const;
  SubjectRecordState StateOf(std::uint64_t number) const;
  // An identifier as somebody wrote it, at the time of the record.
  struct Written {
    Node name = kNone;
    Reason held = Reason::kNone;
    std::string normalised;
  };
  Written Find(std::string_view ns, std::string_view value, std::int64_t time_ms) const;
  bool NamesThem(const RelationFact& relation, std::int64_t time_ms) const;
  void Take(const StoredRecord& stored);
  void Count(const NamedRecord& named);
  void SetNames(const NamedRecord& named, bool is_held, SubjectRecord* out);
  void SetFacts(const Record& record, Facts facts, SubjectRecord* out);

  const View::Impl& view_;
  const View::Impl::Graph& graph_;
  const Node root_;
  Disclosure& disclosure_;
  std::vector<SubjectRecord> records_;
  std::map<Identifier, Seen> seen_;
  std::set<std::uint64_t> hidden_ids_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_SUBJECT_RECORDS_H_
