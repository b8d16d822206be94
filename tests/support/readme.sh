# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# README's blocks in shell tests: to read them (readme.py), and to do what they say. Only where that harms nobody.
# shellcheck disable=SC2154

readme=$stage_repo/tests/support/readme.py
export readme

as_in_readme() { # line|block TEXT: does what stands there
  local what
  what=$("$readme" "$@")
  sh -ec "$what"
}
