// harness/shared_data.h - real data sets that lie beside the project, where they are there.
#ifndef POLYONYM_TESTS_HARNESS_SHARED_DATA_H_
#define POLYONYM_TESTS_HARNESS_SHARED_DATA_H_

#include <functional>
#include <string>

namespace polyonym::harness {

// Calls `use` with each line but the first of a file of the shared data (`cdnow/cdnow_master.csv.gz`), gzipped or plain. False, said on
// stderr, where it is absent.
bool ForEachSharedLine(const std::string& file, const std::function<void(std::string line)>& use);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_SHARED_DATA_H_
