# Catalog queries of more than a few lines live in <room>/sql/*.sql, so that psql can run them as they are. Each becomes
# `inline constexpr std::string_view <name>` in namespace pgteal::<namespace>::sql, in the generated header "<room>/sql.hpp".
function(pgteal_embed_sql room namespace target)
  file(GLOB queries CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/sql/*.sql)
  if(NOT queries)
    return()
  endif()
  set(out ${CMAKE_BINARY_DIR}/generated/${room}/sql.hpp)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DROOM=${room} -DNAMESPACE=${namespace} -DOUT=${out} "-DQUERIES=${queries}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql_script.cmake
    DEPENDS ${queries} ${CMAKE_SOURCE_DIR}/cmake/embed_sql_script.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
