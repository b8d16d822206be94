# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A host with Debian's own sshd and PostgreSQL, the packages on it, and README's steps. For tests in a booted container;
# must never run anywhere else.
# shellcheck disable=SC2154,SC2034

# shellcheck source=tests/support/readme.sh
source "$stage_repo/tests/support/readme.sh"
pam_library=$(find /usr/lib -maxdepth 2 -path '/usr/lib/*/security' | head -n 1)
export DEBIAN_FRONTEND=noninteractive PGPORT=5432

apt_install() { apt-get install -y --no-install-recommends "$@"; }

packaged_needs() { # PACKAGE...: from Debian, where they are not there yet
  rm -f /usr/sbin/policy-rc.d # a real host starts what it installs
  echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99yes # nobody is here to say it
  dpkg-query -W "$@" >/dev/null 2>&1 || { apt-get update -qq && apt_install "$@"; } >/run/install.log 2>&1 ||
    { tail -n 20 /run/install.log >&2; exit 1; }
}
packaged_install() { # grantd's own, as README says
  (cd "$stage_repo" && as_in_readme line 'apt install') >/run/apt.log 2>&1 </dev/null || { cat /run/apt.log >&2; exit 1; }
}

# Everything that is there before: people with keys, sshd, a cluster, a bot, and what all of it looks like.
packaged_setup() {
  local who unit
  packaged_needs openssh-server openssh-client postgresql-15 python3 sqlite3 procps passwd
  command -v node >/dev/null || packaged_needs nodejs
  [ -d "$stage_repo/hubot/node_modules" ] || { packaged_needs npm; hubot_packages "$stage_repo"; } # else a machine fetched them
  for who in alice bob carol laptop; do
    useradd --create-home --shell /bin/bash "$who"
    install -d -m 700 -o "$who" -g "$who" "/home/$who/.ssh"
    as "$who" ssh-keygen -q -t ed25519 -N '' -f "/home/$who/.ssh/id_ed25519"
    install -m 600 -o "$who" -g "$who" "/home/$who/.ssh/id_ed25519.pub" "/home/$who/.ssh/authorized_keys"
  done
  for who in alice bob; do # their own laptops, here one
    install -m 600 -o laptop -g laptop "/home/$who/.ssh/id_ed25519" "/home/laptop/.ssh/$who"
    install -m 644 -o laptop -g laptop "/home/$who/.ssh/id_ed25519.pub" "/home/laptop/.ssh/$who.pub"
  done
  ssh-keygen -A >/dev/null
  echo "127.0.0.1 $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
  systemctl start ssh.service
  [ -d /etc/postgresql/15/main ] || pg_createcluster 15 main >/dev/null
  systemctl daemon-reload
  systemctl start postgresql@15-main
  as postgres psql -Xqc 'create role alice login' -c 'create role bob login' -c 'create database orders'
  mkfifo /run/empty
  bot_install
  bot_key
  snapshot /run/before
  package_names >/run/packages.before
  ssh_since=$(systemctl show -P ActiveEnterTimestampMonotonic ssh.service)
  # A call that a unit's filter refuses ends the process, instead of failing somewhere quietly.
  for unit in "$stage_repo"/packaging/systemd/*.service; do
    install -d "/run/systemd/system/${unit##*/}.d"
    printf '[Service]\nSystemCallErrorNumber=kill\n' >"/run/systemd/system/${unit##*/}.d/kill.conf"
  done
  packaged_install
}

package_names() { dpkg-query -W -f '${Package}\n' | sort -u; }

