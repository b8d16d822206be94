#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# completions/grantctl.bash knows every command, and completion asks for names without a terminal.
# usage: completion_test.sh GRANTCTL SOURCE_DIRECTORY
set -u
program=$1
source=$2
failed=0
is() {
  [ "$1" = "$2" ] && return
  printf 'not ok: %s\n expected: %s\n got:      %s\n' "$3" "$1" "$2"
  failed=1
}

mapfile -t commands < <("$program" --help | sed -n '/^usage/,/^Examples/s/^  \([a-z-]*\( [a-z-][a-z-]*\)\{0,1\}\)  .*/\1/p' | sort)
mapfile -t words < <(printf '%s\n' "${commands[@]}" | cut -d' ' -f1 | sort -u)
[ "${#commands[@]}" -ge 30 ] || { echo "not ok: --help names no commands"; exit 1; }

# shellcheck source=/dev/null
. "$source/packaging/completions/grantctl.bash"
# What stands for grantctl while names are completed; completion calls it by name.
# shellcheck disable=SC2317
fake_grantctl() {
  case $* in
    *people) echo '{"people":[{"name":"alice","email":"a@b"},{"name":"bob"}]}' ;;
    *resources) echo '{"resources":[{"name":"orders-db"},{"name":"web"}]}' ;;
    *requests) echo '{"requests":[{"id":"r-8m3x"}]}' ;;
    *list) echo '{"grants":[{"id":"g-7k2m"}]}' ;;
  esac
}
complete_line() {
  COMP_WORDS=("$@")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _grantctl
  printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
}
is "$(printf '%s\n' "${words[@]}" | paste -sd' ')" "$(complete_line fake_grantctl '')" 'every command'
is 'alice bob' "$(complete_line fake_grantctl grant '')" 'people after grant'
is 'orders-db' "$(complete_line fake_grantctl grant alice o)" 'resources after the person'
is 'orders-db web' "$(complete_line fake_grantctl --socket /x request --for 1h '')" 'options are no places'
is 'g-7k2m' "$(complete_line fake_grantctl revoke g)" 'ids'
is 'r-8m3x' "$(complete_line fake_grantctl approve '')" 'ids of requests'
is 'g-7k2m r-8m3x' "$(complete_line fake_grantctl show '')" 'ids of both'
is 'approval checkpoint export verify' "$(complete_line fake_grantctl audit '')" 'commands below a command'
is '--dry-run' "$(complete_line fake_grantctl policy reload --d)" 'options of a command below'
is '--checkpoint' "$(complete_line fake_grantctl audit verify --key x --c)" 'and behind a value'
is '--person' "$(complete_line fake_grantctl revoke --p)" 'options of a command'
is 'json table' "$(complete_line fake_grantctl list -o '')" 'formats'
is '' "$(complete_line fake_grantctl --host ssh://db1 grant '')" 'nothing over ssh'
[ "$failed" = 0 ] && echo ok
exit "$failed"
