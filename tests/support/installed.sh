# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What README's "Install" says, word for word, on a stage: files at their real places and defaults everywhere.
# Must never run anywhere but on a stage.
# shellcheck disable=SC2034,SC2154

# sshd and postgres of Debian cannot load a module that brings the sanitizers' runtime, nor a unit run it.
if [ -z "${GRANTD_PACKAGED:-}" ] && ldd "$build/pam_module/pam_grantd.so" | grep libasan >/dev/null; then  # not -q: a broken pipe would be a no
  echo "skipped: the modules are built with sanitizers"
  exit 77
fi

# shellcheck source=tests/support/readme.sh
source "$stage_repo/tests/support/readme.sh"
doc=/usr/share/doc/grantd/examples
pam_library=$(find /usr/lib -maxdepth 2 -path '/usr/lib/*/security' | head -n 1)

install_programs() { # from the build; with GRANTD_PACKAGED=1 by apt, those of ./dev package
  if [ -n "${GRANTD_PACKAGED:-}" ]; then
    # shellcheck source=tests/support/packaged.sh
    source "$stage_repo/tests/support/packaged.sh"
    packaged_needs openssh-server openssh-client postgresql-15 dbus-user-session socat tmux perl python3 procps passwd
    systemctl stop postgresql # Debian's first cluster: where the tests' own is to be
    packaged_install
    pg_library=pg_grantd
  else
    DESTDIR='' cmake --install "$build" --prefix /usr >/run/install.log
    systemd-sysusers /usr/lib/sysusers.d/grantd.conf
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/grantd.conf
  fi
  install -m 644 "$doc/policy.toml" /etc/grantd/policy.toml
  install -m 644 "$doc/grantd.toml" /etc/grantd/grantd.toml
}

# The people of the example policy, as the host's and the server's administrators know them.
installed_people() {
  local u
  for u in alice bob carol hubot; do
    useradd --create-home --shell /bin/bash "$u"
    echo "$u:$u" | chpasswd
  done
}

installed_sshd() { # Debian's own sshd_config, ours beside it, and the PAM file of the examples
  ssh_port=$(stage_free_port)
  mkdir -p /run/sshd
  ssh-keygen -A >/dev/null
  install -m 644 "$doc/pam.d-sshd" /etc/pam.d/sshd
  echo "[127.0.0.1]:$ssh_port $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
  reaper_start
  /usr/sbin/sshd -D -p "$ssh_port" -o ListenAddress=127.0.0.1 -E /run/sshd.log &
  sshd_pid=$!
  disown
  stage_wait 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$ssh_port"
  ssh_keys
}

# In a booted container: the units as they are, and Debian's own ssh.service.
installed_units() {
  systemctl daemon-reload
  as_in_readme line 'systemctl enable --now' 2>/run/enable.log
  stage_wait 20 bash -c 'journalctl -q -u grantd.service | grep -q "is ready"'
}
installed_ssh_service() {
  ssh_port=22
  ssh-keygen -A >/dev/null
  install -m 644 "$doc/pam.d-sshd" /etc/pam.d/sshd
  echo "127.0.0.1 $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
  systemctl start ssh.service
}

installed_postgresql() { # a cluster of Debian's own making, with README's lines
  as_in_readme line 'adduser postgres' >/run/adduser.log
  pg_createcluster 15 stage --port 5499 -- -A trust >/run/createcluster.log
  "$readme" block 'shared_preload_libraries' | sed 's/^grantd.mode = audit/grantd.mode = enforce/' \
    >/etc/postgresql/15/stage/conf.d/grantd.conf
  echo 'local all all trust' >/etc/postgresql/15/stage/pg_hba.conf
  pg_ctlcluster --skip-systemctl-redirect 15 stage start
  as postgres psql -Xq -p 5499 -d postgres -c 'create role alice login' -c 'create role bob login' -c 'create database orders'
}
installed_psql() { as "$1" psql -X -p 5499 -d orders -c 'select current_user'; }
