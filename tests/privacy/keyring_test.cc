// A key for each identifier: found again, destroyed for good, and never wrong after a crash.
#include "privacy/keyring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/random.h"

namespace polyonym::privacy {
namespace {

using harness::HoldsText;
using harness::Must;
using harness::Random;
using harness::TempFolder;

constexpr std::size_t kHead = 4096, kSlot = 40;

SecretKey StoreSecret(char of = 's') { return SecretKey(std::string(kKeyBytes, of)); }

std::unique_ptr<Keyring> Make(const std::string& path) {
  return Must(Keyring::Make(path, StoreSecret()));
}
std::unique_ptr<Keyring> Open(const std::string& path) {
  return Must(Keyring::Open(path, StoreSecret()));
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string Phone(int n) { return "+8613800" + std::to_string(100'000 + n); }

KeySlot SlotOf(Keyring& keyring, int n) { return Must(keyring.SlotOf("phone", Phone(n))); }

// The key as text; empty: destroyed.
std::string KeyOf(const Keyring& keyring, KeySlot slot) {
  const auto key = Must(keyring.KeyOf(slot));
  return key ? std::string(key->view()) : "";
}

}  // namespace

TEST_CASE("an identifier keeps its slot and its key and has no other's") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  std::map<int, KeySlot> slots;
  std::map<KeySlot, std::string> keys;
  {
    const auto keyring = Make(path);
    for (int n = 0; n < 3'000; ++n) {
      CHECK(keyring->Find("phone", Phone(n)) == 0);
      slots[n] = SlotOf(*keyring, n);
      keys[slots[n]] = KeyOf(*keyring, slots[n]);
      CHECK(SlotOf(*keyring, n) == slots[n]);
    }
    CHECK(keyring->slots() == 3'000);
  }
  CHECK(std::filesystem::file_size(path) == kHead + 3'000 * kSlot);
  std::set<std::string> distinct;
  for (const auto& [slot, key] : keys) distinct.insert(key);
  CHECK(distinct.size() == 3'000);
  CHECK_FALSE(distinct.contains(""));
  const auto keyring = Open(path);
  CHECK(keyring->slots() == 3'000);
  CHECK(keyring->destroyed() == 0);
  CHECK(keyring->damaged() == 0);
  for (const auto& [n, slot] : slots) {
    REQUIRE(keyring->Find("phone", Phone(n)) == slot);
    REQUIRE(SlotOf(*keyring, n) == slot);
    REQUIRE(KeyOf(*keyring, slot) == keys[slot]);
  }
  // Where the namespace ends is a part of who it is.
  CHECK(keyring->Find("phon", "e" + Phone(1)) == 0);
  CHECK(keyring->Find("email", Phone(1)) == 0);
}

TEST_CASE("the file has neither an identifier nor a key") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  std::string key;
  {
    const auto keyring = Make(path);
    key = KeyOf(*keyring, Must(keyring->SlotOf("phone", "canary-13800138000")));
  }
  const std::string bytes = Read(path);
  CHECK(bytes.find("canary") == std::string::npos);
  CHECK(bytes.find(key) == std::string::npos);
  CHECK(bytes.find(std::string(kKeyBytes, 's')) == std::string::npos);
}

TEST_CASE("a key of several slots is gone with any of them") {
  const TempFolder folder;
  const auto keyring = Make(folder / "keyring");
  const std::vector<KeySlot> all = {SlotOf(*keyring, 1), SlotOf(*keyring, 2), SlotOf(*keyring, 3)};
  const auto key = [&](std::vector<KeySlot> slots) {
    const auto made = Must(keyring->KeyOf(slots));
    return made ? std::string(made->view()) : "";
  };
  std::set<std::string> keys = {key({}),
                                key({all[0]}),
                                key({all[1]}),
                                key({all[0], all[1]}),
                                key({all[1], all[0]}),
                                key({all[0], all[0]}),
                                key(all)};
  CHECK(keys.size() == 7);
  CHECK(key(all) == key(all));
  Must(keyring->Destroy(std::vector{all[1]}));
  CHECK(key(all) == "");
  CHECK(key({all[1]}) == "");
  CHECK(keys.contains(key({all[0]})));
  CHECK(keys.contains(key({all[0], all[0]})));
}

TEST_CASE("what was destroyed is nowhere in the file and who comes back has another key") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  std::map<int, KeySlot> slots;
  std::map<int, std::string> keys, secrets;
  {
    const auto keyring = Make(path);
    for (int n = 0; n < 500; ++n) {
      slots[n] = SlotOf(*keyring, n);
      keys[n] = KeyOf(*keyring, slots[n]);
    }
    Must(keyring->Sync());
    const std::string bytes = Read(path);
    for (int n = 0; n < 500; ++n) secrets[n] = bytes.substr(kHead + (slots[n] - 1) * kSlot, kSlot);
    std::vector<KeySlot> going;
    for (int n = 0; n < 500; n += 5) going.push_back(slots[n]);
    CHECK(absl::IsInvalidArgument(keyring->Destroy(std::vector<KeySlot>{slots[1], 501})));
    CHECK(absl::IsInvalidArgument(keyring->Destroy(std::vector<KeySlot>{0})));
    CHECK(KeyOf(*keyring, slots[1]) == keys[1]);
    Must(keyring->Destroy(going));
    Must(keyring->Destroy(going));  // it may be asked twice
    CHECK(keyring->destroyed() == 100);
  }
  const auto check = [&](Keyring& keyring, const std::string& bytes) {
    CHECK(keyring.destroyed() == 100);
    for (int n = 0; n < 500; ++n) {
      const bool gone = n % 5 == 0;
      INFO("identifier " << n);
      REQUIRE(KeyOf(keyring, slots[n]) == (gone ? "" : keys[n]));
      REQUIRE((bytes.find(secrets[n].substr(0, 16)) == std::string::npos) == gone);   // secret
      REQUIRE((bytes.find(secrets[n].substr(20, 16)) == std::string::npos) == gone);  // tag
      if (!gone) REQUIRE(keyring.Find("phone", Phone(n)) == slots[n]);
    }
  };
  check(*Open(path), Read(path));
  const auto keyring = Open(path);
  Must(keyring->CopyTo(folder / "copy"));
  check(*Open(folder / "copy"), Read(folder / "copy"));
  CHECK(keyring->Find("phone", Phone(5)) == 0);
  // A record of before that names a slot which was destroyed teaches nothing.
  Must(keyring->Teach(slots[5], "phone", Phone(5)));
  CHECK(keyring->Find("phone", Phone(5)) == 0);
  const KeySlot again = SlotOf(*keyring, 5);
  CHECK(again != slots[5]);
  CHECK(KeyOf(*keyring, again) != keys[5]);
  CHECK(KeyOf(*keyring, slots[5]) == "");
}

TEST_CASE("a doomed slot keeps its key and is given to nobody any more") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  auto keyring = Make(path);
  const KeySlot old = SlotOf(*keyring, 1), other = SlotOf(*keyring, 2);
  const std::string key = KeyOf(*keyring, old);
  keyring->Doom(std::vector<KeySlot>{old, 0, 1'000'000});
  CHECK(KeyOf(*keyring, old) == key);
  CHECK(keyring->Find("phone", Phone(1)) == 0);
  Must(keyring->Teach(old, "phone", Phone(1)));  // by a record of before
  CHECK(keyring->Find("phone", Phone(1)) == 0);
  const KeySlot fresh = SlotOf(*keyring, 1);
  CHECK(fresh != old);
  CHECK(SlotOf(*keyring, 1) == fresh);
  CHECK(SlotOf(*keyring, 2) == other);
  CHECK(keyring->DestroyedOf(std::vector<KeySlot>{old, fresh}) == 0);
  Must(keyring->Destroy(std::vector<KeySlot>{old}));
  CHECK(keyring->DestroyedOf(std::vector<KeySlot>{old, fresh, 0}) == 1);
  CHECK(KeyOf(*keyring, old).empty());
  CHECK(SlotOf(*keyring, 1) == fresh);
  keyring = nullptr;
  keyring = Open(path);
  CHECK(SlotOf(*keyring, 1) == fresh);
  CHECK(keyring->destroyed() == 1);
}

TEST_CASE("a fresh slot leaves the old one its key until that is destroyed") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  KeySlot old_slot = 0, fresh = 0;
  std::string old_key, fresh_key;
  {
    const auto keyring = Make(path);
    SlotOf(*keyring, 0);
    old_slot = SlotOf(*keyring, 1);
    SlotOf(*keyring, 2);
    Must(keyring->Sync());
    old_key = KeyOf(*keyring, old_slot);
    fresh = Must(keyring->Renew("phone", Phone(1)));
    fresh_key = KeyOf(*keyring, fresh);
    CHECK(fresh != old_slot);
    CHECK(fresh_key != old_key);
    CHECK(KeyOf(*keyring, old_slot) == old_key);
    CHECK(SlotOf(*keyring, 1) == fresh);
    const KeySlot first = Must(keyring->Renew("phone", Phone(3)));  // it had none
    CHECK(SlotOf(*keyring, 3) == first);
  }
  {
    const auto keyring = Open(path);
    CHECK(keyring->Find("phone", Phone(1)) == fresh);
    CHECK(KeyOf(*keyring, old_slot) == old_key);
    // One that was renewed and destroyed before anything was written.
    const KeySlot gone = SlotOf(*keyring, 4);
    Must(keyring->Renew("phone", Phone(4)));
    Must(keyring->Destroy(std::vector{old_slot, gone}));
    CHECK(KeyOf(*keyring, gone) == "");
  }
  const auto keyring = Open(path);
  CHECK(KeyOf(*keyring, old_slot) == "");
  CHECK(KeyOf(*keyring, fresh) == fresh_key);
  CHECK(keyring->Find("phone", Phone(1)) == fresh);
  CHECK(keyring->destroyed() == 2);
  CHECK(keyring->damaged() == 0);
}

TEST_CASE("a keyring opens for its own store alone and once at a time") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  CHECK(absl::IsNotFound(Keyring::Open(path, StoreSecret()).status()));
  {
    const auto keyring = Make(path);
    SlotOf(*keyring, 1);
    CHECK(absl::IsUnavailable(Keyring::Open(path, StoreSecret()).status()));
    CHECK(absl::IsAlreadyExists(Keyring::Make(path, StoreSecret()).status()));
  }
  CHECK(absl::IsFailedPrecondition(Keyring::Open(path, StoreSecret('t')).status()));
  CHECK(Open(path)->slots() == 1);
  CHECK(absl::IsUnavailable(Keyring::Make(folder / "no" + "/keyring", StoreSecret()).status()));
  // Two keyrings of one store have different ids, and keys.
  const auto first = Open(path), second = Make(folder / "second");
  CHECK(first->id() != second->id());
  CHECK(KeyOf(*first, 1) != KeyOf(*second, SlotOf(*second, 1)));
}

TEST_CASE("a damaged head does not open and a newer format says so") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  { SlotOf(*Make(path), 1); }
  const std::string bytes = Read(path);
  for (std::size_t bit = 0; bit < 52 * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    Write(path, changed);
    const absl::Status status = Keyring::Open(path, StoreSecret()).status();
    INFO("bit " << bit << ": " << status);
    const bool version = bit / 8 >= 8 && bit / 8 < 12;
    REQUIRE((absl::IsDataLoss(status) || (version && absl::IsFailedPrecondition(status))));
  }
  for (std::size_t size : {0, 7, 51}) {
    Write(path, bytes.substr(0, size));
    CHECK(absl::IsDataLoss(Keyring::Open(path, StoreSecret()).status()));
  }
  Write(path, bytes);
  CHECK(Open(path)->slots() == 1);
}

TEST_CASE("a flipped bit of a slot is never another key") {
  const TempFolder folder;
  const std::string path = folder / "keyring";
  std::vector<std::string> keys;
  {
    const auto keyring = Make(path);
    for (int n = 0; n < 3; ++n) keys.push_back(KeyOf(*keyring, SlotOf(*keyring, n)));
  }
  const std::string bytes = Read(path);
  for (std::size_t bit = 0; bit < 3 * kSlot * 8; ++bit) {
    const std::size_t at = kHead + bit / 8;
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << bit % 8));
    Write(path, changed);
    const auto keyring = Open(path);
    const auto hit = static_cast<KeySlot>(bit / 8 / kSlot + 1);
    const bool secret = bit / 8 % kSlot < 20;
    INFO("bit " << bit);
    for (KeySlot slot = 1; slot <= 3; ++slot) {
      if (secret && slot == hit) {
        REQUIRE(absl::IsDataLoss(keyring->KeyOf(slot).status()));
      } else {
        REQUIRE(KeyOf(*keyring, slot) == keys[slot - 1]);
      }
      const KeySlot found = keyring->Find("phone", Phone(static_cast<int>(slot) - 1));
      REQUIRE(found == (!secret && slot == hit ? 0 : slot));
    }
    REQUIRE(keyring->damaged() == (secret ? 1 : 0));
    if (secret) continue;
    Must(keyring->Teach(hit, "phone", Phone(static_cast<int>(hit) - 1)));
    REQUIRE(keyring->Find("phone", Phone(static_cast<int>(hit) - 1)) == hit);
  }
  // A damaged slot can be destroyed as any.
  std::string changed = bytes;
  changed[kHead] = static_cast<char>(changed[kHead] ^ 1);
  Write(path, changed);
  {
    const auto keyring = Open(path);
    Must(keyring->Destroy(std::vector<KeySlot>{1}));
    CHECK(KeyOf(*keyring, 1) == "");
  }
  CHECK(KeyOf(*Open(path), 1) == "");
  CHECK(Open(path)->damaged() == 0);
}

