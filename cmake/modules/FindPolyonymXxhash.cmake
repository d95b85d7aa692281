# Finds xxHash, whose Debian and Ubuntu packages bring no CMake config, as target polyonym::dependency::xxhash.
# The name is our own, so that it meets no other project's module for the same library.
find_path(POLYONYM_XXHASH_INCLUDE_DIR xxhash.h)
find_library(POLYONYM_XXHASH_LIBRARY xxhash)
mark_as_advanced(POLYONYM_XXHASH_INCLUDE_DIR POLYONYM_XXHASH_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PolyonymXxhash REQUIRED_VARS POLYONYM_XXHASH_LIBRARY POLYONYM_XXHASH_INCLUDE_DIR)

if(PolyonymXxhash_FOUND AND NOT TARGET polyonym::dependency::xxhash)
  add_library(polyonym::dependency::xxhash UNKNOWN IMPORTED)
  set_target_properties(polyonym::dependency::xxhash PROPERTIES
    IMPORTED_LOCATION "${POLYONYM_XXHASH_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${POLYONYM_XXHASH_INCLUDE_DIR}")
endif()
