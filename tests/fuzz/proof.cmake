# SPDX-License-Identifier: Apache-2.0
grantd_fuzz(sshsig_fuzz SOURCES sshsig_fuzz.cc LINKS proof)
grantd_fuzz(allowed_signers_fuzz SOURCES allowed_signers_fuzz.cc LINKS proof)
grantd_fuzz(record_fuzz SOURCES record_fuzz.cc LINKS proof)
grantd_fuzz(checkpoint_fuzz SOURCES checkpoint_fuzz.cc LINKS proof)
