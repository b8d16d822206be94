grantd_test(boottime_namespace_test LABEL regress SOURCES ${CMAKE_CURRENT_LIST_DIR}/boottime_namespace_test.cc LINKS decision)
