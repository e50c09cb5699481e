# Installed: the executable, the two libraries, the public headers, the built-in model, the package zimage::zimage,
# completions and the manual page.
include(CMakePackageConfigHelpers)

set(installed zimage_core)
set(ZIMAGE_PROGRAM_DIR ${CMAKE_INSTALL_BINDIR})
set(ZIMAGE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/zimage)
if(ZIMAGE_PACKAGE)  # bin/ has the script that looks for LibTorch; lib/zimage/ the libraries alone
  set(ZIMAGE_PROGRAM_DIR libexec)
  set(ZIMAGE_CMAKE_DIR lib/cmake/zimage)
endif()
if(NOT ZIMAGE_CORE_ONLY)
  list(APPEND installed zimage zimage_cli)
endif()
install(TARGETS ${installed} EXPORT zimageTargets
  RUNTIME DESTINATION ${ZIMAGE_PROGRAM_DIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/zimage DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/zimage)
install(DIRECTORY models/zimage-demo DESTINATION ${CMAKE_INSTALL_DATADIR}/zimage/models OPTIONAL)
install(EXPORT zimageTargets NAMESPACE zimage:: DESTINATION ${ZIMAGE_CMAKE_DIR})
configure_package_config_file(cmake/zimageConfig.cmake.in zimageConfig.cmake
  INSTALL_DESTINATION ${ZIMAGE_CMAKE_DIR})
write_basic_package_version_file(zimageConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/zimageConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/zimageConfigVersion.cmake
  DESTINATION ${ZIMAGE_CMAKE_DIR})

# What shells and `man` read, printed by the executable itself.
if(NOT ZIMAGE_CORE_ONLY AND NOT ZIMAGE_SANITIZE)
  install(CODE "
    set(executable \"$<TARGET_FILE:zimage_cli>\")
    set(libraries \"${ZIMAGE_PRIVATE_DIRS}\")
    set(share \"${PROJECT_BINARY_DIR}/share\")
    set(data \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
    set(manual \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\")")
  install(SCRIPT cmake/InstallShellFiles.cmake)
endif()
