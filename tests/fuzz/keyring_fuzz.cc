// The file of a keyring, altered or made up: it is refused well, or every slot of it has its key, has none any more, or is said to be damaged; and what is
// destroyed in it is gone for whoever opens it next.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "privacy/keyring.h"

namespace polyonym::fuzz {
namespace {

using privacy::Keyring;
using privacy::KeySlot;
using privacy::SecretKey;

constexpr std::size_t kSlots = 40;
constexpr std::size_t kHeadBytes = 4'096;
constexpr std::size_t kMostBytes = std::size_t{1} << 20;  // as a file may have here

const SecretKey& StoreSecret() {
  static const SecretKey secret(std::string(32, 's'));
  return secret;
}

// A file in memory alone, which has a path as long as this lives.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("keyring", MFD_CLOEXEC)) {
    Require(file_ >= 0, "there is memory for a file");
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }
  void Write(std::string_view bytes) {
    Require(::ftruncate(file_, 0) == 0 && ::pwrite(file_, bytes.data(), bytes.size(), 0) ==
                                              static_cast<ssize_t>(bytes.size()),
            "a file in memory is written");
  }

 private:
  const int file_;
};

// A keyring as it is written, with some slots, a few of them destroyed.
const std::string& Sound() {
  static const std::string bytes = [] {
    const std::string path = "/tmp/polyonym-keyring-fuzz-" + std::to_string(::getpid());
    ::unlink(path.c_str());
    {
      auto ring = Keyring::Make(path, StoreSecret());
      Must(ring.status());
      for (std::size_t i = 0; i < kSlots; ++i)
        Must((*ring)->SlotOf("crm", std::to_string(i)).status());
      const std::vector<KeySlot> some = {3, 17};
      Must((*ring)->Destroy(some));
    }
    std::string read(kMostBytes, '\0');
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = ::read(file, read.data(), read.size());
    Require(size > 0, "the keyring is read");
    read.resize(static_cast<std::size_t>(size));
    ::close(file);
    ::unlink(path.c_str());
    return read;
  }();
  return bytes;
}

void Alter(Input& in, std::string* bytes) {
  if (bytes->empty()) return;
  // Mostly among the slots: a head that is not as it was written is refused at once.
  const std::size_t from = in.Below(8) == 0 || bytes->size() <= kHeadBytes ? 0 : kHeadBytes;
  const std::size_t at = from + in.Number() % (bytes->size() - from);
  switch (in.Below(4)) {
    case 0:
      (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << in.Below(8)));
      break;
    case 1:
      bytes->resize(at);
      break;
    case 2:
      bytes->insert(at, std::string(in.Below(80), static_cast<char>(in.Byte())));
      break;
    default:
      bytes->replace(at, std::min<std::size_t>(40, bytes->size() - at),
                     bytes->substr(from + in.Number() % (bytes->size() - from), 40));
  }
}

// Whether a slot has a key; what else may become of it is an error that is said well.
bool HasKey(const Keyring& ring, KeySlot slot) {
  const auto key = ring.KeyOf(slot);
  RequireRefusedWell(key.status());
  return key.ok() && key->has_value();
}

void Use(Keyring& ring, Input& in) {
  Require(!HasKey(ring, 0) && !HasKey(ring, static_cast<KeySlot>(ring.slots() + 1)),
          "what is not there has no key");
  Require(ring.destroyed() <= ring.slots() && ring.damaged() <= ring.slots(), "counts fit");
  for (int i = 0; i < 8; ++i) {
    const std::string value = std::to_string(in.Below(2 * kSlots));
    const auto slot = ring.SlotOf("crm", value);
    Must(slot.status());
    Require(ring.Find("crm", value) == *slot, "who has a slot is found");
    RequireRefusedWell(ring.Teach(static_cast<KeySlot>(1 + in.Below(kSlots)), "crm", value));
  }
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  using namespace polyonym::fuzz;
  Input in(data, size);
  std::string bytes = Sound();
  const std::size_t alterations = in.Below(6);
  if (alterations == 5) {
    bytes.resize(kHeadBytes);  // a sound head, and slots as they come
    bytes += in.Rest();
  } else {
    for (std::size_t i = 0; i < alterations; ++i) Alter(in, &bytes);
  }
  MemoryFile file;
  file.Write(bytes);
  KeySlot destroyed = 0;
  std::size_t slots = 0;
  {
    auto ring = Keyring::Open(file.path(), StoreSecret());
    RequireRefusedWell(ring.status());
    if (!ring.ok()) return 0;
    Use(**ring, in);
    slots = (*ring)->slots();
    destroyed = static_cast<KeySlot>(1 + in.Below(256) % slots);
    Must((*ring)->Destroy(std::vector<KeySlot>{destroyed}));
    Require(!HasKey(**ring, destroyed), "a key that was destroyed is gone");
  }
  auto again = Keyring::Open(file.path(), StoreSecret());
  Must(again.status());
  Require((*again)->slots() >= slots, "a slot that was given out is there");
  const auto key = (*again)->KeyOf(destroyed);
  Require(key.ok() && !key->has_value(), "and stays gone");
  return 0;
}
