# libtracevec.so, made of the four static libraries, and everything `cmake --install` puts beside
# it: headers, CMake package, pkg-config file. Components: runtime, dev (and python, from python/).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(tracevec_parts tracevec_retrieval tracevec_index tracevec_storage tracevec_core)
list(JOIN tracevec_parts "," tracevec_whole_archive)

# Whole archives, since nothing here refers to the functions that users will call. What is exported
# is what the public headers mark; the rest is hidden (CXX_VISIBILITY_PRESET of the parts), and
# exports.map hides what that cannot reach.
# CMake wants a source of its own for every library, so it gets an empty one.
file(CONFIGURE OUTPUT libtracevec.cc CONTENT "")
add_library(tracevec SHARED ${PROJECT_BINARY_DIR}/libtracevec.cc)
add_library(tracevec::tracevec ALIAS tracevec)
set_target_properties(tracevec PROPERTIES
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${tracevec_whole_archive}")
target_link_libraries(tracevec PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${tracevec_whole_archive}>")
set(exports_map ${PROJECT_SOURCE_DIR}/cmake/exports.map)
target_link_options(tracevec PRIVATE
  LINKER:--no-undefined LINKER:--as-needed LINKER:--version-script=${exports_map})
set_target_properties(tracevec PROPERTIES LINK_DEPENDS ${exports_map})
target_compile_features(tracevec INTERFACE cxx_std_20)
target_include_directories(tracevec INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

if(NOT PROJECT_IS_TOP_LEVEL OR TRACEVEC_BUILD_PYTHON)
  return()
endif()

set(tracevec_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tracevec)
install(TARGETS tracevec EXPORT tracevecTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev)
install(DIRECTORY include/tracevec TYPE INCLUDE COMPONENT dev FILES_MATCHING PATTERN "*.h")
install(EXPORT tracevecTargets NAMESPACE tracevec:: DESTINATION ${tracevec_cmake_dir}
  COMPONENT dev)

configure_package_config_file(cmake/tracevecConfig.cmake.in tracevecConfig.cmake
  INSTALL_DESTINATION ${tracevec_cmake_dir})
write_basic_package_version_file(tracevecConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/tracevecConfig.cmake ${PROJECT_BINARY_DIR}/tracevecConfigVersion.cmake
  DESTINATION ${tracevec_cmake_dir} COMPONENT dev)

# The prefix in the file is relative to the file, so that the installed tree can be moved.
file(RELATIVE_PATH tracevec_pc_prefix
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" tracevec_pc_prefix ${tracevec_pc_prefix})
configure_file(cmake/tracevec.pc.in tracevec.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tracevec.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT dev)
