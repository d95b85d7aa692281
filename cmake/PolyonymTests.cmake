# One program per folder of tests/ that holds *_test.cc, named polyonym_<folder>_tests. `ctest` runs what is not tagged
# [slow]; `ctest -C soak -L slow` (make soak) runs what is.
find_package(Catch2 CONFIG REQUIRED)
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

# What every test gets: harness code, private headers of the library, where things are.
polyonym_sources(harness_files "tests/harness/*.cc")
if(NOT harness_files)
  file(CONFIGURE OUTPUT "${POLYONYM_GENERATED_DIR}/empty.cc" CONTENT "")
  set(harness_files "${POLYONYM_GENERATED_DIR}/empty.cc")
endif()
add_library(polyonym_test_harness STATIC ${harness_files})
target_include_directories(polyonym_test_harness PUBLIC "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
target_link_libraries(polyonym_test_harness PUBLIC polyonym::polyonym Catch2::Catch2 ZLIB::ZLIB)
target_compile_definitions(polyonym_test_harness PUBLIC
  POLYONYM_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared"
  POLYONYM_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  POLYONYM_DRIVER="${PROJECT_BINARY_DIR}/polyonym")
if(POLYONYM_PCH)
  target_precompile_headers(polyonym_test_harness PRIVATE
    "${PROJECT_SOURCE_DIR}/tests/harness/catch.h" <absl/status/statusor.h>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(polyonym_test_harness PUBLIC -fpch-preprocess)  # ccache asks for it
  endif()
endif()

# Most a suite may take. Sanitizers make everything slower.
set(POLYONYM_SUITE_SECONDS 900)
if(POLYONYM_SANITIZED)
  set(POLYONYM_SUITE_SECONDS 5400)
endif()

# Registers the tests of program `target` that match `spec` as ctest test `name`, and the slow ones among them as
# `name.slow`. Where none matches, ctest says skipped, not passed.
function(polyonym_add_suite name target spec)
  add_test(NAME ${name} COMMAND ${target} --filenames-as-tags "${spec}~[slow]")
  add_test(NAME ${name}.slow COMMAND ${target} --filenames-as-tags "${spec}[slow]" CONFIGURATIONS soak)
  set_tests_properties(${name} ${name}.slow PROPERTIES SKIP_REGULAR_EXPRESSION "No test cases matched;No tests ran")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${POLYONYM_SUITE_SECONDS})
  set_tests_properties(${name}.slow PROPERTIES TIMEOUT 14400 LABELS slow)
endfunction()

polyonym_sources(test_files "tests/*_test.cc")
set(POLYONYM_TEST_PROGRAMS "")
set(suites ${test_files})
list(TRANSFORM suites REPLACE "^.*/tests/([^/]+)/.*$" "\\1")
list(REMOVE_DUPLICATES suites)
foreach(suite IN LISTS suites)
  polyonym_sources(suite_files "tests/${suite}/*_test.cc")
  set(target polyonym_${suite}_tests)
  add_executable(${target} ${suite_files})
  list(APPEND POLYONYM_TEST_PROGRAMS ${target})
  target_link_libraries(${target} PRIVATE polyonym_test_harness Catch2::Catch2WithMain)
  if(POLYONYM_PCH)
    target_precompile_headers(${target} REUSE_FROM polyonym_test_harness)
  endif()
  if(TARGET polyonym_driver AND suite STREQUAL "drivers")
    add_dependencies(${target} polyonym_driver)
  endif()

  if(suite STREQUAL "laws")
    # The longest suite: a ctest test per file, so that ctest spreads it over the cores; the last takes what is tagged
    # with no file's name because it comes from a header.
    set(elsewhere "")
    foreach(file IN LISTS suite_files)
      cmake_path(GET file STEM name)
      polyonym_add_suite(${suite}.${name} ${target} "[#${name}]")
      string(APPEND elsewhere "~[#${name}]")
    endforeach()
    polyonym_add_suite(${suite}.elsewhere ${target} "${elsewhere}")
  else()
    polyonym_add_suite(${suite} ${target} "")
  endif()
endforeach()

foreach(folder architecture crash drivers examples golden install python)
  if(EXISTS "${PROJECT_SOURCE_DIR}/tests/${folder}/CMakeLists.txt")
    add_subdirectory("${PROJECT_SOURCE_DIR}/tests/${folder}" "${PROJECT_BINARY_DIR}/tests/${folder}")
  endif()
endforeach()
