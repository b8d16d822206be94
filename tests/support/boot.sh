# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test in a container that systemd boots: this machine's files beneath an overlay in memory, its services not
# among them. Exit code 77 where no container can be booted.
#   source tests/support/boot.sh; boot_enter "$0" "$@"; ... from here on you are root in the container ...
# In a container that is booted already (a bare Debian): GRANTD_ON_STAGE=1. GRANTD_PACKAGED=1: what is tried is what
# ./dev package made and apt installed, as in
#   GRANTD_ON_STAGE=1 GRANTD_PACKAGED=1 GRANTD_WHERE=logind tests/system/ssh_end
# GRANTD_LAYOUT=hybrid|unified: where the container finds cgroup v2 (default: as this machine has it).
# shellcheck source=tests/support/stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/stage.sh"

boot_skip() { echo "${0##*/}: skipped: $*"; exit 77; }

boot_enter() { # SCRIPT ARGS...
  local rc=0
  [ -z "${GRANTD_ON_STAGE:-}" ] || return 0
  [ "$(id -u)" = 0 ] || boot_skip 'this needs root'
  command -v systemd-nspawn >/dev/null || boot_skip 'there is no systemd-nspawn (apt-get install systemd-container)'
  hold_mount "$@"
  hold unshare --mount --pid --fork --kill-child=SIGKILL --mount-proc --propagation private \
    bash "$stage_repo/tests/support/boot-init" "$stage_repo" "$(readlink -f "$1")" "${@:2}" || rc=$?
  exit "$rc"
}

where_enter() { # SCRIPT ARGS...: on a stage, or in a container, as GRANTD_WHERE says: stage, logind, systemd
  where=${GRANTD_WHERE:-stage}
  case $where in
    stage) stage_enter "$@" ;;
    logind | systemd) boot_enter "$@" ;;
    *) echo "GRANTD_WHERE=$where: stage, logind or systemd" >&2; exit 2 ;;
  esac
}
