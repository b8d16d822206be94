// SPDX-License-Identifier: Apache-2.0
// Durations as people write them, and times as everybody in a channel can read them (UTC). Pure.

const second = 1_000_000
const units = [
  { us: 86400 * second, word: 'day', names: /^d(ays?)?$/ },
  { us: 3600 * second, word: 'hour', names: /^h(ours?|rs?)?$/ },
  { us: 60 * second, word: 'minute', names: /^m(in(ute)?s?)?$/ },
  { us: second, word: 'second', names: /^s(ec(ond)?s?)?$/ }
]

// '2h', '1h30m', '2 hours', '90 minutes' -> microseconds; null: not one.
export function parseDuration (text) {
  let total = 0
  let rest = text.trim().toLowerCase()
  if (rest === 'an hour') return 3600 * second
  for (let last = -1; rest !== '';) {
    const m = /^(\d{1,6})\s*([a-z]+)\s*(?:and\s+)?/.exec(rest)
    const unit = m ? units.findIndex(u => u.names.test(m[2])) : -1
    if (unit <= last) return null // each unit once, the largest first
    total += Number(m[1]) * units[unit].us
    last = unit
    rest = rest.slice(m[0].length)
  }
  return total > 0 && total <= 366 * 86400 * second ? total : null
}

// '1 hour', '1 hour 30 minutes'
export function printDuration (us) {
  let left = Math.floor(us / second)
  const parts = []
  for (const u of units) {
    const n = Math.floor(left / (u.us / second))
    left -= n * (u.us / second)
    if (n > 0) parts.push(`${n} ${u.word}${n === 1 ? '' : 's'}`)
  }
  return parts.join(' ') || 'less than a second'
}

// What is left of a window, to the minute where there are minutes.
export function printLeft (us) {
  return printDuration(us >= 60 * second ? Math.round(us / (60 * second)) * 60 * second : us)
}

// '17:30 UTC'; with the day where that is not today's.
export function printTime (us, now = Date.now()) {
  const t = new Date(us / 1000).toISOString()
  const today = new Date(now).toISOString().slice(0, 10) === t.slice(0, 10)
  return `${today ? '' : `${t.slice(0, 10)} `}${t.slice(11, 16)} UTC`
}
