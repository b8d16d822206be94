grantd_test(own_rule_approval_test LABEL regress SOURCES own_rule_approval_test.cc
  LINKS daemon_world daemon PkgConfig::SODIUM)
