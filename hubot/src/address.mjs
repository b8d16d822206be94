// SPDX-License-Identifier: Apache-2.0
// ssh:// addresses. What is not plainly a user and a host never reaches ssh's command line. Pure.

export function parseAddress (text) {
  const no = (why) => new Error(`GRANTD_HOST "${text}": ${why}; write ssh://ask@host or ssh://ask@host:port`)
  const m = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^:/]*)(?::(\d{1,5}))?\/?$/.exec(text)
  if (!m) throw no('only ssh:// is spoken')
  const user = m[1] ?? 'ask'
  const v6 = m[2].startsWith('[')
  const host = v6 ? m[2].slice(1, -1) : m[2]
  if (!/^[A-Za-z0-9_.][A-Za-z0-9._-]{0,254}$/.test(user)) throw no('this is no user\'s name')
  if (!(v6 ? /^[A-Za-z0-9:.][A-Za-z0-9:.%]{0,254}$/ : /^[A-Za-z0-9_.][A-Za-z0-9._-]{0,254}$/).test(host)) {
    throw no('this is no host\'s name')
  }
  const port = m[3] === undefined ? 0 : Number(m[3])
  if (m[3] !== undefined && (port < 1 || port > 65535)) throw no('this is no port')
  return { user, host, port }
}

export function sshArguments ({ user, host, port }) {
  return ['-T', '-o', 'BatchMode=yes', '-o', 'ClearAllForwardings=yes', '-o', 'ServerAliveInterval=15',
    ...(port ? ['-p', String(port)] : []), '--', `${user}@${host}`]
}
