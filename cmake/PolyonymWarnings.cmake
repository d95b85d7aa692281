# -Wno-missing-field-initializers: options have defaults in the class, so that naming some of them is the normal use.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual -Wundef
                    -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # false on std::string's operator+: gcc.gnu.org/PR105651
endif()
if(POLYONYM_WERROR)
  add_compile_options(-Werror)
endif()
