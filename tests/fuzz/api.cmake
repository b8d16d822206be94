grantd_fuzz(varlink_fuzz SOURCES varlink_fuzz.cc LINKS daemon)
