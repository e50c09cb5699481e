# Runs the consumer and the installed executable, without help from the environment.
unset(ENV{LD_LIBRARY_PATH})
unset(ENV{ZIMAGE_MODEL})
execute_process(COMMAND ${WORK}/embed/embed ${MODEL} "a red circle" ${WORK}/picture.ppm
  COMMAND_ERROR_IS_FATAL ANY ERROR_VARIABLE said)
if(NOT said MATCHES "plan: all resident\n.*denoise 8/8\n.*tokens, .* s for the steps\n$")
  message(FATAL_ERROR "standard error was: ${said}")
endif()
file(READ ${WORK}/picture.ppm header LIMIT 3)
file(SIZE ${WORK}/picture.ppm bytes)
if(NOT header STREQUAL "P6\n" OR bytes LESS 768)  # 16 * 16 pixels of 3 bytes, the smallest picture
  message(FATAL_ERROR "picture.ppm is no picture: ${bytes} bytes")
endif()

execute_process(COMMAND ${WORK}/prefix/${BINDIR}/zimage generate --model ${MODEL} --prompt "a red circle" --seed 7
    --width 64 --height 64 --out ${WORK}/picture.png
  COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE path)
if(NOT EXISTS ${WORK}/picture.png)
  message(FATAL_ERROR "no picture.png; standard output was: ${path}")
endif()
