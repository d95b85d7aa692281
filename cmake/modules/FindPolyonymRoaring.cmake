# Finds CRoaring as target polyonym::dependency::roaring: its packages do not all bring a CMake config and a pkg-config file.
# The name is our own, so that it meets no other project's module for the same library.
find_path(POLYONYM_ROARING_INCLUDE_DIR roaring/roaring.h)
find_library(POLYONYM_ROARING_LIBRARY roaring)
mark_as_advanced(POLYONYM_ROARING_INCLUDE_DIR POLYONYM_ROARING_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PolyonymRoaring REQUIRED_VARS POLYONYM_ROARING_LIBRARY POLYONYM_ROARING_INCLUDE_DIR)

if(PolyonymRoaring_FOUND AND NOT TARGET polyonym::dependency::roaring)
  add_library(polyonym::dependency::roaring UNKNOWN IMPORTED)
  set_target_properties(polyonym::dependency::roaring PROPERTIES
    IMPORTED_LOCATION "${POLYONYM_ROARING_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${POLYONYM_ROARING_INCLUDE_DIR}")
endif()
