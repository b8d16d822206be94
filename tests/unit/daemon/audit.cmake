# How the audit leaves the daemon.
grantd_test(daemon_node_key_file_test LABEL unit SOURCES node_key_file_test.cc LINKS daemon)
grantd_test(daemon_audit_file_test LABEL unit SOURCES audit_file_test.cc LINKS daemon)
foreach(name audit_methods audit_out)
  grantd_test(daemon_${name}_test LABEL unit SOURCES ${name}_test.cc LINKS daemon_world daemon store_fixture)
endforeach()
