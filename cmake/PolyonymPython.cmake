# python: the package polyonym in <build>/python, ready for PYTHONPATH. Its interpreter has nanobind: tools/python_env.sh build test.
if(NOT Python_EXECUTABLE)
  set(Python_EXECUTABLE "${PROJECT_SOURCE_DIR}/build/python-env/bin/python" CACHE FILEPATH "")
endif()
if(NOT EXISTS "${Python_EXECUTABLE}")
  message(FATAL_ERROR "${Python_EXECUTABLE} is not there: run tools/python_env.sh build test, or set POLYONYM_BUILD_PYTHON=OFF")
endif()
add_subdirectory("${PROJECT_SOURCE_DIR}/python" "${PROJECT_BINARY_DIR}/python")
