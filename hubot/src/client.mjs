// SPDX-License-Identifier: Apache-2.0
// Calls of org.grantd.Access. A refusal is an answer; only a connection that failed throws. Has no method of
// its own that approves, and passes none on.
import { open } from './line.mjs'

const interfaceName = 'org.grantd.Access.'
const mayCall = new Set(['OnBehalf', 'Status', 'Resources', 'List', 'Request', 'GiveBack', 'Cancel', 'Deny',
  'Requests', 'ApprovalText', 'News', 'Watch'])

// { ok: true, ...parameters } or { ok: false, error: 'NoRule', message, help? }
function read (answer) {
  const parameters = answer.parameters ?? {}
  if (answer.error === undefined) return { ...parameters, ok: true }
  const error = String(answer.error).split('.').pop()
  return {
    ok: false,
    error,
    message: parameters.message ?? `${error}${parameters.parameter ? ` (${parameters.parameter})` : ''}`,
    help: parameters.help
  }
}

export function client (set) {
  function said (line, method, parameters, more) {
    if (!mayCall.has(method)) throw new Error(`${method} is nothing that a relay calls`)
    line.send({ method: interfaceName + method, parameters, ...(more ? { more: true } : {}) })
  }
  // Runs `talk(call)` on a connection of its own; as `who` ({ chat, email }), or as the relay itself (null).
  async function speak (who, talk) {
    const line = open(set)
    const call = async (method, parameters = {}) => {
      said(line, method, parameters)
      return read(await line.receive(set.timeoutMs))
    }
    try {
      let person = null
      if (who) {
        if (!who.chat && !who.email) {
          return { ok: false, error: 'NoSuchPerson', message: 'this chat gives your account neither an id nor an address' }
        }
        person = await call('OnBehalf', who)
        if (!person.ok) return person
      }
      return await talk(call, person)
    } finally {
      line.close()
    }
  }
  // Calls `changed()` for each event, the first one at once; rejects when the connection is over.
  async function watch (changed, hold) {
    const line = open(set)
    hold?.(() => line.close())
    said(line, 'Watch', {}, true)
    for (let first = true; ; first = false) {
      const answer = read(await line.receive(first ? set.timeoutMs : 0))
      if (!answer.ok) {
        line.close()
        throw new Error(answer.message)
      }
      changed(answer.event)
    }
  }
  return { speak, watch }
}
