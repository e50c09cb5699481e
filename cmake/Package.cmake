# Packages: .deb and .tar.gz by CPack, without LibTorch, which zimage-setup fetches. Use scripts/package.sh.
# To be included after Dependencies and before src/.
include_guard()

# Where zimage-setup puts LibTorch, and the two libraries' folders below; also in packaging/zimage.in.
set(ZIMAGE_TORCH_PREFIX /opt/zimage)
set(ZIMAGE_LIBDIR ${CMAKE_INSTALL_LIBDIR})
set(ZIMAGE_PRIVATE_DIRS ${ZIMAGE_RUNTIME_DIRS})  # of this machine
set(ZIMAGE_RUNTIME_DIRS "")
foreach(place $ORIGIN/libtorch ${ZIMAGE_TORCH_PREFIX})
  list(APPEND ZIMAGE_RUNTIME_DIRS ${place}/site-packages/torch/lib ${place}/site-packages/nvidia/cu13/lib)
endforeach()
set(ZIMAGE_TORCH_WHEEL cpu)
if(ZIMAGE_CUDA)
  set(ZIMAGE_TORCH_WHEEL cuda)
endif()
file(STRINGS "${ZIMAGE_TORCH_DIR}/version.py" version REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" ZIMAGE_TORCH_VERSION "${version}")

foreach(dir IN LISTS ZIMAGE_PRIVATE_DIRS)  # for the linker alone
  add_link_options(LINKER:-rpath-link,${dir})
endforeach()

foreach(script zimage zimage-setup)
  configure_file(packaging/${script}.in package/${script} @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  install(PROGRAMS ${PROJECT_BINARY_DIR}/package/${script} DESTINATION bin)
endforeach()

set(CPACK_PACKAGE_NAME zimage)
if(NOT ZIMAGE_CUDA)
  set(CPACK_PACKAGE_NAME zimage-cpu)
  set(CPACK_DEBIAN_PACKAGE_PROVIDES zimage)
  set(CPACK_DEBIAN_PACKAGE_CONFLICTS zimage)
endif()
set(CPACK_PACKAGE_VENDOR "The zimage authors")
set(CPACK_PACKAGE_CONTACT "The zimage authors <zimage@zimage.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_FILE_NAME ${CPACK_PACKAGE_NAME}-${PROJECT_VERSION}-linux-x86_64)

# A .deb for each release, whose libraries it names: built on that release.
file(STRINGS /etc/os-release release REGEX "^(ID|VERSION_ID)=")
list(TRANSFORM release REPLACE "^[A-Z_]+=|\"" "")
list(SORT release COMPARE NATURAL ORDER DESCENDING)
string(REPLACE ";" "" release "${release}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION}~${release})
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src ${ZIMAGE_PRIVATE_DIRS})
set(CPACK_DEBIAN_PACKAGE_DEPENDS "python3-venv")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "text to image with the model Z-Image-Turbo")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Draws pictures from prompts with the model Z-Image-Turbo, or with a
small one that comes with it, on NVIDIA GPUs and on CPUs, as one
native program and a C++ library.

LibTorch, which it computes with, is not in this package: zimage-setup
downloads it.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/postinst ${PROJECT_SOURCE_DIR}/packaging/prerm
  ${PROJECT_SOURCE_DIR}/packaging/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/PackageOptions.cmake)

# What Debian asks of a package's documentation.
set(documentation ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_PACKAGE_NAME})
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${PROJECT_BINARY_DIR}/package/changelog.Debian
  "${CPACK_PACKAGE_NAME} (${CPACK_DEBIAN_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
execute_process(COMMAND gzip -9nf changelog.Debian WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/package COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md OUTPUT_FILE ${PROJECT_BINARY_DIR}/package/changelog.gz
  COMMAND_ERROR_IS_FATAL ANY)
configure_file(packaging/lintian-overrides.in package/lintian-overrides @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/changelog.gz ${PROJECT_BINARY_DIR}/package/changelog.Debian.gz packaging/copyright
  DESTINATION ${documentation})
execute_process(COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/packaging/zimage-setup.1
  OUTPUT_FILE ${PROJECT_BINARY_DIR}/package/zimage-setup.1.gz COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${PROJECT_BINARY_DIR}/package/zimage-setup.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/package/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME ${CPACK_PACKAGE_NAME})
include(CPack)
