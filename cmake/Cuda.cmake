# Chooses nvcc and the GPU architectures; to be included after Dependencies and before enable_language(CUDA).
include_guard()

# nvcc must be of LibTorch's CUDA release: first the one the user names (CMAKE_CUDA_COMPILER, CUDACXX), then the
# machine's toolkit, then the wheel that scripts/setup.sh puts beside LibTorch.
set(ZIMAGE_CUDA_RELEASE 13.0)
function(zimage_is_wanted_nvcc result path)
  execute_process(COMMAND "${path}" --version OUTPUT_VARIABLE text ERROR_QUIET)
  if(NOT text MATCHES "release ${ZIMAGE_CUDA_RELEASE},")
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  file(GLOB own_wheel "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia/cu13")
  find_program(ZIMAGE_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH
    PATHS /usr/local/cuda /usr/local/cuda-${ZIMAGE_CUDA_RELEASE} "${ZIMAGE_CUDA_WHEEL_DIR}" ${own_wheel}
    PATH_SUFFIXES bin VALIDATOR zimage_is_wanted_nvcc)
  if(NOT ZIMAGE_NVCC)
    message(FATAL_ERROR "nvcc ${ZIMAGE_CUDA_RELEASE} not found: run scripts/setup.sh, set CUDACXX, or use -DZIMAGE_CUDA=OFF")
  endif()
  set(CMAKE_CUDA_COMPILER "${ZIMAGE_NVCC}")
endif()
# LibTorch's own shared CUDA runtime is linked by name; a second, static one would only take space.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)

if(ZIMAGE_CUDA_ARCHS STREQUAL "all")
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
elseif(ZIMAGE_CUDA_ARCHS)
  set(CMAKE_CUDA_ARCHITECTURES ${ZIMAGE_CUDA_ARCHS})
else()
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE found ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REPLACE "." "" found "${found}")
  string(REGEX MATCHALL "[0-9]+" found "${found}")
  list(REMOVE_DUPLICATES found)
  if(failed OR NOT found)
    set(CMAKE_CUDA_ARCHITECTURES 75)  # machine code for Turing and PTX that newer cards compile at first use
  else()
    list(TRANSFORM found APPEND "-real")
    set(CMAKE_CUDA_ARCHITECTURES ${found})
  endif()
endif()
message(STATUS "CUDA: ${CMAKE_CUDA_COMPILER}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
