# What every target of this project has in common, and how the libraries, tests and benchmarks are
# declared.

# Sets language, visibility, include paths and warnings on one target. Optimisation, assertions and
# sanitizers belong to the build (CMakePresets.json), not to a target.
function(tracevec_configure_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PUBLIC
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
    # GCC 12 is wrong about a std::variant that is moved into a std::optional, which is what a
    # Result<Value> is.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endfunction()

# Fails when a source of this folder belongs to no target: a forgotten test would pass for ever, and
# a forgotten source shows only as an undefined symbol, much later. tests/tidy.py checks the same
# without a build.
function(tracevec_check_all_listed pattern)
  file(GLOB present RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${pattern})
  get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(listed ${target} SOURCES)
    list(REMOVE_ITEM present ${listed})
  endforeach()
  if(present)
    message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt does not list: ${present}")
  endif()
endfunction()

# tracevec_add_library(<name> <source>...): the static library of one folder. Position independent,
# since libtracevec.so and the Python module are made of these.
function(tracevec_add_library name)
  add_library(${name} STATIC ${ARGN})
  tracevec_configure_target(${name})
endfunction()

# tracevec_add_tests(<executable> [LABELS <label>...] SOURCES <x_test.cc>... LIBRARIES <target>...)
# One executable a folder: linking RocksDB and GoogleTest once a file would cost more than compiling
# it. Each test is still a ctest entry of its own, found when ctest runs.
function(tracevec_add_tests executable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LABELS;SOURCES;LIBRARIES")
  add_executable(${executable} ${arg_SOURCES})
  tracevec_configure_target(${executable})
  # Half of a build from nothing is compiling tests: -O1 takes three quarters of -O2's time, and
  # with sanitizers -Og takes six tenths of -O1's. What they test is compiled as its preset says.
  target_compile_options(${executable} PRIVATE
    $<$<CONFIG:RelWithDebInfo>:-O1> $<$<CONFIG:Debug>:-Og>)
  # Tests may call their helpers alike.
  set_target_properties(${executable} PROPERTIES UNITY_BUILD OFF)
  target_link_libraries(${executable} PRIVATE ${arg_LIBRARIES} GTest::gtest_main)
  gtest_discover_tests(${executable}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    # Tests that wait for a builder would wait until no other test runs.
    PROPERTIES TIMEOUT 1500 LABELS "${arg_LABELS}"
      ENVIRONMENT TRACEVEC_BUILDER_PRIORITY=normal)
endfunction()
