# Tests that run the real grantd-reaper: registered with, killed, stopped. 77: no cgroup v2 that can be written.
grantd_test(reaper_process_test LABEL regress SOURCES ${CMAKE_CURRENT_LIST_DIR}/reaper_test.cc LINKS reaper_house guest wire reaper)
target_compile_definitions(reaper_process_test PRIVATE GRANTD_REAPER="$<TARGET_FILE:grantd-reaper>")
add_dependencies(reaper_process_test grantd-reaper)
set_tests_properties(reaper_process_test PROPERTIES SKIP_RETURN_CODE 77)
