# Sets CMAKE_CUDA_ARCHITECTURES from ZIMAGE_CUDA_ARCHS; to be included before enable_language(CUDA).
if(ZIMAGE_CUDA_ARCHS STREQUAL "all")
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
elseif(ZIMAGE_CUDA_ARCHS)
  set(CMAKE_CUDA_ARCHITECTURES ${ZIMAGE_CUDA_ARCHS})
else()
  execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE found ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed OR NOT found)
    set(CMAKE_CUDA_ARCHITECTURES 75)  # machine code for Turing and PTX that newer cards compile at first use
  else()
    string(REPLACE "." "" found "${found}")
    string(REGEX MATCHALL "[0-9]+" found "${found}")
    list(REMOVE_DUPLICATES found)
    list(TRANSFORM found APPEND "-real")
    set(CMAKE_CUDA_ARCHITECTURES ${found})
  endif()
endif()
message(STATUS "CUDA architectures: ${CMAKE_CUDA_ARCHITECTURES}")
