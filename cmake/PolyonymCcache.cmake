# Compiles through ccache where it is installed. With its default settings it would not cache a file that uses a
# precompiled header; what it is told to overlook is what cannot matter here (time macros are not used).
find_program(POLYONYM_CCACHE ccache)
if(POLYONYM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${POLYONYM_CCACHE})
endif()
