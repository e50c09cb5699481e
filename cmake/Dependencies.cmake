# The only place that names third parties. Imported targets made here:
#   zimage::torch       LibTorch's headers and CPU libraries
#   zimage::torch_cuda  its CUDA libraries and the CUDA runtime's headers (only where ZIMAGE_CUDA)
#   zimage::cupti       CUDA's profiling interface (only where it is found)
#   zimage::cublaslt    cuBLASLt (only where it is found)
#   spdlog::spdlog, CLI11::CLI11, zimage::yaml, zimage::sentencepiece, zimage::stb,
#   zimage::libdeflate, GTest::gtest_main, benchmark::benchmark
#
# LibTorch comes from a Python wheel. Its own TorchConfig.cmake stops without a CUDA toolkit, even for a build that
# uses none, and rejects CMAKE_CUDA_ARCHITECTURES, so the libraries are named here one by one.
include_guard()

find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)

find_package(yaml-cpp REQUIRED)
add_library(zimage::yaml INTERFACE IMPORTED)
if(TARGET yaml-cpp::yaml-cpp)
  target_link_libraries(zimage::yaml INTERFACE yaml-cpp::yaml-cpp)
else()  # before release 0.8
  target_link_libraries(zimage::yaml INTERFACE yaml-cpp)
endif()

find_path(SENTENCEPIECE_INCLUDE_DIR sentencepiece_processor.h REQUIRED)
find_library(SENTENCEPIECE_LIBRARY sentencepiece REQUIRED)
add_library(zimage::sentencepiece UNKNOWN IMPORTED)
set_target_properties(zimage::sentencepiece PROPERTIES IMPORTED_LOCATION "${SENTENCEPIECE_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${SENTENCEPIECE_INCLUDE_DIR}")

