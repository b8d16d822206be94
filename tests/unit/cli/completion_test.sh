#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bash, zsh and fish themselves offer every command and every option that --help lists, and nothing else; values of
# which --help names the choice; files where it says FILE; and nothing, quickly, where grantd does not answer.
# usage: completion_test.sh GRANTCTL SOURCE_DIRECTORY
set -u
export LC_ALL=C
program=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/evidence"
touch "$work/monday.note"
ln -s "$program" "$work/bin/grantctl"
export PATH=$work/bin:$PATH HOME=$work GRANTD_SOCKET=$work/none
unset GRANTD_HOST
cd "$work" || exit 1

expect() { # LINE CANDIDATE...
  printf '%s\n' "$1" >>lines
  printf '%s\n' "${@:2}" | sort -u | paste -sd' ' >>expected
}
help_of() { grantctl "$@" --help </dev/null; }
# "--for", "-o" and "--output" of the lines that list them.
options_in() { sed -n 's/^  \(-\)/\1/p' | sed 's/  .*//' | grep -oE -- '(^|, )--?[a-z][a-z-]*' | tr -d ', '; }

mapfile -t commands < <(help_of | sed -n '/^usage/,/^Examples/s/^  \([a-z-]*\( [a-z-][a-z-]*\)\{0,2\}\)  .*/\1/p')
[ "${#commands[@]}" -ge 30 ] || { echo "not ok: --help names no commands"; exit 1; }
mapfile -t first < <(printf '%s\n' "${commands[@]}" | cut -d' ' -f1)
mapfile -t everywhere < <(help_of | options_in)

expect 'grantctl ' "${first[@]}"
expect 'grantctl policy ' test reload
expect 'grantctl audit ' verify checkpoint export approval
for c in "${commands[@]}"; do
  read -ra words <<<"$c"
  mapfile -t options < <(help_of "${words[@]}" | options_in)
  [ "${#options[@]}" -ge 7 ] || { echo "not ok: $c --help lists ${options[*]}"; exit 1; }
  expect "grantctl $c -" "${options[@]}"
done
expect 'grantctl -' "${everywhere[@]}"
expect 'grantctl list -o ' table json
expect 'grantctl audit export --format ' ecs json chain
expect 'grantctl audit --event lo' lock lock-end
expect 'grantctl clock ' accept
expect 'grantctl store ' unlock
expect 'grantctl audit verify --key x --c' --checkpoint
expect 'grantctl audit verify --checkpoint mo' monday.note
expect 'grantctl audit approval r-1000v --to ' evidence bin
expect 'grantctl request orders-db --for 1h --reason ' ''
expect 'grantctl no-such-command -' "${everywhere[@]}"
expect 'grantctl grant ' ''
expect 'grantctl revoke g' ''

failed=0
for shell in bash zsh fish; do
  before=$EPOCHREALTIME
  timeout 60 "$source/tests/support/complete_in.$shell" "$source/packaging/completions" <lines 2>errors | sed 's:/\( \|$\):\1:g' >offered
  took=$(( (${EPOCHREALTIME/./} - ${before/./}) / 1000 ))
  [ ! -s errors ] || { echo "not ok: $shell says: $(head -n 5 errors)"; failed=1; }
  if ! diff expected offered >difference; then
    echo "not ok: $shell offers otherwise (<: expected)"
    cat difference
    failed=1
  fi
  echo "# $shell: $(wc -l <offered) lines in $took ms"
done
[ "$failed" = 0 ] && echo ok
exit "$failed"
