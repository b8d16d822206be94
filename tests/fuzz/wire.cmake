grantd_fuzz(report_fuzz SOURCES report_fuzz.cc LINKS wire)
