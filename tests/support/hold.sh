# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Runs a stage in a cgroup of its own and removes that afterwards: namespaces end by themselves, cgroups do not.
# The machine's other cgroups are never touched.

hold_root() { # where cgroup v2 is mounted and can be written
  local at
  for at in /sys/fs/cgroup /sys/fs/cgroup/unified ${GRANTD_MOUNTED:+/mnt}; do
    if [ "$(stat -fc %T "$at" 2>/dev/null)" = cgroup2fs ] && [ -w "$at/cgroup.procs" ]; then echo "$at"; return; fi
  done
  return 1
}

# Where nobody mounted it (a container with version 1 alone) the script runs again with a mount of its own, which
# nobody else sees.
hold_mount() { # SCRIPT ARGS...
  if [ -n "${GRANTD_MOUNTED:-}" ] || hold_root >/dev/null; then return 0; fi
  # shellcheck disable=SC2016
  GRANTD_MOUNTED=1 exec unshare --mount --propagation private \
    bash -c 'mount -t cgroup2 cgroup2 /mnt 2>/dev/null || true; exec bash "$@"' hold "$@"
}

hold_empty() { # CGROUP: of those below it, and it
  local d
  while read -r d; do rmdir "$d" 2>/dev/null || true; done < <(find "$1" -depth -type d)
}
hold_remove() { # CGROUP: it and what is below, when nobody is in it any more
  local i v1=/sys/fs/cgroup/systemd/${1##*/}
  [ ! -d "$v1" ] || hold_empty "$v1" # systemd-nspawn makes the same there, beside version 1
  for i in 1 2 3 4 5; do
    [ -d "$1" ] || return 0
    hold_empty "$1"
    [ -d "$1" ] || return 0
    [ ! -w "$1/cgroup.kill" ] || echo 1 >"$1/cgroup.kill" # our own stage's, whose first process is gone
    sleep "0.$i"
  done
  echo "stage: left behind: $1" >&2
}

hold() { # COMMAND...: with GRANTD_CGROUP, the new cgroup's directory, or empty where there is none to be had
  local root cgroup='' child rc=0 old
  if root=$(hold_root); then
    # Of a stage that was killed: named by its process, empty, and the process is no more.
    for old in "$root"/grantd-stage-*; do
      if [ -d "$old" ] && [ ! -d "/proc/${old##*-}" ] && grep -q 'populated 0' "$old/cgroup.events"; then hold_remove "$old"; fi
    done
    cgroup=$root/grantd-stage-$$
    mkdir "$cgroup" 2>/dev/null || cgroup=''
  fi
  # In the background, so that a signal to this process is heard at once; a terminal's Ctrl-C as in the foreground.
  # shellcheck disable=SC2016
  GRANTD_CGROUP=$cgroup setpriv --pdeathsig KILL env --default-signal=INT --default-signal=QUIT \
    bash -c '[ -z "$GRANTD_CGROUP" ] || echo $$ >"$GRANTD_CGROUP/cgroup.procs"; exec "$@"' hold "$@" <&0 &
  child=$!
  # shellcheck disable=SC2064
  trap "kill -KILL $child 2>/dev/null" TERM INT HUP
  wait "$child" 2>/dev/null || rc=$?
  while kill -0 "$child" 2>/dev/null; do rc=0; wait "$child" 2>/dev/null || rc=$?; done # a trap ends the first wait
  trap - TERM INT HUP
  [ -z "$cgroup" ] || hold_remove "$cgroup"
  return "$rc"
}
