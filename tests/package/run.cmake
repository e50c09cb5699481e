# Runs the consumer and the installed executable, without help from the environment, on the installed model.
unset(ENV{LD_LIBRARY_PATH})
unset(ENV{ZIMAGE_MODEL})
set(model ${WORK}/prefix/${DATADIR}/zimage/models/zimage-demo)
execute_process(COMMAND ${WORK}/embed/embed ${model} "a red circle on a white background" ${WORK}/picture.ppm
  COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${WORK}/picture.ppm bytes)
if(bytes LESS 49000)  # 128 * 128 pixels of 3 bytes
  message(FATAL_ERROR "picture.ppm has ${bytes} bytes")
endif()

# Without --model the installed executable finds the model beside itself.
execute_process(COMMAND ${WORK}/prefix/${BINDIR}/zimage generate --prompt "a red circle on a white background" --seed 7
    --out ${WORK}/picture.png
  COMMAND_ERROR_IS_FATAL ANY WORKING_DIRECTORY ${WORK} OUTPUT_VARIABLE path)
if(NOT EXISTS ${WORK}/picture.png)
  message(FATAL_ERROR "no picture.png; standard output was: ${path}")
endif()
