# Tests that run the real grantd: started, asked, killed.
add_library(daemon_process STATIC ${CMAKE_CURRENT_LIST_DIR}/daemon_process.cc)
target_link_libraries(daemon_process PUBLIC daemon test_support)
target_compile_definitions(daemon_process PRIVATE GRANTD_PROGRAM="$<TARGET_FILE:grantd>")
add_dependencies(daemon_process grantd)
foreach(name kill life clients inside audit)
  grantd_test(daemon_${name}_test LABEL regress SOURCES ${CMAKE_CURRENT_LIST_DIR}/daemon_${name}_test.cc LINKS daemon_process daemon)
endforeach()
