# An installed Polyonym, found by pkg-config: its words alone compile and link a program.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

install_polyonym()
set(ENV{PKG_CONFIG_PATH} "${WORK_DIR}/prefix/${LIBDIR}/pkgconfig")
foreach(question cflags libs modversion)
  execute_process(COMMAND pkg-config --${question} polyonym OUTPUT_VARIABLE ${question}
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(${question} UNIX_COMMAND "${${question}}")
endforeach()
if(NOT modversion STREQUAL VERSION)
  message(FATAL_ERROR "pkg-config says version ${modversion}, the build ${VERSION}")
endif()

separate_arguments(CXX_FLAGS UNIX_COMMAND "${CXX_FLAGS}")
run("${CXX_COMPILER}" ${CXX_FLAGS} ${cflags} "${CMAKE_CURRENT_LIST_DIR}/downstream/main.cc" -o downstream ${libs})
set(ENV{LD_LIBRARY_PATH} "${WORK_DIR}/prefix/${LIBDIR}")  # for a shared library
run("${WORK_DIR}/downstream")
