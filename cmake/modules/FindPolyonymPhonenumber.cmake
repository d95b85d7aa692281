# Finds libphonenumber, whose Debian and Ubuntu packages bring no CMake config, as target polyonym::dependency::phonenumber.
# The name is our own, so that it meets no other project's module for the same library.
find_path(POLYONYM_PHONENUMBER_INCLUDE_DIR phonenumbers/phonenumberutil.h)
find_library(POLYONYM_PHONENUMBER_LIBRARY phonenumber)
mark_as_advanced(POLYONYM_PHONENUMBER_INCLUDE_DIR POLYONYM_PHONENUMBER_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PolyonymPhonenumber REQUIRED_VARS POLYONYM_PHONENUMBER_LIBRARY POLYONYM_PHONENUMBER_INCLUDE_DIR)

if(PolyonymPhonenumber_FOUND AND NOT TARGET polyonym::dependency::phonenumber)
  add_library(polyonym::dependency::phonenumber UNKNOWN IMPORTED)
  set_target_properties(polyonym::dependency::phonenumber PROPERTIES
    IMPORTED_LOCATION "${POLYONYM_PHONENUMBER_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${POLYONYM_PHONENUMBER_INCLUDE_DIR}")
endif()
