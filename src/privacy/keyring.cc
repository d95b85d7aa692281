// The file, numbers little-endian. A page of 4,096 bytes: `plynkeys`, version (4), id (16), a check of the store's secret (16), XXH3-64 of
// these; the rest zeros. Then 40 bytes a slot: its secret (16; zeros: destroyed) and a check (4), its tag (16; zeros: none) and a check (4). A check is
// the lower half of XXH3-64 of the 16 bytes before it, seeded with 2 × slot, and 1 more for a tag; 1 in place of 0. Zeros are no check: that tag, or slot, was
// never written.
#include "privacy/keyring.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polyonym::privacy {
namespace {

constexpr std::string_view kMagic = "plynkeys";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kHeadUsed =
    8 + sizeof kVersion + 16 + kCheckBytes + sizeof(std::uint64_t);  // with its checksum

// Of a slot: secret, check, tag, check.
constexpr std::size_t kHalfBytes = 20;
constexpr std::size_t kSlotBytes = 2 * kHalfBytes;
constexpr std::size_t kReadSlots = 16'384;
constexpr std::size_t kUnwrittenTags = 4'096;
constexpr std::size_t kFewestDrawn = 256, kMostDrawn = 65'536;

using Bytes16 = std::array<unsigned char, 16>;

std::string_view ViewOf(const Bytes16& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
bool IsZero(const Bytes16& bytes) { return bytes == Bytes16{}; }

off_t PlaceOf(KeySlot slot) {
  return static_cast<off_t>(kHeadBytes + (std::size_t{slot} - 1) * kSlotBytes);
}

// Never 0, so that bytes that were never written fit nothing.
std::uint32_t Check(KeySlot slot, bool of_tag, std::string_view bytes) {
  const auto check = static_cast<std::uint32_t>(XXH3_64bits_withSeed(
      bytes.data(), bytes.size(), std::uint64_t{slot} << 1 | (of_tag ? 1 : 0)));
  return check == 0 ? 1 : check;
}

void PutHalf(KeySlot slot, bool of_tag, const Bytes16& bytes, std::string* out) {
  const std::uint32_t check = Check(slot, of_tag, ViewOf(bytes));
  out->append(ViewOf(bytes));
  out->append(reinterpret_cast<const char*>(&check), sizeof check);
}

// False where the check does not fit.
bool ReadHalf(KeySlot slot, bool of_tag, std::string_view half, Bytes16* bytes) {
  std::uint32_t check = 0;
  std::memcpy(&check, half.data() + bytes->size(), sizeof check);
  if (check != Check(slot, of_tag, half.substr(0, bytes->size()))) return false;
  std::memcpy(bytes->data(), half.data(), bytes->size());
  return true;
}

absl::Status Failed(const char* what) {
  return absl::UnavailableError(std::string("the keyring cannot be ") + what + ": " +
                                std::generic_category().message(errno));
}

absl::Status WriteAt(int file, off_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  return absl::OkStatus();
}

// As many bytes as there are, up to `bytes`.
absl::StatusOr<std::string> ReadAt(int file, off_t at, std::size_t bytes) {
  std::string out(bytes, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t read = ::pread(file, out.data() + got, bytes - got, at + static_cast<off_t>(got));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return Failed("read");
    if (read == 0) break;
    got += static_cast<std::size_t>(read);
  }
  out.resize(got);
  return out;
}

class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return file_; }
  int Release() { return std::exchange(file_, -1); }

 private:
  int file_;
};

// Makes the name of a file in its folder outlive the power.
absl::Status SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return Failed("named");
  return absl::OkStatus();
}

// Writes a file whole, and only then gives it its name.
absl::Status WriteFile(const std::string& path, const std::string& bytes) {
  const std::string unfinished = path + ".new";
  const OpenFile file(
      ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.get() < 0) return Failed("made");
  absl::Status status = WriteAt(file.get(), 0, bytes);
  if (status.ok() && ::fsync(file.get()) != 0) status = Failed("synced");
  if (status.ok() && std::rename(unfinished.c_str(), path.c_str()) != 0) status = Failed("named");
  if (!status.ok()) {
    ::unlink(unfinished.c_str());
    return status;
  }
  return SyncFolderOf(path);
}

