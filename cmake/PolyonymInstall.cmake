# Headers, library, program, proto files, and what find_package(polyonym) and pkg-config ask for.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/polyonym")

install(TARGETS polyonym polyonym_kernel EXPORT polyonymTargets)
if(TARGET polyonym_driver)
  install(TARGETS polyonym_driver)
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" "${POLYONYM_GENERATED_DIR}/include/"
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(proto_files)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/proto/" DESTINATION ${CMAKE_INSTALL_DATADIR}/polyonym/proto
          FILES_MATCHING PATTERN "*.proto")
endif()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/polyonym)

install(EXPORT polyonymTargets NAMESPACE polyonym:: DESTINATION ${package_dir})
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/polyonymConfig.cmake.in"
  "${POLYONYM_GENERATED_DIR}/polyonymConfig.cmake" INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break what was there.
write_basic_package_version_file("${POLYONYM_GENERATED_DIR}/polyonymConfigVersion.cmake"
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES "${POLYONYM_GENERATED_DIR}/polyonymConfig.cmake" "${POLYONYM_GENERATED_DIR}/polyonymConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/PolyonymDependencies.cmake" DESTINATION ${package_dir})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/cmake/modules" DESTINATION ${package_dir})

# What a static library stands on is public to whoever links it; of a shared one, only what its headers show.
file(RELATIVE_PATH POLYONYM_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
set(POLYONYM_PC_REQUIRES "libxxhash absl_btree absl_cleanup absl_core_headers absl_flat_hash_map absl_flat_hash_set \
absl_function_ref absl_hash absl_inlined_vector absl_int128 absl_span absl_status absl_statusor absl_str_format absl_strings")
set(POLYONYM_PC_REQUIRES_PRIVATE "rocksdb protobuf simdjson libcrypto re2 libzstd zlib icu-i18n icu-uc absl_synchronization absl_time")
set(POLYONYM_PC_LIBS "-lpolyonym")
set(POLYONYM_PC_LIBS_PRIVATE "-lphonenumber -lroaring -pthread")
if(NOT BUILD_SHARED_LIBS)
  string(APPEND POLYONYM_PC_REQUIRES " ${POLYONYM_PC_REQUIRES_PRIVATE}")
  string(APPEND POLYONYM_PC_LIBS " ${POLYONYM_PC_LIBS_PRIVATE}")
  set(POLYONYM_PC_REQUIRES_PRIVATE "")
  set(POLYONYM_PC_LIBS_PRIVATE "")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/polyonym.pc.in" "${POLYONYM_GENERATED_DIR}/polyonym.pc" @ONLY)
install(FILES "${POLYONYM_GENERATED_DIR}/polyonym.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
