#include "crash/disk_journal.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace polyonym::harness {
namespace {

constexpr std::uint64_t kSector = 512;

// What is left of the bytes of a file of which the first `synced` are safe.
std::string LeftOf(const std::string& written, std::uint64_t synced, Tail tail, Random& random) {
  const std::uint64_t behind = written.size() - synced;
  const auto sector_from = [&](std::uint64_t at) {
    return std::max(synced, at / kSector * kSector);
  };
  std::string left = written;
  switch (tail) {
    case Tail::kKept:
      return left;
    case Tail::kLost:
      left.resize(synced);
      return left;
    case Tail::kTorn:
      left.resize(synced + random.Below(behind));
      return left;
    case Tail::kZeroed:
    case Tail::kGarbled: {
      left.resize(synced + 1 + random.Below(behind));
      for (std::uint64_t i = sector_from(synced + random.Below(left.size() - synced));
           i < left.size(); ++i)
        left[i] = tail == Tail::kZeroed ? '\0' : static_cast<char>(random.Below(256));
      return left;
    }
    case Tail::kSectors:
      for (std::uint64_t at = synced; at < left.size();) {
        const std::uint64_t end =
            std::min<std::uint64_t>(left.size(), (at / kSector + 1) * kSector);
        if (random.Chance(50))
          std::fill(left.begin() + static_cast<std::ptrdiff_t>(at),
                    left.begin() + static_cast<std::ptrdiff_t>(end), '\0');
        at = end;
      }
      return left;
  }
  return left;
}

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("a file of a cut cannot be written");
}

}  // namespace

void DiskJournal::Add(Event event) { events_.push_back(std::move(event)); }

FileNumber DiskJournal::Create(const std::string& name) {
  Remove(name);
  const FileNumber file = sizes_.size();
  sizes_.push_back(0);
  links_.push_back(1);
  now_[name] = file;
  Add({Event::Kind::kCreate, file, 0, {}, {}, name});
  return file;
}

void DiskJournal::Append(FileNumber file, std::string_view bytes) {
  sizes_[file] += bytes.size();
  if (links_[file] != 0) bytes_ += bytes.size();
  Add({Event::Kind::kAppend, file, 0, std::string(bytes), {}, {}});
}

void DiskJournal::Overwrite(FileNumber file, std::uint64_t offset, std::string_view bytes) {
  Add({Event::Kind::kOverwrite, file, offset, std::string(bytes), {}, {}});
}

void DiskJournal::Truncate(FileNumber file, std::uint64_t size) {
  if (links_[file] != 0) bytes_ = bytes_ + size - sizes_[file];
  sizes_[file] = size;
  Add({Event::Kind::kTruncate, file, size, {}, {}, {}});
}

void DiskJournal::SyncFile(FileNumber file) { Add({Event::Kind::kSyncFile, file, 0, {}, {}, {}}); }
void DiskJournal::FailSync(FileNumber file) { Add({Event::Kind::kFailSync, file, 0, {}, {}, {}}); }
void DiskJournal::SyncFolder() { Add({Event::Kind::kSyncFolder, 0, 0, {}, {}, {}}); }

void DiskJournal::Link(const std::string& from, const std::string& to) {
  const FileNumber file = now_.at(from);
  now_[to] = file;
  ++links_[file];
  Add({Event::Kind::kLink, file, 0, {}, from, to});
}

// In one event: a cut never shows the new name gone and the old one not back.
void DiskJournal::Rename(const std::string& from, const std::string& to) {
  const FileNumber file = now_.at(from);
  if (const auto old = now_.find(to); old != now_.end() && --links_[old->second] == 0)
    bytes_ -= sizes_[old->second];
  now_.erase(from);
  now_[to] = file;
  Add({Event::Kind::kRename, file, 0, {}, from, to});
}

void DiskJournal::Remove(const std::string& name) {
  const auto at = now_.find(name);
  if (at == now_.end()) return;
  const FileNumber file = at->second;
  if (--links_[file] == 0) bytes_ -= sizes_[file];
  now_.erase(at);
  Add({Event::Kind::kRemove, file, 0, {}, name, {}});
}

std::optional<FileNumber> DiskJournal::Find(const std::string& name) const {
  const auto at = now_.find(name);
  if (at == now_.end()) return std::nullopt;
  return at->second;
}

void DiskJournal::ApplyName(const Event& event, NamesOfFiles* names) {
  if (event.kind == Event::Kind::kRemove || event.kind == Event::Kind::kRename) {
    const auto at = names->find(event.from);
    if (at != names->end() && at->second == event.file) names->erase(at);
  }
  if (event.kind != Event::Kind::kRemove) (*names)[event.to] = event.file;
}

