# Finds what the libraries are built on, in the system only: nothing is fetched. All that is missing
# is named in one message, with the command that installs it on Debian and Ubuntu.

set(tracevec_missing_packages "")

# tracevec_require(<target or variable> <apt package>) notes the package when there is no such
# target and the variable is not true.
macro(tracevec_require found package)
  if(NOT TARGET ${found} AND NOT ${found})
    list(APPEND tracevec_missing_packages ${package})
  endif()
endmacro()

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
tracevec_require(PKG_CONFIG_FOUND pkg-config)

# Debian's static librocksdb is not position independent, so it cannot go into our shared library:
# always the shared one.
find_package(RocksDB CONFIG QUIET)
if(NOT TARGET RocksDB::rocksdb-shared AND PKG_CONFIG_FOUND)
  pkg_check_modules(rocksdb QUIET IMPORTED_TARGET GLOBAL rocksdb)
  if(TARGET PkgConfig::rocksdb)
    add_library(RocksDB::rocksdb-shared ALIAS PkgConfig::rocksdb)
  endif()
endif()
tracevec_require(RocksDB::rocksdb-shared librocksdb-dev)

# The name of xsimd's target depends on the distribution.
find_package(xsimd CONFIG QUIET)
if(TARGET xsimd AND NOT TARGET xsimd::xsimd)
  add_library(xsimd::xsimd ALIAS xsimd)
endif()
tracevec_require(xsimd::xsimd libxsimd-dev)

find_package(Eigen3 3.4 CONFIG QUIET)
tracevec_require(Eigen3::Eigen libeigen3-dev)

find_package(nlohmann_json CONFIG QUIET)
tracevec_require(nlohmann_json::nlohmann_json nlohmann-json3-dev)

find_package(fmt CONFIG QUIET)
tracevec_require(fmt::fmt libfmt-dev)

# Used header-only (XXH_INLINE_ALL), so there is nothing to link.
find_path(TRACEVEC_XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(TRACEVEC_XXHASH_INCLUDE_DIR)
tracevec_require(TRACEVEC_XXHASH_INCLUDE_DIR libxxhash-dev)

# Header-only too. 0.6.2 (Debian 12) and 0.8 both serve.
find_path(TRACEVEC_HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h)
mark_as_advanced(TRACEVEC_HNSWLIB_INCLUDE_DIR)
tracevec_require(TRACEVEC_HNSWLIB_INCLUDE_DIR libhnswlib-dev)

if(PKG_CONFIG_FOUND)
  pkg_check_modules(utf8proc QUIET IMPORTED_TARGET GLOBAL libutf8proc)
endif()
tracevec_require(PkgConfig::utf8proc libutf8proc-dev)

# No CMake package and no pkg-config file either.
find_path(TRACEVEC_STEMMER_INCLUDE_DIR libstemmer.h)
find_library(TRACEVEC_STEMMER_LIBRARY stemmer)
mark_as_advanced(TRACEVEC_STEMMER_INCLUDE_DIR TRACEVEC_STEMMER_LIBRARY)
tracevec_require(TRACEVEC_STEMMER_LIBRARY libstemmer-dev)

# Debian 12 has neither a usable CMake package nor a pkg-config file for it.
find_path(TRACEVEC_ROARING_INCLUDE_DIR roaring/roaring.h)
find_library(TRACEVEC_ROARING_LIBRARY roaring)
mark_as_advanced(TRACEVEC_ROARING_INCLUDE_DIR TRACEVEC_ROARING_LIBRARY)
tracevec_require(TRACEVEC_ROARING_LIBRARY libroaring-dev)

if(TRACEVEC_BUILD_TESTS)
  find_package(GTest CONFIG QUIET)
  tracevec_require(GTest::gtest_main libgtest-dev)
endif()
if(TRACEVEC_BUILD_BENCH)
  find_package(benchmark CONFIG QUIET)
  tracevec_require(benchmark::benchmark libbenchmark-dev)
endif()

if(TRACEVEC_BUILD_TESTS OR TRACEVEC_BUILD_BENCH)
  find_package(ZLIB QUIET)
  tracevec_require(ZLIB::ZLIB zlib1g-dev)
endif()

if(tracevec_missing_packages)
  list(JOIN tracevec_missing_packages " " tracevec_missing_packages)
  message(FATAL_ERROR
    "TraceVec: libraries are missing. On Debian or Ubuntu they are installed with\n"
    "  apt-get install ${tracevec_missing_packages}\n"
    "and scripts/install-deps.sh installs everything this project needs.")
endif()