std::string CheckOf(const SecretKey& store_secret, const Bytes16& id) {
  return DeriveBytes(store_secret.view(), ViewOf(id), "polyonym keyring 1: check", kCheckBytes);
}
std::string KeyFor(const SecretKey& store_secret, const Bytes16& id, std::string_view what) {
  return DeriveBytes(store_secret.view(), ViewOf(id), what, kKeyBytes);
}

std::string EncodeHead(const SecretKey& store_secret, const Bytes16& id) {
  std::string head(kMagic);
  head.append(reinterpret_cast<const char*>(&kVersion), sizeof kVersion);
  head.append(ViewOf(id)).append(CheckOf(store_secret, id));
  const std::uint64_t checksum = XXH3_64bits(head.data(), head.size());
  head.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  head.resize(kHeadBytes);
  return head;
}

// The id of the keyring.
absl::StatusOr<Bytes16> DecodeHead(const SecretKey& store_secret, std::string_view head) {
  if (head.size() < kHeadUsed || !head.starts_with(kMagic))
    return absl::DataLossError("the file is no keyring; put the store's own back");
  std::uint32_t version = 0;
  std::memcpy(&version, head.data() + kMagic.size(), sizeof version);
  if (version > kVersion) {
    return absl::FailedPreconditionError(
        "the keyring has a newer format; open it with a newer polyonym");
  }
  std::uint64_t checksum = 0;
  const std::size_t summed = kHeadUsed - sizeof checksum;
  std::memcpy(&checksum, head.data() + summed, sizeof checksum);
  if (checksum != XXH3_64bits(head.data(), summed))
    return absl::DataLossError("the keyring's head is damaged; put its copy back");
  Bytes16 id;
  std::memcpy(id.data(), head.data() + kMagic.size() + sizeof version, id.size());
  if (!SameBytes(head.substr(summed - kCheckBytes, kCheckBytes), CheckOf(store_secret, id)))
    return absl::FailedPreconditionError("the keyring is another store's; put the own one back");
  return id;
}

}  // namespace

// ---- opening ----

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::Make(const std::string& path,
                                                       const SecretKey& store_secret) {
  struct stat found;
  if (::lstat(path.c_str(), &found) == 0)
    return absl::AlreadyExistsError("there is a keyring already");
  Bytes16 id;
  if (absl::Status status = FillRandom(id.data(), id.size()); !status.ok()) return status;
  if (absl::Status status = WriteFile(path, EncodeHead(store_secret, id)); !status.ok())
    return status;
  return Open(path, store_secret);
}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::Open(const std::string& path,
                                                       const SecretKey& store_secret) {
  OpenFile file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) {
    return absl::NotFoundError(
        "the keyring is missing; put its newest copy back: what is sealed under its keys cannot be "
        "read without it");
  }
  if (file.get() < 0) return Failed("opened");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return absl::UnavailableError("the keyring is busy: somebody else has it open");
  auto head = ReadAt(file.get(), 0, kHeadBytes);
  if (!head.ok()) return head.status();
  auto id = DecodeHead(store_secret, *head);
  if (!id.ok()) return id.status();
  std::unique_ptr<Keyring> keyring(new Keyring(path, file.Release(), store_secret, *id));
  if (absl::Status status = keyring->Load(); !status.ok()) return status;
  return keyring;
}

Keyring::Keyring(std::string path, int file, const SecretKey& store_secret, const Bytes16& id)
    : path_(std::move(path)),
      file_(file),
      id_(id),
      tag_mac_(KeyFor(store_secret, id, "polyonym keyring 1: tags")),
      key_mac_(KeyFor(store_secret, id, "polyonym keyring 1: keys")),
      by_tag_(0, TagHash{&entries_}, TagEqual{&entries_}) {}

