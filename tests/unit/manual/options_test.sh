#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual against the programs: what --help lists, and nothing else, stands in the page; and the keys and
# defaults of grantd.toml(5) are those that grantd -T prints.
# usage: options_test.sh DIRECTORY_OF_BUILT_PAGES GRANTCTL GRANTD GRANTD_REAPER PAM_MODULE GRANTD_PROVISION
set -u
pages=$1 grantctl=$2 grantd=$3 reaper=$4 module=$5 provision=$6
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
no() {
  echo "not ok: $*"
  failed=1
}
page() { MANWIDTH=1000 man --nj --nh -E UTF-8 -l "$pages/$1" 2>/dev/null | col -bx; }
options() { grep -oE -- '(^|[^A-Za-z0-9-])--?[a-zA-Z][a-z-]*' | grep -oE -- '-.*' | sort -u; }
words() { tr -d '{}[]|' | tr -s ' '; }
same() { # WHAT EXPECTED GOT
  [ "$2" = "$3" ] || no "$1"$'\n'"$(diff <(echo "$2") <(echo "$3"))"
}

# --- grantctl: one entry for each command, its first line the usage of that command ------------------------------
commands=$("$grantctl" --help | sed -n '/^usage/,/^Examples/s/^  \([a-z-]*\( [a-z-][a-z-]*\)\{0,2\}\)  .*/\1/p')
[ "$(wc -l <<<"$commands")" -ge 30 ] || no 'grantctl --help names no commands'
entries=$(page grantctl.1 | sed -n '/^COMMANDS/,/^OPTIONS/s/^ \{7\}\([^ ].*\)/\1/p')
while read -r c; do
  read -ra command <<<"$c"
  usage=$("$grantctl" "${command[@]}" --help </dev/null | sed -n 's/^usage: grantctl //p')
  entry=$(grep -E "^$c( [^a-z]|\$| \[)" <<<"$entries" | grep -vE "^$c [a-z]" | head -n 1)
  [ -n "$entry" ] || { no "grantctl(1) has no entry for: $c"; continue; }
  same "grantctl(1), $c" "$(words <<<"$usage")" "$(words <<<"$entry")"
done <<<"$commands"
[ "$(wc -l <<<"$commands")" = "$(wc -l <<<"$entries")" ] || no "grantctl(1) has $(wc -l <<<"$entries") entries"
same 'grantctl(1), options of all commands' \
  "$("$grantctl" --help | sed -n '/^Everywhere/,/^Exit/s/^  \(\(-., \)\{0,1\}--[a-z]*\).*/\1/p' | options)" \
  "$(page grantctl.1 | sed -n '/^OPTIONS/,/^TIMES/s/^ \{7\}\([^ ].*\)/\1/p' | options)"

# --- the daemons ------------------------------------------------------------------------------------------------
same 'grantd(8), options' "$("$grantd" --help 2>&1 | sed 1d | grep -oE -- '^  -[^ ]*|\[--[a-z]*' | options)" \
  "$(page grantd.8 | sed -n '/^OPTIONS/,/^SIGNALS/s/^ \{7\}\([^ ].*\)/\1/p' | options)"
same 'grantd-reaper(8), options' "$("$reaper" --help 2>&1 | grep -oE -- '^  --[^ ]*' | options)" \
  "$(page grantd-reaper.8 | sed -n '/^OPTIONS/,/^WHAT/s/^ \{7\}\([^ ].*\)/\1/p' | options)"

same 'grantd-provision(8), options' "$("$provision" --help 2>&1 | sed 1d | grep -oE -- '^  --?[^ ]*' | options)" \
  "$(page grantd-provision.8 | sed -n '/^OPTIONS/,/^CONFIGURATION/s/^ \{7\}\([^ ].*\)/\1/p' | options)"

# The module's options end in "=" but for debug; operator= is C++'s.
same 'pam_grantd(8), options' "$(strings -n 4 "$module" | grep -xE '[a-z_]+=' | grep -v '^operator=' | sort -u)" \
  "$(page pam_grantd.8 | sed -n '/^OPTIONS/,/^MODULE/s/^ \{7\}\([a-z_]*=\).*/\1/p' | sort)"

# --- grantd.toml: every key with its default ----------------------------------------------------------------------
touch "$work/empty"
same 'grantd.toml(5), keys and defaults' \
  "$("$grantd" -c "$work/empty" -T | sed '/^\[\[reporter/,/^\[limits/d' | grep -E '^[a-z_]+ = ')" \
  "$(page grantd.toml.5 | sed -n 's/^ \{7\}\([a-z_]* = .*\)/\1/p')"

# --- policy.toml: every key of each table, as a mistake in it lists them ----------------------------------------------
for table in '[person.NAME]' '[resource.NAME]' '[group.NAME]' '[rule.NAME]' '[relay.NAME]' '[[expect]]'; do
  printf '%s\nzzzzzz = 1\n' "${table/NAME/x}" >"$work/policy.toml"
  same "policy.toml(5), $table" \
    "$("$grantctl" policy test "$work/policy.toml" 2>/dev/null | sed -n 's/.*unknown key "zzzzzz".*(known: \(.*\))/\1/p' | tr -d ' ' | tr ',' '\n' | sort)" \
    "$(page policy.toml.5 | awk -v table="   $table" '/^   [^ ]/ { inside = $0 == table } inside' | sed -n 's/^ \{7\}\([a-z_]*\)$/\1/p' | sort)"
done

# --- provision.toml: the same ------------------------------------------------------------------------------------------
provision_keys() { # FILE
  "$provision" --config "$1" -t 2>&1 | sed -n 's/.*unknown key "zzzzzz".*(known: \(.*\))/\1/p' | tr -d ' ' | tr ',' '\n'
}
echo 'zzzzzz = 1' >"$work/top.toml"
printf '[system.x]\nadapter = "x"\nzzzzzz = 1\n' >"$work/system.toml"
same 'grantd-provision(8), keys' "$({ provision_keys "$work/top.toml"; provision_keys "$work/system.toml"; } | grep -vx system | sort)" \
  "$(page grantd-provision.8 | sed -n '/^CONFIGURATION/,/^POSTGRESQL/s/^ \{7\}\([a-z_, ]*\)$/\1/p' | tr -d ' ' | tr ',' '\n' | sort)"
[ "$failed" = 0 ] && echo ok
exit "$failed"
