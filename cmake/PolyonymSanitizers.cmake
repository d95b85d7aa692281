# Builds under sanitizers (-fsanitize in CMAKE_CXX_FLAGS): POLYONYM_SANITIZED is true, and defined for all sources.
set(POLYONYM_SANITIZED OFF)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(POLYONYM_SANITIZED ON)
  add_compile_definitions(POLYONYM_SANITIZED)
endif()
# Protobuf 3.21 gives maps another layout where it knows of ThreadSanitizer, which its packaged library was not built with: records with
# properties crash. So nobody is told, but the standard library, whose shared pointers count otherwise under it.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
endif()
