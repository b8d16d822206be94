// SPDX-License-Identifier: Apache-2.0
// A grantd to which things happen, and a bot that is started, stopped and started again beside it.
import fs from 'node:fs'
import path from 'node:path'
import { fakeGrantd, robotWith, until } from './fake.mjs'

const hour = 3600e6
export const grantOf = (id, more = {}) => ({ id, person: 'alice', resource: 'orders-db', access: 'read-only', made_us: 0, not_before_us: 0, not_after_us: hour, state: 'open', made_by: 'alice', ...more })
export const requestOf = (id, more = {}) => ({ id, person: 'alice', resource: 'orders-db', access: 'read-only', for_us: hour, needs: 1, approvers: ['bob'], approved_by: [], state: 'pending', reason: 'OPS-1', ...more })

// A record of grantd: `add()` appends, News tells from there as the real one does.
async function story (answers = {}) {
  const records = []
  const api = await fakeGrantd({
    OnBehalf: { person: 'alice', email: 'alice@example.com' },
    List: { grants: [] },
    ApprovalText: (p) => ({ text: `grantd approval, version 1\nrequest: ${p.id}\n`, signed: true, keys: [] }),
    News: ({ after, limit = 2 }) => {
      const newest = records.length
      if (after === undefined || after > newest) return { events: [], last: newest, newest }
      const some = records.slice(after, after + limit)
      return { events: some, last: after + some.length, newest }
    },
    ...answers
  })
  let bot = null
  const state = path.join(api.dir, 'grantd-state.json') // in that directory also what it is called by default
  const s = {
    api,
    state,
    kept: () => JSON.parse(fs.readFileSync(state, 'utf8')),
    add (event, more) {
      const e = { sequence: records.length + 1, at_us: records.length, event, person: 'alice', email: 'alice@example.com', resource: 'orders-db', ...more }
      records.push(e)
      api.changed()
    },
    forget: (count) => records.splice(count),
    async start (env = {}) {
      bot = await robotWith({ GRANTD_SOCKET: api.socket, HUBOT_GRANTD_STATE: state, HUBOT_GRANTD_CHANNELS: '*=#dba', ...env })
      await until(() => api.calls.some(c => c.name === 'News'))
      return bot
    },
    async stop () { await bot?.stop(); bot = null },
    async settled (count = records.length) { await until(() => fs.existsSync(state) && s.kept().at === count) }
  }
  return s
}
export async function told (run, answers) {
  const s = await story(answers)
  try {
    await run(s)
  } finally {
    await s.stop()
    await s.api.close()
  }
}
