grantd_test(own_rule_approval_test LABEL regress SOURCES own_rule_approval_test.cc
  LINKS daemon_world daemon PkgConfig::SODIUM)
grantd_test(waiting_window_test LABEL regress SOURCES waiting_window_test.cc
  LINKS daemon_world daemon PkgConfig::SODIUM)
