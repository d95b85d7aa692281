# Finds RE2, whose Debian and Ubuntu packages bring no CMake config, as target polyonym::dependency::re2.
# The name is our own, so that it meets no other project's module for the same library.
find_path(POLYONYM_RE2_INCLUDE_DIR re2/re2.h)
find_library(POLYONYM_RE2_LIBRARY re2)
mark_as_advanced(POLYONYM_RE2_INCLUDE_DIR POLYONYM_RE2_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PolyonymRe2 REQUIRED_VARS POLYONYM_RE2_LIBRARY POLYONYM_RE2_INCLUDE_DIR)

if(PolyonymRe2_FOUND AND NOT TARGET polyonym::dependency::re2)
  add_library(polyonym::dependency::re2 UNKNOWN IMPORTED)
  set_target_properties(polyonym::dependency::re2 PROPERTIES
    IMPORTED_LOCATION "${POLYONYM_RE2_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${POLYONYM_RE2_INCLUDE_DIR}")
endif()
