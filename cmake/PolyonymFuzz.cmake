# tests/fuzz: one libFuzzer program a file, each with a LLVMFuzzerTestOneInput(). The preset `fuzz` instruments the rest.
# Its corpus lies beside it, as `make fuzz` takes it, and begins with what tests/fuzz/seeds/<program> holds.
polyonym_sources(fuzz_files "tests/fuzz/*_fuzz.cc")
foreach(file IN LISTS fuzz_files)
  cmake_path(GET file STEM name)
  add_executable(${name} ${file})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE polyonym::polyonym)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set(seeds "${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name}")
  if(EXISTS "${seeds}")
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -E copy_directory "${seeds}" "$<TARGET_FILE:${name}>.corpus")
  endif()
endforeach()
