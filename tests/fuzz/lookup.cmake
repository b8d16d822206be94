grantd_fuzz(table_header_fuzz SOURCES table_header_fuzz.cc LINKS lookup)
grantd_fuzz(table_page_fuzz SOURCES table_page_fuzz.cc LINKS lookup)
grantd_fuzz(table_record_fuzz SOURCES table_record_fuzz.cc LINKS lookup)
grantd_fuzz(table_lookup_fuzz SOURCES table_lookup_fuzz.cc LINKS lookup)
