grantd_fuzz(time_fuzz SOURCES time_fuzz.cc LINKS base)
