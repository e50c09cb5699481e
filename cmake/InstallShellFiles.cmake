# Run by `cmake --install`: completions and the manual page, where bash, zsh, fish and man look for them.
# executable, share (a folder to write to), data and manual (where they go) are set before.
foreach(shell bash zsh fish man)
  file(MAKE_DIRECTORY "${share}/${shell}")
endforeach()
set(files bash/zimage zsh/_zimage fish/zimage.fish man/zimage.1)
foreach(file IN LISTS files)
  get_filename_component(shell "${file}" DIRECTORY)
  execute_process(COMMAND "${executable}" completion ${shell} OUTPUT_FILE "${share}/${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
# Debian's zsh looks for what packages bring in a place of its own.
set(zsh zsh/site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(zsh zsh/vendor-completions)
endif()
file(INSTALL "${share}/bash/zimage" DESTINATION "${data}/bash-completion/completions")
file(INSTALL "${share}/zsh/_zimage" DESTINATION "${data}/${zsh}")
file(INSTALL "${share}/fish/zimage.fish" DESTINATION "${data}/fish/vendor_completions.d")
file(INSTALL "${share}/man/zimage.1" DESTINATION "${manual}")