void DiskJournal::Apply(const Event& event, State* state) {
  switch (event.kind) {
    case Event::Kind::kAppend:
      state->files[event.file].bytes += event.bytes;
      return;
    case Event::Kind::kOverwrite: {
      File& file = state->files[event.file];
      file.before.emplace_back(event.size, file.bytes.substr(event.size, event.bytes.size()));
      file.bytes.replace(event.size, event.bytes.size(), event.bytes);
      return;
    }
    case Event::Kind::kTruncate: {
      File& file = state->files[event.file];
      file.bytes.resize(event.size);
      file.synced = std::min(file.synced, event.size);
      return;
    }
    case Event::Kind::kSyncFile: {
      File& file = state->files[event.file];
      if (file.doomed) return;
      file.synced = file.bytes.size();
      file.before.clear();
      std::erase_if(state->unsynced, [&](const Event* made) {
        if (made->kind != Event::Kind::kCreate || made->file != event.file) return false;
        ApplyName(*made, &state->stable);
        return true;
      });
      return;
    }
    case Event::Kind::kFailSync:
      state->files[event.file].doomed = true;
      return;
    case Event::Kind::kSyncFolder:
      state->stable = state->now;
      state->unsynced.clear();
      return;
    case Event::Kind::kCreate:
      state->files.resize(event.file + 1);
      break;
    case Event::Kind::kLink:
    case Event::Kind::kRename:
    case Event::Kind::kRemove:
      break;
  }
  ApplyName(event, &state->now);
  state->unsynced.push_back(&event);
}

DiskJournal::State DiskJournal::StateAt(std::size_t events) const {
  State state;
  for (std::size_t i = 0; i < events; ++i) Apply(events_[i], &state);
  return state;
}

std::map<std::string, std::string> DiskJournal::Now() const {
  State state = StateAt(events_.size());
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : state.now) files[name] = state.files[file].bytes;
  return files;
}

std::string DiskJournal::NameOf(std::size_t event) const {
  switch (events_[event].kind) {
    case Event::Kind::kCreate:
      return "file made";
    case Event::Kind::kAppend:
    case Event::Kind::kOverwrite:
      return "write";
    case Event::Kind::kTruncate:
      return "file cut";
    case Event::Kind::kSyncFile:
    case Event::Kind::kFailSync:
      return "sync of a file";
    case Event::Kind::kLink:
      return "link";
    case Event::Kind::kRename:
      return "renaming";
    case Event::Kind::kRemove:
      return "removal";
    case Event::Kind::kSyncFolder:
      return "sync of the folder";
  }
  return "";
}

Taken DiskJournal::Cut(std::size_t events, const Loss& loss, Random& random,
                       const std::string& folder) const {
  State state = StateAt(events);
  Taken taken;
  const Names names = loss.names.value_or(static_cast<Names>(random.Below(4)));
  NamesOfFiles left = state.stable;
  const std::size_t first = random.Below(state.unsynced.size() + 1);
  for (std::size_t i = 0; i < state.unsynced.size(); ++i) {
    const bool kept = names == Names::kKept || (names == Names::kFirst && i < first) ||
                      (names == Names::kSome && random.Chance(50));
    if (kept) ApplyName(*state.unsynced[i], &left);
    if (!kept) ++taken.names;
  }
  std::filesystem::create_directory(folder);
  std::map<FileNumber, std::string> names_of;  // of several names of a file the first
  for (const auto& [name, number] : left) {
    File& file = state.files[number];
    const std::string path = folder + "/" + name;
    if (const auto other = names_of.find(number); other != names_of.end()) {
      std::filesystem::create_hard_link(other->second, path);
      continue;
    }
    names_of[number] = path;
    while (!file.before.empty()) {
      const auto [offset, bytes] = std::move(file.before.back());
      file.before.pop_back();
      if (!name.ends_with(loss.files) || random.Chance(50)) continue;
      file.bytes.replace(offset, bytes.size(), bytes);
      taken.bytes += bytes.size();
    }
    if (file.synced == file.bytes.size() || !name.ends_with(loss.files)) {
      Write(path, file.bytes);
      continue;
    }
    // RocksDB takes a MANIFEST that ends within an entry, and refuses one with anything else at its end. File systems that write data before
    // lengths (ext4's ordered mode, XFS) leave the former alone.
    constexpr int kCutKinds = 3;
    const bool manifest = name.starts_with("MANIFEST");
    const Tail tail =
        loss.tail.value_or(static_cast<Tail>(random.Below(manifest ? kCutKinds : kTailKinds)));
    const std::string bytes = LeftOf(file.bytes, file.synced, tail, random);
    if (bytes != file.bytes) ++taken.tails[tail];
    taken.bytes += file.bytes.size() - std::min(bytes.size(), file.bytes.size());
    Write(path, bytes);
  }
  return taken;
}

}  // namespace polyonym::harness
