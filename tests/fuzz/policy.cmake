# SPDX-License-Identifier: Apache-2.0
grantd_fuzz(policy_fuzz SOURCES policy_fuzz.cc LINKS policy)
grantd_fuzz(zone_fuzz SOURCES zone_fuzz.cc LINKS policy)
grantd_fuzz(config_fuzz SOURCES config_fuzz.cc LINKS policy)
