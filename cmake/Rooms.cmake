# pgteal_room(<folder> LINKS <target>...): one static library a room, all sharing one precompiled header.
# A corner of a room is named by its path: migration/lint makes pgteal_migration_lint.
# A room that has only headers is an interface library, so that others can link it all the same.
function(pgteal_room room)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/*.cpp)
  string(REPLACE "/" "_" target "pgteal_${room}")
  if(NOT sources)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_LINKS})
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC ${ARG_LINKS})
  pgteal_embed_sql(${room} ${target})
  pgteal_use_pch(${target})
endfunction()

# The precompiled header is made once, with the postgres room; every other target borrows it. That needs the same flags
# everywhere, which pgteal_deps brings along.
function(pgteal_use_pch target)
  if(target STREQUAL "pgteal_postgres")
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
  else()
    target_precompile_headers(${target} REUSE_FROM pgteal_postgres)
  endif()
endfunction()
