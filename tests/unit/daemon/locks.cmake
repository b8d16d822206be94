foreach(name locks locks_limits)
  grantd_test(daemon_${name}_test LABEL unit SOURCES ${name}_test.cc ../store/failing_disk.cc
    LINKS daemon_world daemon store_fixture)
endforeach()
