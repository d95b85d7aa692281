// Makes what a release of a new format adds to tests/golden, and what was never released may be made again by:
//
//   ninja -C build/dev polyonym_make_golden && build/dev/polyonym_make_golden tests/golden/format1
//
// A folder that a release went out with is never made again: it is there to be opened for ever.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "golden/describe.h"
#include "golden/rows.h"
#include "golden/story.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

void MakeStore(const std::string& path) {
  std::unique_ptr<Engine> engine = Must(Engine::Open(path, LawOptions(0)));
  Tell(StoryUpToCheckpoint(), engine.get());
  engine.reset();
  engine = Must(Engine::Open(path, LawOptions(0)));  // which turns the log so far into a sorted run
  Must(engine->Checkpoint());
  Tell(StoryBehindCheckpoint(), engine.get());
}

// Leaves what a store cannot be opened without.
void Trim(const std::string& path) {
  std::vector<fs::path> needless;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("LOG") || name.starts_with("OPTIONS") || name == "LOCK")
      needless.push_back(entry.path());
  }
  for (const fs::path& file : needless) fs::remove(file);
}

// Rows of feeds of version 1 stay: nothing can write them again.
void WriteRows(const std::string& path) {
  std::string old;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("feed ") || line.starts_with("further ")) old += line + "\n";
  }
  std::ofstream out(path);
  out << old;
  for (const auto& [sequence, row] : GoldenFeedRows(2)) {
    out << "feed2 " << sequence << " " << ToHex(engine::EncodeFeedRow(sequence, row)) << "\n";
    out << "further2 " << sequence << " "
        << ToHex(engine::EncodeFeedRow(sequence, row, kFurtherGraph)) << "\n";
  }
  for (const auto& [number, frame] : GoldenFrames())
    out << "frame " << number << " " << ToHex(EncodeFrame(number, frame)) << "\n";
}

void Make(const std::string& folder) {
  const std::string store = folder + "/store";
  fs::remove_all(store);
  fs::create_directories(folder);
  MakeStore(store);
  {
    const TempFolder copy;
    fs::copy(store, copy / "store");
    std::ofstream(folder + "/expected.txt")
        << Describe(*Must(Engine::Open(copy / "store", LawOptions(0))));
  }
  Trim(store);
  WriteRows(folder + "/rows.txt");
}

}  // namespace
}  // namespace polyonym::harness

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: polyonym_make_golden FOLDER\n";
    return 2;
  }
  try {
    polyonym::harness::Make(arguments[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
