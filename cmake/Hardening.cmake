# Compiler and linker flags that turn a memory fault in our own code into the end of the process.
# Held by the test Hardening.binaries (scripts/check_hardening.py).
include_guard()

# Every executable is position-independent, as CMAKE_POSITION_INDEPENDENT_CODE asks for: this makes the linker know it.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

# Fortified functions need optimisation, and the sanitizers check the same calls themselves.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release,RelWithDebInfo,MinSizeRel>>:-U_FORTIFY_SOURCE>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release,RelWithDebInfo,MinSizeRel>>:-D_FORTIFY_SOURCE=2>)
# For everything: relocations are resolved at the start, and read-only from then on.
add_link_options(LINKER:-z,relro,-z,now)
