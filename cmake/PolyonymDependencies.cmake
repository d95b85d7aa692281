# What the library stands on. Read by this build and, installed beside the package's config file, by every build that
# uses a static polyonym; so that the two lists cannot differ.
include(CMakeFindDependencyMacro)

list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/modules")
find_dependency(Threads)
find_dependency(absl CONFIG)
find_dependency(PolyonymXxhash MODULE)

# The compiled library alone; hosts of polyonym::kernel need none of these.
find_dependency(ICU COMPONENTS uc i18n)
find_dependency(PolyonymPhonenumber MODULE)
find_dependency(PolyonymRe2 MODULE)
find_dependency(PolyonymRoaring MODULE)
find_dependency(PolyonymZstd MODULE)
find_dependency(OpenSSL)
find_dependency(Protobuf)
find_dependency(RocksDB CONFIG)
find_dependency(ZLIB)
find_dependency(simdjson CONFIG)
list(POP_FRONT CMAKE_MODULE_PATH)
