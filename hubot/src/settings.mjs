// SPDX-License-Identifier: Apache-2.0
// The environment as settings. Must refuse what it cannot read: a mistyped channel would tell the wrong people.
import path from 'node:path'

// 'orders-db=#dba, *=#access' -> Map; '*' is every resource that is not named.
function channels (text) {
  const map = new Map()
  for (const part of text.split(',').map(s => s.trim()).filter(Boolean)) {
    const at = part.indexOf('=')
    const resource = part.slice(0, at).trim()
    const room = part.slice(at + 1).trim()
    if (at < 1 || room === '' || !/^(\*|[a-z0-9][a-z0-9._-]{0,62})$/.test(resource)) {
      throw new Error(`HUBOT_GRANTD_CHANNELS: "${part}" is not RESOURCE=ROOM (write orders-db=#dba,*=#access)`)
    }
    map.set(resource, room)
  }
  return map
}

export function settings (env) {
  return {
    host: env.GRANTD_HOST ?? '', // ssh://ask@host; empty: the socket of this host
    socket: env.GRANTD_SOCKET ?? '/run/grantd/api.sock',
    ssh: (env.GRANTD_SSH ?? 'ssh').split(' ').filter(Boolean),
    channels: channels(env.HUBOT_GRANTD_CHANNELS ?? ''),
    state: path.resolve(env.HUBOT_GRANTD_STATE || 'grantd-state.json'), // in hubot's own directory
    hear: env.HUBOT_GRANTD_HEAR === '1', // 'access to ...' also where the bot is not addressed
    timeoutMs: env.GRANTD_HOST ? 30000 : 10000
  }
}

export function channelOf (set, resource) {
  return set.channels.get(resource) ?? set.channels.get('*')
}
