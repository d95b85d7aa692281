# Polyonym as a folder of its host's build. Configured, and the kernel built; compiling the library once more would show
# nothing new.
include("${CMAKE_CURRENT_LIST_DIR}/steps.cmake")

configure("${CMAKE_CURRENT_LIST_DIR}/subdirectory" "-DPOLYONYM_DIR=${SOURCE_DIR}")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build" --target host_kernel)
run("${WORK_DIR}/build/host_kernel")