TEST_CASE("a slot that is not there is data loss and so is another's") {
  const TempFolder folder;
  const auto keyring = Make(folder / "keyring");
  const KeySlot slot = SlotOf(*keyring, 1);
  CHECK(absl::IsDataLoss(keyring->KeyOf(slot + 1).status()));
  CHECK(absl::IsDataLoss(keyring->KeyOf(KeySlot{0}).status()));
  CHECK(absl::IsDataLoss(keyring->Teach(slot + 1, "phone", Phone(2))));
  CHECK(absl::IsDataLoss(keyring->Teach(slot, "phone", Phone(2))));
  Must(keyring->Teach(slot, "phone", Phone(1)));
}

namespace {

// A file as a disk has it that lost its power: of each sector what was synced last, or what was written since; and some length between both.
std::string TornBetween(std::string synced, std::string written, Random* random) {
  constexpr std::size_t kSector = 512;
  const std::size_t least = std::min(synced.size(), written.size());
  const std::size_t most = std::max(synced.size(), written.size());
  synced.resize(most);  // what was never written is zeros
  written.resize(most);
  std::string disk;
  for (std::size_t at = 0; at < most; at += kSector)
    disk += (random->Chance(50) ? written : synced).substr(at, kSector);
  disk.resize(least + random->Below(most - least + 1));
  return disk;
}

// A keyring at work, with what a log would know of it. Power is lost at the end: then everything that a synced record names is there, and
// what was destroyed is not. The first fault; empty: none.
std::string LosePower(std::uint64_t seed) {
  Random random(seed);
  const TempFolder folder;
  const std::string path = folder / "keyring", after = folder / "after";
  auto keyring = Make(path);
  std::map<int, KeySlot> log;  // records name these
  std::map<KeySlot, std::string> keys;
  std::set<KeySlot> destroyed;
  std::string synced = Read(path);
  const int steps = 1 + static_cast<int>(random.Below(600));
  for (int step = 0; step < steps; ++step) {
    const std::uint64_t act = random.Below(100);
    if (act < 90) {
      const int n = static_cast<int>(random.Below(1'000));
      const std::size_t before = std::filesystem::file_size(path);
      const KeySlot slot = SlotOf(*keyring, n);
      if (log.contains(n) && log[n] != slot) return "another slot for the same identifier";
      if (keys.contains(slot) && !log.contains(n)) return "a slot was given out twice";
      log[n] = slot;
      keys[slot] = KeyOf(*keyring, slot);
      if (std::filesystem::file_size(path) != before)
        synced = Read(path);  // it was extended, and synced
    } else if (act < 93) {
      Must(keyring->Sync());
      synced = Read(path);
    } else if (act < 97 && !log.empty()) {
      const auto at = std::next(log.begin(), static_cast<std::ptrdiff_t>(random.Below(log.size())));
      Must(keyring->Destroy(std::vector{at->second}));
      destroyed.insert(at->second);
      log.erase(at);
      synced = Read(path);
    } else {
      keyring.reset();
      keyring = Open(path);
      synced = Read(path);
    }
  }
  Write(after, TornBetween(synced, Read(path), &random));
  const auto opened = Open(after);
  for (const KeySlot slot : destroyed) {
    if (KeyOf(*opened, slot) != "") return "a destroyed key is back";
  }
  for (const auto& [n, slot] : log) {
    if (KeyOf(*opened, slot) != keys[slot]) return "another key";
    const KeySlot found = opened->Find("phone", Phone(n));
    if (found != 0 && found != slot) return "found elsewhere";
    Must(opened->Teach(slot, "phone", Phone(n)));
    if (SlotOf(*opened, n) != slot) return "it was not told again";
  }
  // New slots are those of nobody.
  for (int n = 2'000; n < 2'300; ++n) {
    const KeySlot slot = SlotOf(*opened, n);
    if (keys.contains(slot) || KeyOf(*opened, slot) == "") return "a new slot is an old one";
  }
  return "";
}

}  // namespace

TEST_CASE("after a loss of power every slot that was given out has its key") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    REQUIRE(LosePower(seed) == "");
  }
}

