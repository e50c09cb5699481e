# Compiler and linker flags that turn a memory fault in our own code into the end of the process.
# Held by the test Hardening.binaries (scripts/check_hardening.py).
include_guard()

# Every executable is position-independent, as CMAKE_POSITION_INDEPENDENT_CODE asks for: this makes the linker know it.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

# For what reads files and arguments. Fortified functions need optimisation, and the sanitizers check the same calls
# themselves.
add_library(zimage_hardening INTERFACE)
target_compile_options(zimage_hardening INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong
  $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>>)
# For everything: relocations are resolved at the start, and read-only from then on.
add_link_options(LINKER:-z,relro,-z,now)
