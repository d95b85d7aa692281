# Files are found, not listed: a new one is built as soon as it is there, and an absent folder is an empty list.

# polyonym_sources(<variable> <pattern>...): the files that match, from the root of the project, at any depth.
function(polyonym_sources variable)
  list(TRANSFORM ARGN PREPEND "${PROJECT_SOURCE_DIR}/" OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${patterns})
  list(SORT found)
  set(${variable} ${found} PARENT_SCOPE)
endfunction()
