# The whole of requests and grants against a model of it.
grantd_test(daemon_model_test LABEL unit
  SOURCES model_test.cc model.cc model_rules.cc model_run.cc model_people.cc model_compare.cc
  LINKS daemon_world daemon PkgConfig::SODIUM)