Keyring::~Keyring() {
  // Slots behind the last that was given out are of no use to anybody. Where this fails, they stay, and are not given out.
  if (Sync().ok() && !drawn_.empty()) {
    [[maybe_unused]] const int cut =
        ::ftruncate(file_, PlaceOf(static_cast<KeySlot>(entries_.size() + 1)));
  }
  ::close(file_);
  for (Entry& entry : entries_) OPENSSL_cleanse(entry.secret.data(), entry.secret.size());
  for (Secret& secret : drawn_) OPENSSL_cleanse(secret.data(), secret.size());
}

absl::Status Keyring::Load() {
  const std::unique_lock lock(mutex_);
  for (KeySlot first = 1;; first += kReadSlots) {
    auto bytes = ReadAt(file_, PlaceOf(first), kReadSlots * kSlotBytes);
    if (!bytes.ok()) return bytes.status();
    const std::size_t count =
        bytes->size() / kSlotBytes;  // the last may be torn: it was not given out
    for (std::size_t i = 0; i < count; ++i) {
      LoadEntry(first + static_cast<KeySlot>(i),
                std::string_view(*bytes).substr(i * kSlotBytes, kSlotBytes));
    }
    Wipe(&*bytes);
    if (count < kReadSlots) return absl::OkStatus();
  }
}

void Keyring::LoadEntry(KeySlot slot, std::string_view bytes) {
  Entry& entry = entries_.emplace_back();
  const bool sound = ReadHalf(slot, false, bytes.substr(0, kHalfBytes), &entry.secret);
  if (!sound) damaged_.insert(slot);
  if (sound && IsZero(entry.secret)) {
    ++destroyed_;
    return;  // whatever is left of the tag
  }
  // A tag that was torn is told again.
  if (ReadHalf(slot, true, bytes.substr(kHalfBytes), &entry.tag) && !IsZero(entry.tag))
    by_tag_.insert(slot);
}

// ---- finding ----

std::size_t Keyring::TagHash::operator()(const Tag& tag) const {
  std::uint64_t hash = 0;  // tags are random already
  std::memcpy(&hash, tag.data(), sizeof hash);
  return hash;
}

Keyring::Tag Keyring::TagOf(std::string_view ns, std::string_view value) const {
  // A namespace has no byte of 0.
  std::string named;
  named.reserve(ns.size() + 1);
  named.append(ns).push_back('\0');
  const Hash hash = tag_mac_.Of(named, value);
  Tag tag;
  std::memcpy(tag.data(), hash.data(), tag.size());
  return tag;
}

KeySlot Keyring::FindTag(const Tag& tag) const {
  const auto at = by_tag_.find(tag);
  return at == by_tag_.end() ? 0 : *at;
}

KeySlot Keyring::Find(std::string_view ns, std::string_view value) const {
  const Tag tag = TagOf(ns, value);
  const std::shared_lock lock(mutex_);
  return FindTag(tag);
}

absl::StatusOr<KeySlot> Keyring::SlotOf(std::string_view ns, std::string_view value) {
  const Tag tag = TagOf(ns, value);
  const std::unique_lock lock(mutex_);
  if (const KeySlot known = FindTag(tag); known != 0) return known;
  return GiveOut(tag);
}

absl::StatusOr<KeySlot> Keyring::Renew(std::string_view ns, std::string_view value) {
  const Tag tag = TagOf(ns, value);
  const std::unique_lock lock(mutex_);
  const KeySlot before = FindTag(tag);
  auto slot = GiveOut(tag);
  if (!slot.ok() || before == 0) return slot;
  by_tag_.erase(before);
  entries_[before - 1].tag = {};
  unwritten_.push_back(before);
  return slot;
}

absl::StatusOr<KeySlot> Keyring::GiveOut(const Tag& tag) {
  if (absl::Status status = Latched(); !status.ok()) return status;
  if (entries_.size() == std::numeric_limits<KeySlot>::max())
    return absl::ResourceExhaustedError("the keyring has given out all of its slots");
  if (unwritten_.size() >= kUnwrittenTags) {
    if (absl::Status status = WriteTags(); !status.ok()) return status;
  }
  if (drawn_.empty()) {
    if (absl::Status status = Extend(); !status.ok()) return status;
  }
  entries_.push_back({drawn_.back(), tag});
  OPENSSL_cleanse(drawn_.back().data(), drawn_.back().size());
  drawn_.pop_back();
  ++given_out_;
  const auto slot = static_cast<KeySlot>(entries_.size());
  by_tag_.insert(slot);
  unwritten_.push_back(slot);
  return slot;
}

