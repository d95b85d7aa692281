# polyonym_kernel (polyonym::kernel): the header-only rule over plain values; needs Abseil and xxHash alone.
# polyonym        (polyonym::polyonym): all of it, compiled; static unless BUILD_SHARED_LIBS.

# Read as if by find_package(polyonym REQUIRED), so that a missing package is an error.
set(CMAKE_FIND_PACKAGE_NAME polyonym)
set(polyonym_FIND_REQUIRED TRUE)
include(PolyonymDependencies)
unset(CMAKE_FIND_PACKAGE_NAME)
unset(polyonym_FIND_REQUIRED)

set(POLYONYM_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")
configure_file("${PROJECT_SOURCE_DIR}/cmake/version.h.in" "${POLYONYM_GENERATED_DIR}/include/polyonym/version.h" @ONLY)

add_library(polyonym_kernel INTERFACE)
add_library(polyonym::kernel ALIAS polyonym_kernel)
set_target_properties(polyonym_kernel PROPERTIES EXPORT_NAME kernel)
target_compile_features(polyonym_kernel INTERFACE cxx_std_20)
target_include_directories(polyonym_kernel INTERFACE
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
  "$<BUILD_INTERFACE:${POLYONYM_GENERATED_DIR}/include>"
  "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_link_libraries(polyonym_kernel INTERFACE
  absl::btree absl::cleanup absl::core_headers absl::flat_hash_map absl::flat_hash_set absl::function_ref absl::hash
  absl::inlined_vector absl::int128 absl::span absl::status absl::statusor absl::str_format absl::strings
  polyonym::dependency::xxhash)

# Generated code is an object library of its own: it is compiled without our warnings, and its headers are seen by the
# library's sources alone.
polyonym_sources(proto_files "proto/*.proto")
set(proto_out "${POLYONYM_GENERATED_DIR}/proto")
file(MAKE_DIRECTORY "${proto_out}")
foreach(file IN LISTS proto_files)
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/proto" OUTPUT_VARIABLE name)
  cmake_path(REPLACE_EXTENSION name LAST_ONLY "" OUTPUT_VARIABLE name)
  add_custom_command(
    OUTPUT "${proto_out}/${name}.pb.cc" "${proto_out}/${name}.pb.h"
    COMMAND protobuf::protoc "--proto_path=${PROJECT_SOURCE_DIR}/proto" "--cpp_out=${proto_out}" "${file}"
    DEPENDS ${proto_files} protobuf::protoc
    COMMENT "protoc ${name}.proto" VERBATIM)
  list(APPEND proto_code "${proto_out}/${name}.pb.cc" "${proto_out}/${name}.pb.h")
endforeach()
if(proto_code)
  add_library(polyonym_proto OBJECT ${proto_code})
  target_link_libraries(polyonym_proto PUBLIC protobuf::libprotobuf)
  target_include_directories(polyonym_proto SYSTEM PUBLIC "${proto_out}")
  target_compile_options(polyonym_proto PRIVATE -w)
  set_target_properties(polyonym_proto PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()

polyonym_sources(library_files "src/*.cc")
if(NOT library_files)
  file(CONFIGURE OUTPUT "${POLYONYM_GENERATED_DIR}/empty.cc" CONTENT "")
  set(library_files "${POLYONYM_GENERATED_DIR}/empty.cc")
endif()

add_library(polyonym ${library_files})
add_library(polyonym::polyonym ALIAS polyonym)
set_target_properties(polyonym PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  POSITION_INDEPENDENT_CODE ON)  # also where it is static: it must fit into a host's shared object
target_include_directories(polyonym PRIVATE "${PROJECT_SOURCE_DIR}/src")
# Headers of Boost.Math, in sources alone: nothing that is installed needs them.
find_package(Boost 1.74 REQUIRED)
target_include_directories(polyonym SYSTEM PRIVATE ${Boost_INCLUDE_DIRS})
target_link_libraries(polyonym
  PUBLIC polyonym_kernel Threads::Threads
  PRIVATE absl::synchronization absl::time
          ICU::i18n ICU::uc OpenSSL::Crypto RocksDB::rocksdb-shared ZLIB::ZLIB protobuf::libprotobuf simdjson::simdjson
          polyonym::dependency::phonenumber polyonym::dependency::re2 polyonym::dependency::roaring
          polyonym::dependency::zstd)
if(TARGET polyonym_proto)
  target_sources(polyonym PRIVATE $<TARGET_OBJECTS:polyonym_proto>)
  target_include_directories(polyonym SYSTEM PRIVATE "${proto_out}")
  add_dependencies(polyonym polyonym_proto)
endif()
