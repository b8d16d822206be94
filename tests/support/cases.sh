# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Named cases of a shell test. A case is a function `case_<behaviour>`; it fails when a check in it fails. Every
# case runs, whatever the ones before it did; `script NAME...` runs only those. Functions `before_case`
# and `after_case` run before and after each.

allowed() { "$@" >/run/case.out 2>&1 </dev/null || { show "should have been let in: $*"; return 1; }; }
refused() { # also insists that it was a refusal: not a time-out, not a command that could not be run
  local rc=0
  timeout 40 bash -c '"$@"' - "$@" >/run/case.out 2>&1 </dev/null || rc=$?
  case $rc in 0 | 124 | 126 | 127) show "should have been refused (exit $rc): $*"; return 1 ;; esac
}
exits() { # CODE COMMAND...
  local want=$1 rc=0
  shift
  "$@" >/run/case.out 2>&1 </dev/null || rc=$?
  [ "$rc" = "$want" ] || { show "expected exit $want, got $rc: $*"; return 1; }
}
said() { grep -qE -- "$1" /run/case.out || { show "did not say: $1"; return 1; }; }
unsaid() { ! grep -qE -- "$1" /run/case.out || { show "should not have said: $1"; return 1; }; }
show() { echo "    $1"; sed 's/^/    | /' /run/case.out; } >&2

run_cases() {
  # shellcheck disable=SC2046
  export -f $(declare -F | awk '{print $3}')
  local all=() name failed=0 passed=0 rc
  mapfile -t all < <(declare -F | awk '$3 ~ /^case_/ {print $3}')
  if [ "$#" -gt 0 ]; then all=("${@/#/case_}"); fi
  for name in "${all[@]}"; do
    set +e  # not `if (...)`: there bash ignores the -e inside
    (set -e; ! declare -F before_case >/dev/null || before_case; "$name"; ! declare -F after_case >/dev/null || after_case)
    rc=$?
    set -e
    if [ "$rc" = 0 ]; then
      passed=$((passed + 1)); echo "ok   ${name#case_}"
    else
      failed=$((failed + 1)); echo "FAIL ${name#case_}"
    fi
  done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
