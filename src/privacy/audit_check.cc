// Reading an audit log from its first line to its last.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "polyonym/privacy/audit_log.h"
#include "privacy/audit_chain.h"
#include "privacy/audit_file.h"
#include "privacy/audit_line.h"

namespace polyonym {
namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

// Lines of a file that may hold anything: none is kept that is longer than a log's are.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : file_(path, std::ios::binary) {}

  bool ok() const { return file_.is_open() && !file_.bad(); }

  // Up to the next line end; false where none comes. What is too long comes cut.
  bool Next(std::string_view* line) {
    while (true) {
      const std::size_t end = buffer_.find('\n', at_);
      const bool is_long = end == std::string::npos && left() > privacy::kMaxAuditLineBytes;
      if (end != std::string::npos || is_long) {
        *line = std::string_view(buffer_).substr(at_, is_long ? std::string::npos : end - at_);
        at_ = is_long ? buffer_.size() : end + 1;
        return true;
      }
      if (!Fill()) return false;
    }
  }
  // Behind the last line end.
  std::size_t left() const { return buffer_.size() - at_; }

 private:
  bool Fill() {
    buffer_.erase(0, std::exchange(at_, 0));
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kChunkBytes);
    file_.read(buffer_.data() + had, static_cast<std::streamsize>(kChunkBytes));
    buffer_.resize(had + static_cast<std::size_t>(std::max<std::streamsize>(file_.gcount(), 0)));
    return buffer_.size() > had;
  }

  std::ifstream file_;
  std::string buffer_;
  std::size_t at_ = 0;
};

class Checker {
 public:
  explicit Checker(const AuditCheckOptions& options)
      : kept_(options.kept), hasher_(options.key), chain_(hasher_) {}

  absl::Status Read(const std::string& path, bool is_last) {
    LineReader lines(path);
    if (!lines.ok()) return Unreadable();
    const std::string name = std::filesystem::path(path).filename().string();
    ++summary_.files;
    std::string_view line;
    std::uint64_t in_file = 0;
    for (; lines.Next(&line); ++summary_.lines) {
      if (++in_file == 1) {
        if (absl::Status status = privacy::CheckKeyed(line, hasher_.keyed()); !status.ok())
          return status;
      }
      std::string problem = chain_.Take(line, in_file == 1);
      if (summary_.first == 0) summary_.first = chain_.number();
      if (!problem.empty()) Add({name, in_file, chain_.number(), std::move(problem)});
      Compare(name, in_file);
    }
    if (!lines.ok()) return Unreadable();
    if (lines.left() == 0) return absl::OkStatus();
    if (is_last) {
      summary_.torn_bytes = lines.left();
    } else {
      Add({name, in_file + 1, 0, "the file was put aside, and ends within a line"});
    }
    return absl::OkStatus();
  }

  AuditSummary Result() && {
    summary_.head = chain_.head().value_or(AuditHead());
    if (kept_ && kept_->number != 0 && !met_) {
      Add({"", 0, kept_->number,
           kept_->number < summary_.first
               ? "the kept head lies before the first line that is here: its file was taken away"
               : "the log ends before the kept head: lines were cut off"});
    }
    return std::move(summary_);
  }

 private:
  static absl::Status Unreadable() {
    return absl::UnavailableError("a file of the audit log cannot be read");
  }
  void Add(AuditProblem problem) {
    if (summary_.problems.size() < kMaxProblems) summary_.problems.push_back(std::move(problem));
  }
  void Compare(const std::string& name, std::uint64_t line) {
    if (!kept_ || chain_.number() != kept_->number) return;
    met_ = true;
    if (chain_.head() != kept_)
      Add({name, line, kept_->number, "is another than the kept head: the log was written anew"});
  }

  const std::optional<AuditHead> kept_;
  bool met_ = false;
  const privacy::AuditHasher hasher_;
  privacy::AuditChain chain_;
  AuditSummary summary_;
};

}  // namespace

absl::StatusOr<AuditSummary> CheckAuditLog(const std::string& path,
                                           const AuditCheckOptions& options) {
  const auto aside = privacy::FilesAside(path);
  if (!aside.ok()) return aside.status();
  std::error_code error;
  const bool is_there = std::filesystem::is_regular_file(path, error);
  if (!is_there && aside->empty()) return absl::NotFoundError("there is no audit log of this name");
  Checker checker(options);
  for (const std::uint64_t number : *aside) {
    const bool is_last = !is_there && number == aside->back();
    if (absl::Status status = checker.Read(privacy::NameAside(path, number), is_last); !status.ok())
      return status;
  }
  if (is_there) {
    if (absl::Status status = checker.Read(path, true); !status.ok()) return status;
  }
  return std::move(checker).Result();
}

}  // namespace polyonym
