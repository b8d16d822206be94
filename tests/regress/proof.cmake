# SPDX-License-Identifier: Apache-2.0
grantd_test(sshsig_differential_test LABEL regress SOURCES ${CMAKE_CURRENT_LIST_DIR}/sshsig_differential_test.cc
  ${CMAKE_CURRENT_LIST_DIR}/ssh_keygen.cc LINKS proof)
grantd_test(allowed_signers_differential_test LABEL regress
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/allowed_signers_differential_test.cc ${CMAKE_CURRENT_LIST_DIR}/ssh_keygen.cc
  LINKS proof)
