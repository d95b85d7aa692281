#include "privacy/audit_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace polyonym::privacy {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(const char* what) {
  return absl::UnavailableError(std::string("the audit log cannot be ") + what + ": " +
                                std::generic_category().message(errno));
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}
OwnedFd::OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string NameAside(const std::string& path, std::uint64_t number) {
  return path + "." + std::to_string(number);
}

absl::StatusOr<std::vector<std::uint64_t>> FilesAside(const std::string& path) {
  const std::string prefix = fs::path(path).filename().string() + ".";
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  fs::directory_iterator files(FolderOf(path), error);
  for (; !error && files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto [at, problem] = std::from_chars(name.data() + prefix.size(), end, number);
    if (problem == std::errc() && at == end && name == prefix + std::to_string(number))
      numbers.push_back(number);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return absl::UnavailableError("the folder of the audit log cannot be read: " + error.message());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::StatusOr<AuditFile> AuditFile::Open(const std::string& path) {
  AuditFile out;
  out.path_ = path;
  out.lock_ = OwnedFd(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!out.lock_.is_open()) return Failed("locked");
  if (::flock(out.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return absl::UnavailableError("the audit log is open elsewhere: it has one writer at a time");
    return Failed("locked");
  }
  if (absl::Status status = out.OpenCurrent(); !status.ok()) return status;
  return out;
}

absl::StatusOr<AuditFile> AuditFile::OpenToRead(const std::string& path) {
  AuditFile out;
  out.file_ = OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (absl::Status status = out.TakeSize(); !status.ok()) return status;
  return out;
}

absl::Status AuditFile::OpenCurrent() {
  file_ = OwnedFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (absl::Status status = TakeSize(); !status.ok()) return status;
  is_ragged_ = false;
  return SyncFolder();
}

absl::Status AuditFile::TakeSize() {
  struct stat now {};
  if (!file_.is_open() || ::fstat(file_.get(), &now) != 0) return Failed("opened");
  if (!S_ISREG(now.st_mode)) {
    file_ = OwnedFd();
    return absl::UnavailableError("the audit log cannot be opened: it is no file");
  }
  bytes_ = static_cast<std::uint64_t>(now.st_size);
  return absl::OkStatus();
}

absl::Status AuditFile::SyncFolder() const {
  const OwnedFd folder(::open(FolderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return Failed("synced");
  return absl::OkStatus();
}

absl::StatusOr<std::string> AuditFile::Read(std::uint64_t from, std::size_t max_bytes) const {
  std::string out(from < bytes_ ? std::min<std::uint64_t>(bytes_ - from, max_bytes) : 0, '\0');
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t got =
        ::pread(file_.get(), out.data() + done, out.size() - done, static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Failed("read");
    done += static_cast<std::size_t>(got);
  }
  return out;
}

absl::Status AuditFile::Truncate(std::uint64_t bytes) {
  if (::ftruncate(file_.get(), static_cast<off_t>(bytes)) != 0) return Failed("mended");
  bytes_ = bytes;
  is_ragged_ = false;
  return absl::OkStatus();
}

absl::Status AuditFile::Append(std::string_view line) {
  if (!file_.is_open()) {
    if (absl::Status status = OpenCurrent(); !status.ok()) return status;
  }
  if (is_ragged_) {
    if (absl::Status status = Truncate(bytes_); !status.ok()) return status;
  }
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t put = ::write(file_.get(), line.data() + done, line.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const absl::Status status = Failed("written");
      is_ragged_ = true;
      // Where it cannot be cut off now, it is before the next write.
      (void)Truncate(bytes_);
      return status;
    }
    done += static_cast<std::size_t>(put);
  }
  bytes_ += line.size();
  return absl::OkStatus();
}

absl::Status SyncFile(const OwnedFd& file) {
  return !file.is_open() || ::fdatasync(file.get()) == 0 ? absl::OkStatus() : Failed("synced");
}

OwnedFd AuditFile::Again() const {
  return OwnedFd(file_.is_open() ? ::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0) : -1);
}

absl::Status AuditFile::PutAside() {
  if (absl::Status status = SyncFile(file_); !status.ok()) return status;
  const auto aside = FilesAside(path_);
  if (!aside.ok()) return aside.status();
  const std::string name = NameAside(path_, aside->empty() ? 1 : aside->back() + 1);
  if (::rename(path_.c_str(), name.c_str()) != 0) return Failed("put aside");
  file_ = OwnedFd();
  bytes_ = 0;
  return OpenCurrent();
}

}  // namespace polyonym::privacy
