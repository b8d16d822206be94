// SPDX-License-Identifier: Apache-2.0
// What can be said to the bot, and the calls it makes of it. Every call is made for the person who spoke;
// whether it may be is for grantd to say.
import { parseDuration } from './time.mjs'
import * as words from './words.mjs'
import { plain } from './plain.mjs'

const unquote = (name) => (name ?? '').replace(/^['"`‘’“”]+|['"`‘’“”?!.,]+$/g, '')
const oneLine = (text) => (text ?? '').replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
const usage = 'Say: access to RESOURCE [read-write] [for 2h] [because REASON]'

// The rest of 'access to': { resource, read_write, for_us, reason }, or a sentence about what cannot be read.
export function readAsk (text) {
  const m = /^(\S+)(?:\s+(read-write|rw|read-only|ro))?(?:\s+for\s+(.+?))?(?:\s+(?:because|as)\s+(.+))?$/is.exec(oneLine(text))
  if (!m) return `I cannot read that. ${usage}`
  const ask = { resource: unquote(m[1]) }
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(ask.resource)) return `"${plain(m[1], 70)}" is no name of a resource. ${usage}`
  if (/^(read-write|rw)$/i.test(m[2] ?? '')) ask.read_write = true
  if (m[3] !== undefined) {
    const us = parseDuration(m[3])
    if (us === null) return `"${plain(m[3], 40)}" is no duration (2h, 90m, 1h30m). ${usage}`
    ask.for_us = us
  }
  if (m[4]) ask.reason = m[4]
  return ask
}

function outcome (answer, person, asked) {
  if (!answer.ok) return words.refused(answer)
  if (answer.grant) {
    return words.granting(answer.grant, person.email) + (answer.warning ? `\nBut: ${plain(answer.warning)}` : '')
  }
  asked(answer.request.id)
  return words.asked(answer.request, person.email)
}

async function accessTo ({ api, who, match, asked }) {
  const ask = readAsk(match[1])
  if (typeof ask === 'string') return ask
  const done = await api.speak(who, async (call, person) => outcome(await call('Request', ask), person, asked))
  return typeof done === 'string' ? done : words.refused(done)
}

// The caller's open windows, those on `name` (a resource or a grant's id) where one is given.
async function own (call, name) {
  const list = await call('List')
  if (!list.ok) return words.refused(list)
  const fit = list.grants.filter(g => !name || g.resource === name || g.id === name)
  if (fit.length === 0) return name ? `You have no open window on '${plain(name)}'. Ask for one: access to ${plain(name)}` : 'You have no open window'
  return fit
}

async function extend ({ api, who, match, asked }) {
  const m = /^(?:(\S+)\s+)?(?:for|by)\s+(.+?)(?:\s+(?:because|as)\s+(.+))?$/is.exec(oneLine(match[1]))
  const forUs = m ? parseDuration(m[2]) : null
  if (forUs === null) return 'Say: extend [RESOURCE] for 30m [because REASON]'
  const done = await api.speak(who, async (call, person) => {
    const mine = await own(call, unquote(m[1]))
    if (typeof mine === 'string') return mine
    if (mine.length > 1) return `Which one? ${mine.map(g => `${plain(g.resource)} (${g.id})`).join(', ')}. Say: extend ID for 30m`
    return outcome(await call('Request', { extends: mine[0].id, for_us: forUs, ...(m[3] ? { reason: m[3] } : {}) }), person, asked)
  })
  return typeof done === 'string' ? done : words.refused(done)
}

async function giveBack ({ api, who, match }) {
  const done = await api.speak(who, async (call) => {
    const mine = await own(call, unquote(match[1]))
    if (typeof mine === 'string') return mine
    const ended = []
    for (const g of mine) {
      const answer = await call('GiveBack', { id: g.id })
      if (!answer.ok) return [words.givenBack(ended), words.refused(answer)].filter(Boolean).join('\n')
      ended.push(...answer.grants)
    }
    return words.givenBack(ended)
  })
  return typeof done === 'string' ? done : words.refused(done)
}

async function whoHas ({ api, who, match }) {
  const resource = unquote(match[1])
  // Only people of the policy are told; the list itself is what the relay may ask for.
  const known = await api.speak(who, (call) => call('Resources'))
  if (!known.ok) return words.refused(known)
  if (!known.resources.some(r => r.name === resource)) return `I know no resource '${plain(resource)}'. Say: resources`
  const list = await api.speak(null, (call) => call('List', { resource }))
  return list.ok ? words.holders(resource, list.grants) : words.refused(list)
}

async function myAccess ({ api, who }) {
  const status = await api.speak(who, (call) => call('Status'))
  return status.ok ? words.mine(status.grants, status.requests ?? []) : words.refused(status)
}

async function resources ({ api, who }) {
  const list = await api.speak(who, (call) => call('Resources'))
  return list.ok ? words.resources(list.resources) : words.refused(list)
}

async function pending ({ api, who }) {
  const list = await api.speak(who, (call) => call('Requests'))
  return list.ok ? words.pending(list.requests) : words.refused(list)
}

const endRequest = (method, done) => async ({ api, who, match }) => {
  const reason = oneLine(match[2]).replace(/^because\s+/i, '')
  const answer = await api.speak(who, (call) => call(method, { id: match[1].toLowerCase(), ...(reason && method === 'Deny' ? { reason } : {}) }))
  return answer.ok ? `${answer.request.id} ${done}` : words.refused(answer)
}

async function approve ({ match }) {
  return `I only carry requests: an approval is your own signature. Run: grantctl approve ${match[1].toLowerCase()}`
}

const to = String.raw`access\s+to\s+(.+)`
export const commands = [
  { words: new RegExp(`who\\s+has\\s+access\\s+to\\s+(\\S+)\\s*$`, 'i'), run: whoHas },
  { words: new RegExp(`(?:(?:i\\s+need|give\\s+me|request)\\s+)?${to}$`, 'is'), heard: new RegExp(`^\\s*${to}$`, 'is'), run: accessTo },
  { words: /extend\s+(.+)$/is, run: extend },
  { words: /give\s+back(?:\s+(\S+))?\s*$/i, run: giveBack },
  { words: /my\s+access\s*$/i, run: myAccess },
  { words: /resources\s*$/i, run: resources },
  { words: /pending\s*$/i, run: pending },
  { words: /cancel\s+(r-[a-z0-9]+)()\s*$/i, run: endRequest('Cancel', 'is cancelled') },
  { words: /deny\s+(r-[a-z0-9]+)(?:\s+(.+))?$/is, run: endRequest('Deny', 'is denied') },
  { words: /approve\s+(r-[a-z0-9]+)/i, run: approve }
]
