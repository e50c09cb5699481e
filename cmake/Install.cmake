# Installed: the executable, the two libraries, the public headers, the built-in model, the package zimage::zimage,
# completions and the manual page.
include(CMakePackageConfigHelpers)

set(installed zimage_core)
if(NOT ZIMAGE_CORE_ONLY)
  list(APPEND installed zimage zimage_cli)
endif()
install(TARGETS ${installed} EXPORT zimageTargets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/zimage DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/zimage)
install(DIRECTORY models/zimage-demo DESTINATION ${CMAKE_INSTALL_DATADIR}/zimage/models OPTIONAL)
install(EXPORT zimageTargets NAMESPACE zimage:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/zimage)
configure_package_config_file(cmake/zimageConfig.cmake.in zimageConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/zimage)
write_basic_package_version_file(zimageConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/zimageConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/zimageConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/zimage)

# What shells and `man` read, printed by the executable itself.
if(NOT ZIMAGE_CORE_ONLY AND NOT ZIMAGE_SANITIZE)
  install(CODE "
    set(executable \"$<TARGET_FILE:zimage_cli>\")
    set(share \"${PROJECT_BINARY_DIR}/share\")
    set(data \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
    set(manual \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1\")")
  install(SCRIPT cmake/InstallShellFiles.cmake)
endif()
