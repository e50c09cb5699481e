# Installs the build into a prefix and moves the prefix, so that nothing may rely on where it was.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first COMMAND_ERROR_IS_FATAL ANY
  OUTPUT_QUIET)
file(RENAME ${WORK}/first ${WORK}/prefix)

# The package files and headers must name neither the build, nor where they were, nor LibTorch's place.
file(GLOB_RECURSE files ${WORK}/prefix/*.cmake ${WORK}/prefix/*.h)
list(LENGTH files count)
if(count LESS 6)
  message(FATAL_ERROR "only ${count} headers and package files were installed")
endif()
foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(place "${BUILD}" "${WORK}" "site-packages" ".venv")
    string(FIND "${text}" "${place}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}")
    endif()
  endforeach()
endforeach()

foreach(file bash-completion/completions/zimage zsh/site-functions/_zimage fish/vendor_completions.d/zimage.fish
    man/man1/zimage.1)
  file(SIZE ${WORK}/prefix/share/${file} bytes)
  if(bytes LESS 1000)
    message(FATAL_ERROR "share/${file} has ${bytes} bytes")
  endif()
endforeach()
