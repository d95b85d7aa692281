# examples/polyonym: the program `polyonym`, at the root of the build tree. examples/cpp: one small program a file.
find_package(CLI11 CONFIG REQUIRED)

polyonym_sources(driver_files "examples/polyonym/*.cc")
if(driver_files)
  add_executable(polyonym_driver ${driver_files})
  set_target_properties(polyonym_driver PROPERTIES
    OUTPUT_NAME polyonym RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")  # finds a shared library beside it
  # The mapping of a CSV file is a proto in JSON, compiled with the library's own protos.
  target_include_directories(polyonym_driver PRIVATE "${PROJECT_SOURCE_DIR}/examples/polyonym")
  target_include_directories(polyonym_driver SYSTEM PRIVATE "${POLYONYM_GENERATED_DIR}/proto")
  add_dependencies(polyonym_driver polyonym_proto)
  target_link_libraries(polyonym_driver PRIVATE
    polyonym::polyonym protobuf::libprotobuf CLI11::CLI11 ZLIB::ZLIB polyonym::dependency::zstd)
endif()

polyonym_sources(example_files "examples/cpp/*.cc")
foreach(file IN LISTS example_files)
  cmake_path(GET file STEM name)
  add_executable(polyonym_example_${name} ${file})
  set_target_properties(polyonym_example_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  target_link_libraries(polyonym_example_${name} PRIVATE polyonym::polyonym)
endforeach()
