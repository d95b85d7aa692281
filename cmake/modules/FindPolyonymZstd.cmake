# Finds Zstandard, whose Debian and Ubuntu packages bring no CMake config, as target polyonym::dependency::zstd.
# The name is our own, so that it meets no other project's module for the same library.
find_path(POLYONYM_ZSTD_INCLUDE_DIR zstd.h)
find_library(POLYONYM_ZSTD_LIBRARY zstd)
mark_as_advanced(POLYONYM_ZSTD_INCLUDE_DIR POLYONYM_ZSTD_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PolyonymZstd REQUIRED_VARS POLYONYM_ZSTD_LIBRARY POLYONYM_ZSTD_INCLUDE_DIR)

if(PolyonymZstd_FOUND AND NOT TARGET polyonym::dependency::zstd)
  add_library(polyonym::dependency::zstd UNKNOWN IMPORTED)
  set_target_properties(polyonym::dependency::zstd PROPERTIES
    IMPORTED_LOCATION "${POLYONYM_ZSTD_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${POLYONYM_ZSTD_INCLUDE_DIR}")
endif()
