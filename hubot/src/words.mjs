// SPDX-License-Identifier: Apache-2.0
// Every sentence the bot says. Pure; what others wrote goes through plain() or address() here, nowhere else.
import { address, plain } from './plain.mjs'
import { printDuration, printLeft, printTime } from './time.mjs'

const access = (o) => (o.access === 'read-write' ? ' (read-write)' : '')
const because = (reason) => (reason ? `, because ${plain(reason)}` : '')
const who = (o) => (o.email ? address(o.email) : plain(o.person))
const length = (g) => printLeft(g.first_use_us ?? g.not_after_us - Math.max(g.not_before_us, g.made_us))
// 'carol through relay chatbot' -> 'carol'
export const speaker = (by) => plain(String(by ?? '').replace(/ through relay .*$/, ''))

export function refused (answer) {
  return `${plain(answer.message)}${answer.help ? `\nWhat helps: ${plain(answer.help)}` : ''}`
}

export function granting (g, email) {
  const begins = g.state === 'waiting' ? `, from ${printTime(g.not_before_us)}`
    : g.state === 'opening' ? ', as soon as its database role is given' : ''
  const ends = g.first_use_us ? 'counted from the first login' : `until ${printTime(g.not_after_us)}`
  return `Granting ${who({ ...g, email })} access to '${plain(g.resource)}' for ${length(g)}${access(g)}${begins}, ${ends}`
}

export function asked (r, email) {
  const by = (r.approvers ?? []).map(n => plain(n)).join(', ')
  return `${r.id}: asked for '${plain(r.resource)}'${access(r)} for ${printDuration(r.for_us)}, for ${who({ ...r, email })}. ` +
    `It needs ${r.needs} of: ${by || 'nobody who is left'}.\nThey approve it with their own ssh key: grantctl approve ${r.id}`
}

// `text`: what approvers sign, for them to compare.
export function request (e, text) {
  const r = e.request
  const state = r.state === 'pending' ? '' : ` (by now ${r.state})`
  const first = `${who(e)} asks for '${plain(e.resource)}'${access(r)} for ${printDuration(r.for_us)}${because(r.reason)}: ${r.id}${state}`
  if (r.state !== 'pending') return first
  const lines = text ? text.split('\n').filter(Boolean).map(l => `    ${plain(l, 600)}`) : []
  return [first, ...lines,
    `${(r.approvers ?? []).map(n => plain(n)).join(', ')}: approve it with your own ssh key: grantctl approve ${r.id}`].join('\n')
}

export function approved (e) {
  const r = e.request
  return `${speaker(e.by)} approved ${r.id} (${(r.approved_by ?? []).length} of ${r.needs})`
}

export function opened (e) {
  const g = e.grant
  const over = g.ended_us ? ' (it has ended by now)' : ''
  if (g.break_glass) {
    const told = (e.request?.notify ?? []).filter(n => n !== e.person).map(n => plain(n)).join(', ')
    return `BREAK-GLASS: ${who(e)} opened '${plain(e.resource)}'${access(g)} for ${length(g)}${because(g.reason)}${over}\n` +
      `${told || 'somebody else'}: look, and sign it off with: grantctl review ${g.id}`
  }
  const approvers = (e.request?.approved_by ?? []).map(n => plain(n)).join(', ')
  const by = speaker(g.made_by)
  const how = approvers ? `, approved by ${approvers}` : by !== plain(e.person) ? `, by ${by}` : ''
  return `${granting(g, e.email)}${how}${over}`
}

const ends = { expire: 'the time is over', 'give-back': 'given back' }
export function out (e) {
  const why = ends[e.event] ?? `revoked by ${speaker(e.by)}${because(e.reason)}`
  return `${plain(e.person)} is out of ${plain(e.resource)}: ${why}`
}

const settled = { deny: 'was denied', cancel: 'was cancelled', lapse: 'has lapsed' }
export function over (e) {
  const by = e.by && e.by !== 'clock' ? ` by ${speaker(e.by)}` : ''
  return `${e.request.id}: what ${who(e)} asked for, '${plain(e.resource)}', ${settled[e.event]}${by}${e.reason ? `: ${plain(e.reason)}` : ''}`
}

export function reviewed (e) {
  return `${speaker(e.by)} signed off that ${who(e)} broke the glass of '${plain(e.resource)}' (${e.grant.id})`
}

export function holders (resource, grants) {
  if (grants.length === 0) return `Nobody has access to '${plain(resource)}' now, of those I may ask for`
  return [`Access to '${plain(resource)}':`, ...grants.map(g => `  ${plain(g.person)}${access(g)}, ${left(g)}, ${g.id}`)].join('\n')
}

const left = (g) => (g.state === 'waiting' ? `from ${printTime(g.not_before_us)}` : `${printLeft(g.left_us)} left`)
const reqLine = (r) => `  ${r.id}: ${plain(r.person)} for '${plain(r.resource)}'${access(r)} for ${printDuration(r.for_us)}${because(r.reason)}: ` +
  (r.state === 'pending' ? `waits for ${(r.approvers ?? []).map(n => plain(n)).join(', ') || 'nobody'}` : `${r.state}${r.ended_reason ? `, ${plain(r.ended_reason)}` : ''}`)

export function mine (grants, requests) {
  const lines = grants.map(g => `  '${plain(g.resource)}'${access(g)}, ${left(g)}, ${g.id}`)
  const asked = requests.map(reqLine)
  if (lines.length + asked.length === 0) return 'You have no open window here, and no request'
  return [...(lines.length ? ['You have access to:', ...lines] : ['You have no open window here']),
    ...(asked.length ? ['You asked:', ...asked] : [])].join('\n')
}

export function pending (requests) {
  return requests.length === 0 ? 'Nothing waits, of yours or for you' : ['Waiting:', ...requests.map(reqLine)].join('\n')
}

export function resources (list) {
  if (list.length === 0) return 'Nothing can be asked for here'
  return ['You can ask for:', ...list.map(r => `  ${plain(r.name)}${r.description ? `: ${plain(r.description)}` : ''} ` +
    `(${printDuration(r.default_us)} unless you say, ${printDuration(r.max_us)} at most)`)].join('\n')
}

export function givenBack (grants) {
  return grants.map(g => `Given back: ${plain(g.resource)} (${g.id})`).join('\n')
}
