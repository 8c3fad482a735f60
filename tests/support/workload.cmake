# The workload and its checker stand by themselves: nothing of pgteal's own rooms is linked, so they can't share its faults.
file(GLOB workload_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/workload*.cpp ${CMAKE_CURRENT_LIST_DIR}/checker*.cpp)
list(FILTER workload_sources EXCLUDE REGEX "_(main|test|pgtest)\\.cpp$")
add_library(pgteal_workload STATIC ${workload_sources})
target_link_libraries(pgteal_workload PUBLIC pgteal_warnings PostgreSQL::PostgreSQL Boost::json Threads::Threads)
target_include_directories(pgteal_workload PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(pgteal_workload PUBLIC PGTEAL_WORKLOAD_BINARY="${CMAKE_BINARY_DIR}/pgteal-workload")

add_executable(pgteal-workload ${CMAKE_CURRENT_LIST_DIR}/workload_main.cpp)
target_link_libraries(pgteal-workload PRIVATE pgteal_workload pgteal_cli)
set_target_properties(pgteal-workload PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# Scenarios start the program and check its log with the library.
if(TARGET pgteal_support)
  target_link_libraries(pgteal_support PUBLIC pgteal_workload)
  add_dependencies(pgteal_support pgteal-workload)
endif()

if(NOT PGTEAL_TESTS)
  return()
endif()

file(GLOB checker_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*_test.cpp)
add_executable(test_checker ${checker_tests})
target_link_libraries(test_checker PRIVATE pgteal_workload GTest::gtest GTest::gmock GTest::gtest_main)
add_test(NAME test_checker COMMAND test_checker WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(test_checker PROPERTIES LABELS fast TIMEOUT 120)

if(TARGET pgteal_support)
  add_executable(pgtest_workload ${CMAKE_CURRENT_LIST_DIR}/workload_pgtest.cpp)
  target_link_libraries(pgtest_workload PRIVATE pgteal_support GTest::gtest_main)
  add_test(NAME pgtest_workload COMMAND pgtest_workload WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(pgtest_workload PROPERTIES LABELS pg TIMEOUT 900)
endif()