# Every name but those in logs, caches, homes, databases and the package system's own records; and what /etc says, in
# any order of lines.
snapshot() { # FILE
  {
    find / -maxdepth 1
    find /etc /usr /opt /var -xdev \( -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/tmp \
      -o -path /var/lib/postgresql -o -path /var/backups -o -path /var/lib/PackageKit -o -path /var/lib/systemd/deb-systemd-helper-masked -o -path "$stage_repo" \) -prune -o -print
    find /var/log /run -name '*grantd*' -not -path '/run/systemd/*' -not -path '/run/newer/*'
    find /etc -type f ! -name '*-' ! -name ld.so.cache -exec sh -c 'for f; do echo "$f $(sort "$f" | sha256sum)"; done' sh {} +
  } | grep -vE '^/(etc/(\.pwd\.lock|(passwd|shadow|group|gshadow|subuid|subgid)-)|var/lib/systemd/(random-seed|timers/.*|.*stamp.*))$' | sort >"$1"
}

# --- README's steps -----------------------------------------------------------------------------------------------
gate_ssh() { # the account line before the first of its account lines, the session line after common-session
  local line
  line=$(gate_line account)
  sed -i "0,/^account/s|^account|$line\n&|" /etc/pam.d/sshd
  line=$(gate_line session)
  sed -i "s|^@include common-session\$|&\n$line|" /etc/pam.d/sshd
}
gate_line() { "$readme" line "$1  required  pam_grantd.so" | sed 's/ mode=audit//'; }
gate_postgresql() {
  as_in_readme line 'adduser postgres' >/run/adduser.log
  "$readme" block 'shared_preload_libraries' | sed 's/^grantd.mode = audit/grantd.mode = enforce/' \
    >/etc/postgresql/15/main/conf.d/grantd.conf
  systemctl restart postgresql@15-main
}
write_policy() { stage_policy_with_rules; }
ungate() {
  sed -i '/pam_grantd/d' /etc/pam.d/sshd
  rm /etc/postgresql/15/main/conf.d/grantd.conf
}

# --- the same packages once more, as a later version ----------------------------------------------------------------
newer_packages() { # VERSION: in /run/newer
  local deb
  rm -rf /run/newer
  mkdir /run/newer
  for deb in "$packages"/*.deb; do
    dpkg-deb -R "$deb" /run/newer/tree
    sed -i -E "s/^(Version: ).*/\1$1/; s/(grantd \(= )[^)]*/\1$1/" /run/newer/tree/DEBIAN/control
    deb=${deb##*/}
    dpkg-deb -b -Znone /run/newer/tree "/run/newer/${deb%%_*}_$1.deb" >/dev/null
    rm -r /run/newer/tree
  done
}

# --- people who log in all the time: alice, who may, and bob, who may not ---------------------------------------------
logins_begin() {
  local who way
  grantctl grant alice orders-db --for 30m >/dev/null
  rm -f /run/logins.* /run/stop
  for who in alice bob; do
    for way in ssh psql; do
      bash -c 'while [ ! -e /run/stop ]; do
          if "by_$2" "$1" >>"/run/logins.$1.$2" 2>&1 </dev/null; then echo IN; else echo REFUSED; fi >>"/run/logins.$1.$2"
        done' logins "$who" "$way" &
    done
  done
  for who in alice.ssh alice.psql; do stage_wait 20 grep -q IN "/run/logins.$who"; done
}
tried() { [ "$(grep -cE '^(IN|REFUSED)$' "/run/logins.$1")" -ge "$2" ]; }
logins_end() { # AT-LEAST: so many of each
  local who
  for who in alice.ssh alice.psql bob.ssh bob.psql; do stage_wait 60 tried "$who" "$1"; done
  touch /run/stop
  wait
  grantctl revoke --person alice --reason finished >/dev/null
  for who in alice.ssh alice.psql bob.ssh bob.psql; do
    echo "    $who: $(grep -c '^IN$' "/run/logins.$who") in, $(grep -c '^REFUSED$' "/run/logins.$who") refused"
  done
  for who in alice.ssh alice.psql; do
    ! grep -qx REFUSED "/run/logins.$who" || { grep -B 3 REFUSED "/run/logins.$who" | head -n 20 >&2; return 1; }
  done
  for who in bob.ssh bob.psql; do
    ! grep -qx IN "/run/logins.$who" || { echo "    $who was let in" >&2; return 1; }
  done
}