find_path(STB_INCLUDE_DIR stb_image_write.h PATH_SUFFIXES stb REQUIRED)
add_library(zimage::stb INTERFACE IMPORTED)
set_target_properties(zimage::stb PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${STB_INCLUDE_DIR}")

find_path(LIBDEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
find_library(LIBDEFLATE_LIBRARY deflate REQUIRED)
add_library(zimage::libdeflate UNKNOWN IMPORTED)
set_target_properties(zimage::libdeflate PROPERTIES IMPORTED_LOCATION "${LIBDEFLATE_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${LIBDEFLATE_INCLUDE_DIR}")

if(ZIMAGE_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark QUIET)  # without it the kernels are not timed
endif()

if(ZIMAGE_CORE_ONLY)
  return()
endif()
find_package(CLI11 REQUIRED)

# --- LibTorch -------------------------------------------------------------------------------------------------------
set(ZIMAGE_TORCH_DIR "" CACHE PATH "The folder torch/ of a LibTorch wheel (default: the project's .venv)")
if(NOT ZIMAGE_TORCH_DIR)
  file(GLOB found "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
  if(NOT found)
    message(FATAL_ERROR "LibTorch not found: run scripts/setup.sh or give -DZIMAGE_TORCH_DIR=.../site-packages/torch")
  endif()
  list(GET found 0 found)
  set(ZIMAGE_TORCH_DIR "${found}" CACHE PATH "" FORCE)
endif()
if(NOT EXISTS "${ZIMAGE_TORCH_DIR}/include/ATen/ATen.h")
  message(FATAL_ERROR "ZIMAGE_TORCH_DIR=${ZIMAGE_TORCH_DIR} holds no include/ATen/ATen.h")
endif()
set(ZIMAGE_TORCH_LIB_DIR "${ZIMAGE_TORCH_DIR}/lib")
# Where an installed libzimage finds its libraries without LD_LIBRARY_PATH. CMake's own list of link paths
# (CMAKE_INSTALL_RPATH_USE_LINK_PATH) leaves out what lies inside the project, and so .venv.
set(ZIMAGE_RUNTIME_DIRS "${ZIMAGE_TORCH_LIB_DIR}")

foreach(name c10 torch_cpu torch)
  add_library(zimage::lib${name} SHARED IMPORTED)
  set_target_properties(zimage::lib${name} PROPERTIES IMPORTED_LOCATION "${ZIMAGE_TORCH_LIB_DIR}/lib${name}.so")
endforeach()
add_library(zimage::torch INTERFACE IMPORTED)
set_target_properties(zimage::torch PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES
    "${ZIMAGE_TORCH_DIR}/include;${ZIMAGE_TORCH_DIR}/include/torch/csrc/api/include"
  INTERFACE_COMPILE_DEFINITIONS "_GLIBCXX_USE_CXX11_ABI=1"
  INTERFACE_LINK_LIBRARIES "zimage::libtorch_cpu;zimage::libc10;Threads::Threads")

# --- CUDA -----------------------------------------------------------------------------------------------------------
if(ZIMAGE_CUDA)
  foreach(name c10_cuda torch_cuda)
    add_library(zimage::lib${name} SHARED IMPORTED)
    set_target_properties(zimage::lib${name} PROPERTIES IMPORTED_LOCATION "${ZIMAGE_TORCH_LIB_DIR}/lib${name}.so")
  endforeach()
  # The CUDA runtime that LibTorch itself loads, a wheel beside its own; else the toolkit's.
  get_filename_component(ZIMAGE_CUDA_WHEEL_DIR "${ZIMAGE_TORCH_DIR}/../nvidia/cu13" ABSOLUTE)
  find_path(CUDA_RUNTIME_INCLUDE_DIR cuda_runtime_api.h
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/include" PATHS /usr/local/cuda/include REQUIRED)
  # What those include of the compiler's: in a toolkit beside them, as wheels perhaps only in a toolkit.
  find_path(CUDA_CRT_INCLUDE_DIR crt/host_config.h
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/include" PATHS /usr/local/cuda/include ENV CUDA_HOME ENV CUDA_PATH
    PATH_SUFFIXES include REQUIRED)
  set(cuda_runtime_include_dirs "${CUDA_RUNTIME_INCLUDE_DIR}" "${CUDA_CRT_INCLUDE_DIR}")
  find_library(CUDA_RUNTIME_LIBRARY NAMES libcudart.so.13 cudart
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/lib" "${ZIMAGE_TORCH_LIB_DIR}" PATHS /usr/local/cuda/lib64 REQUIRED)
  get_filename_component(runtime_dir "${CUDA_RUNTIME_LIBRARY}" DIRECTORY)
  list(APPEND ZIMAGE_RUNTIME_DIRS "${runtime_dir}")
  add_library(zimage::cudart SHARED IMPORTED)
  set_target_properties(zimage::cudart PROPERTIES IMPORTED_LOCATION "${CUDA_RUNTIME_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${cuda_runtime_include_dirs}")
  # LibTorch registers its CUDA backend when libtorch_cuda is loaded; nothing of ours need refer to it by name.
  add_library(zimage::torch_cuda INTERFACE IMPORTED)
  set_target_properties(zimage::torch_cuda PROPERTIES
    INTERFACE_LINK_OPTIONS "LINKER:--no-as-needed"
    INTERFACE_LINK_LIBRARIES "zimage::libtorch_cuda;zimage::libc10_cuda;zimage::cudart")

  # CUPTI, to trace kernels, and cuBLASLt, to compare its algorithms: only development tools need them.
  find_path(CUPTI_INCLUDE_DIR cupti.h
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/include" PATHS /usr/local/cuda/include /usr/local/cuda/extras/CUPTI/include)
  find_library(CUPTI_LIBRARY NAMES libcupti.so.13 cupti
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/lib" PATHS /usr/local/cuda/lib64 /usr/local/cuda/extras/CUPTI/lib64)
  if(CUPTI_INCLUDE_DIR AND CUPTI_LIBRARY)
    add_library(zimage::cupti UNKNOWN IMPORTED)
    set_target_properties(zimage::cupti PROPERTIES IMPORTED_LOCATION "${CUPTI_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CUPTI_INCLUDE_DIR};${cuda_runtime_include_dirs}")
  endif()
  find_path(CUBLASLT_INCLUDE_DIR cublasLt.h HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/include" PATHS /usr/local/cuda/include)
  find_library(CUBLASLT_LIBRARY NAMES libcublasLt.so.13 cublasLt
    HINTS "${ZIMAGE_CUDA_WHEEL_DIR}/lib" PATHS /usr/local/cuda/lib64)
  if(CUBLASLT_INCLUDE_DIR AND CUBLASLT_LIBRARY)
    add_library(zimage::cublaslt UNKNOWN IMPORTED)
    set_target_properties(zimage::cublaslt PROPERTIES IMPORTED_LOCATION "${CUBLASLT_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CUBLASLT_INCLUDE_DIR};${cuda_runtime_include_dirs}")
  endif()
endif()
