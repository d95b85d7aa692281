# An installed Polyonym, found by find_package(): both targets are usable, and a version that is not there is refused.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

install_polyonym()
configure("${CMAKE_CURRENT_LIST_DIR}/downstream" "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DEXPECTED_VERSION=${VERSION}")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/downstream")
run("${WORK_DIR}/build/downstream_kernel")
