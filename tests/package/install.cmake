# Installs the build into a prefix and moves the prefix, so that nothing may rely on where it was.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first COMMAND_ERROR_IS_FATAL ANY
  OUTPUT_QUIET)
file(RENAME ${WORK}/first ${WORK}/prefix)

# What leaves the project must not name it or the machine it was built on.
file(GLOB_RECURSE files ${WORK}/prefix/*.cmake ${WORK}/prefix/*.h)
list(LENGTH files count)
if(count LESS 6)
  message(FATAL_ERROR "only ${count} headers and package files were installed")
endif()
foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(word ${BUILD} ${WORK} "torch" "spdlog" "nlohmann" "sentencepiece")
    string(FIND "${text}" "${word}" at)
    if(NOT at EQUAL -1 AND (NOT file MATCHES "\\.h$" OR word STREQUAL BUILD))
      message(FATAL_ERROR "${file} names ${word}")
    endif()
  endforeach()
endforeach()
