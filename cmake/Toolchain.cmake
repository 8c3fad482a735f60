# Compiler warnings, sanitizers, a fast linker when the machine has it.
add_library(pgteal_warnings INTERFACE)
target_compile_options(pgteal_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wnull-dereference)
# What is anonymous in one file is neither shadowed nor shared by the next.
if(PGTEAL_UNITY)
  target_compile_options(pgteal_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
else()
  target_compile_options(pgteal_warnings INTERFACE -Wshadow)
endif()
# Errors where pgteal is worked on (the presets dev, asan and tsan, and CI), never for who builds a release: each compiler
# version warns of something new.
option(PGTEAL_WERROR "Warnings are errors" OFF)
if(PGTEAL_WERROR)
  target_compile_options(pgteal_warnings INTERFACE -Werror)
endif()
# g++ 12 sees null dereferences in its own coroutine frames and in inlined std::string, and takes the operator delete of
# Asio's frames for the wrong one; those two warnings are off there.
target_compile_options(pgteal_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-null-dereference -Wno-mismatched-new-delete>)
# At -O2 g++ (12 and 14) also sees std::string's own buffer overrun wherever texts are put together (GCC bugs 105329 and 105651).
target_compile_options(pgteal_warnings INTERFACE
  $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)

if(PGTEAL_SANITIZE)
  add_compile_options(-fsanitize=${PGTEAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PGTEAL_SANITIZE})
  if(PGTEAL_SANITIZE MATCHES "thread")
    # ThreadSanitizer does not understand fences; Asio's locks order everything without them.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>) # a fence remains in Asio's thread_pool
  endif()
endif()

# No compiler cache: hashing a precompiled header of 200 MB for each file costs a clean build a fifth, and a tree elsewhere
# never finds what another one left.
find_program(PGTEAL_MOLD mold)
if(PGTEAL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
