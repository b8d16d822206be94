grantd_fuzz(report_fuzz SOURCES report_fuzz.cc LINKS wire)
grantd_fuzz(presence_fuzz SOURCES presence_fuzz.cc LINKS wire)
grantd_fuzz(registration_fuzz SOURCES registration_fuzz.cc LINKS wire)