absl::Status Keyring::Teach(KeySlot slot, std::string_view ns, std::string_view value) {
  const Tag tag = TagOf(ns, value);
  const std::unique_lock lock(mutex_);
  const bool there = slot != 0 && slot <= entries_.size();
  if (there && IsZero(entries_[slot - 1].secret) && !damaged_.contains(slot))
    return absl::OkStatus();  // destroyed
  if (there && doomed_.contains(slot)) return absl::OkStatus();
  if (!there || (!IsZero(entries_[slot - 1].tag) && entries_[slot - 1].tag != tag)) {
    return absl::DataLossError(
        "a record names a key that is not its identifier's; put the newest copy of the keyring "
        "back");
  }
  if (!IsZero(entries_[slot - 1].tag)) return absl::OkStatus();
  entries_[slot - 1].tag = tag;
  // Where two slots were given to one identifier, the later one is used from now on; Destroy() is told both by the records.
  if (const KeySlot known = FindTag(tag); known != 0) by_tag_.erase(known);
  by_tag_.insert(slot);
  unwritten_.push_back(slot);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SecretKey>> Keyring::KeyOf(std::span<const KeySlot> slots) const {
  std::string secrets;
  secrets.reserve(slots.size() * (sizeof(KeySlot) + sizeof(Secret)));
  {
    const std::shared_lock lock(mutex_);
    for (const KeySlot slot : slots) {
      if (slot == 0 || slot > entries_.size() || damaged_.contains(slot)) {
        Wipe(&secrets);
        return absl::DataLossError(
            "a key that a record names is damaged, or not in the keyring; put its newest copy "
            "back");
      }
      const Secret& secret = entries_[slot - 1].secret;
      if (IsZero(secret)) {
        Wipe(&secrets);
        return std::optional<SecretKey>();
      }
      secrets.append(reinterpret_cast<const char*>(&slot), sizeof slot).append(ViewOf(secret));
    }
  }
  Hash key = key_mac_.Of(secrets);
  Wipe(&secrets);
  std::optional<SecretKey> made(std::in_place, View(key));
  OPENSSL_cleanse(key.data(), key.size());
  return made;
}

// ---- writing ----

absl::Status Keyring::Latched() const {
  if (!failed_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the keyring is read-only after a failed write; mend the cause and open it again");
}

absl::Status Keyring::Latch(absl::Status status) {
  if (!status.ok()) failed_ = true;
  return status;
}

absl::Status Keyring::SyncFile() {
  return Latch(::fdatasync(file_) == 0 ? absl::OkStatus() : Failed("synced"));
}

// Draws secrets for slots to come: as many as were given out since it was opened, so that few are lost where nobody closes it.
absl::Status Keyring::Extend() {
  const std::size_t count =
      std::min<std::size_t>(std::clamp(given_out_, kFewestDrawn, kMostDrawn),
                            std::numeric_limits<KeySlot>::max() - entries_.size());
  std::vector<Secret> drawn(count);
  if (absl::Status status = FillRandom(drawn.data(), count * sizeof(Secret)); !status.ok())
    return status;
  std::string bytes;
  bytes.reserve(count * kSlotBytes);
  for (std::size_t i = 0; i < count; ++i) {
    PutHalf(static_cast<KeySlot>(entries_.size() + 1 + i), false, drawn[i], &bytes);
    bytes.append(kHalfBytes, '\0');
  }
  absl::Status status =
      Latch(WriteAt(file_, PlaceOf(static_cast<KeySlot>(entries_.size() + 1)), bytes));
  if (status.ok()) status = SyncFile();
  Wipe(&bytes);
  if (status.ok()) drawn_.assign(drawn.rbegin(), drawn.rend());
  OPENSSL_cleanse(drawn.data(), count * sizeof(Secret));
  return status;
}

absl::Status Keyring::WriteTags() {
  // Runs of slots that follow each other are one write. A secret that lies between two tags is written as it is.
  std::sort(unwritten_.begin(), unwritten_.end());
  for (std::size_t i = 0; i < unwritten_.size();) {
    const KeySlot first = unwritten_[i];
    std::string bytes;
    KeySlot slot = first;
    for (; i < unwritten_.size() && unwritten_[i] == slot; ++i, ++slot) {
      if (slot != first && damaged_.contains(slot)) break;  // what is there stays as it is
      const Entry& entry = entries_[slot - 1];
      if (slot != first) PutHalf(slot, false, entry.secret, &bytes);
      PutHalf(slot, true, entry.tag, &bytes);
    }
    absl::Status status =
        Latch(WriteAt(file_, PlaceOf(first) + static_cast<off_t>(kHalfBytes), bytes));
    Wipe(&bytes);
    if (!status.ok()) return status;
  }
  unwritten_.clear();
  return absl::OkStatus();
}

absl::Status Keyring::Sync() {
  const std::unique_lock lock(mutex_);
  if (absl::Status status = Latched(); !status.ok()) return status;
  if (absl::Status status = WriteTags(); !status.ok()) return status;
  return SyncFile();
}

void Keyring::Doom(std::span<const KeySlot> slots) {
  const std::unique_lock lock(mutex_);
  for (const KeySlot slot : slots) {
    if (slot == 0 || slot > entries_.size()) continue;
    Entry& entry = entries_[slot - 1];
    if (IsZero(entry.secret) && !damaged_.contains(slot)) continue;
    by_tag_.erase(slot);  // which looks for its tag
    entry.tag = {};
    doomed_.insert(slot);
  }
}

std::size_t Keyring::DestroyedOf(std::span<const KeySlot> slots) const {
  const std::shared_lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(slots.begin(), slots.end(), [&](KeySlot slot) {
    return slot != 0 && slot <= entries_.size() && IsZero(entries_[slot - 1].secret) &&
           !damaged_.contains(slot);
  }));
}

absl::Status Keyring::Destroy(std::span<const KeySlot> slots) {
  const std::unique_lock lock(mutex_);
  if (absl::Status status = Latched(); !status.ok()) return status;
  for (const KeySlot slot : slots) {
    if (slot == 0 || slot > entries_.size())
      return absl::InvalidArgumentError("a slot to destroy is not in the keyring");
  }
  for (const KeySlot slot : slots) {
    Entry& entry = entries_[slot - 1];
    if (!IsZero(entry.secret) || damaged_.erase(slot) != 0) ++destroyed_;
    by_tag_.erase(slot);  // which looks for its tag
    doomed_.erase(slot);
    OPENSSL_cleanse(entry.secret.data(), entry.secret.size());
    entry.tag = {};
  }
  for (const KeySlot slot : slots) {
    std::string bytes;
    PutHalf(slot, false, Secret{}, &bytes);
    PutHalf(slot, true, Tag{}, &bytes);
    if (absl::Status status = Latch(WriteAt(file_, PlaceOf(slot), bytes)); !status.ok())
      return status;
  }
  return SyncFile();
}

absl::Status Keyring::CopyTo(const std::string& path) {
  if (absl::Status status = Sync(); !status.ok()) return status;
  const std::shared_lock lock(mutex_);
  auto bytes = ReadAt(file_, 0, kHeadBytes + entries_.size() * kSlotBytes);
  if (!bytes.ok()) return bytes.status();
  absl::Status status = WriteFile(path, *bytes);
  Wipe(&*bytes);
  return status;
}

// ---- counts ----

std::size_t Keyring::slots() const {
  const std::shared_lock lock(mutex_);
  return entries_.size();
}

std::size_t Keyring::destroyed() const {
  const std::shared_lock lock(mutex_);
  return destroyed_;
}

std::size_t Keyring::damaged() const {
  const std::shared_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(damaged_.begin(), damaged_.end(),
                    [this](KeySlot slot) { return !IsZero(entries_[slot - 1].tag); }));
}

}  // namespace polyonym::privacy
