grantd_test(table_stress_test LABEL regress SOURCES ${CMAKE_CURRENT_LIST_DIR}/table_stress_test.cc LINKS publisher lookup)
