# bench/micro: polyonym_micro, one Google Benchmark program. bench/workload: polyonym_workload, end to end, which tests run too.
polyonym_sources(micro_files "bench/micro/*.cc")
if(micro_files AND POLYONYM_BUILD_BENCH)
  find_package(benchmark CONFIG REQUIRED)
  add_executable(polyonym_micro ${micro_files})
  target_include_directories(polyonym_micro PRIVATE "${PROJECT_SOURCE_DIR}/bench" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(polyonym_micro PRIVATE polyonym::polyonym benchmark::benchmark_main)
endif()

polyonym_sources(workload_files "bench/workload/*.cc")
if(workload_files)
  find_package(CLI11 CONFIG REQUIRED)
  add_executable(polyonym_workload ${workload_files})
  target_include_directories(polyonym_workload PRIVATE "${PROJECT_SOURCE_DIR}/bench")
  target_link_libraries(polyonym_workload PRIVATE polyonym::polyonym RocksDB::rocksdb-shared CLI11::CLI11
                                                   polyonym::dependency::roaring)
endif()