TEST_CASE("after a loss of power every slot that was given out has its key at length", "[slow]") {
  for (std::uint64_t seed = 1'000'000; seed < 1'005'000; ++seed) {
    INFO("seed " << seed);
    REQUIRE(LosePower(seed) == "");
  }
}

TEST_CASE("a torn end of the file costs nothing that was given out") {
  const TempFolder folder;
  const std::string path = folder / "keyring", torn = folder / "torn";
  const auto keyring = Make(path);
  std::vector<std::string> keys;
  for (int n = 0; n < 256; ++n) keys.push_back(KeyOf(*keyring, SlotOf(*keyring, n)));
  Must(keyring->Sync());
  const std::string before = Read(path);
  REQUIRE(before.size() == kHead + 256 * kSlot);
  SlotOf(*keyring, 256);  // extends it
  const std::string whole = Read(path);
  for (std::size_t size = before.size(); size <= whole.size(); size += 97) {
    Write(torn, whole.substr(0, size));
    const auto opened = Open(torn);
    for (KeySlot slot = 1; slot <= 256; ++slot) REQUIRE(KeyOf(*opened, slot) == keys[slot - 1]);
    const KeySlot fresh = SlotOf(*opened, 1'000);
    REQUIRE(fresh > 256);
    REQUIRE(KeyOf(*opened, fresh) != "");
    REQUIRE(opened->damaged() == 0);
  }
}

TEST_CASE("readers and a writer may use a keyring at once") {
  const TempFolder folder;
  const auto keyring = Make(folder / "keyring");
  const KeySlot first = SlotOf(*keyring, 0);
  const std::string key = KeyOf(*keyring, first);
  std::vector<int> wrong(2, 0);
  std::vector<std::thread> threads;
  for (int& faults : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3'000; ++i) {
        const auto got = keyring->KeyOf(first);
        if (!got.ok() || !*got || (*got)->view() != key ||
            keyring->Find("phone", Phone(0)) != first)
          ++faults;
      }
    });
  }
  for (int n = 1; n < 3'000; ++n) {
    const KeySlot slot = SlotOf(*keyring, n);
    if (n % 50 == 0) Must(keyring->Destroy(std::vector{slot}));
    if (n % 500 == 0) Must(keyring->Sync());
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(2, 0));
  CHECK(keyring->destroyed() == 59);
}

}  // namespace polyonym::privacy
