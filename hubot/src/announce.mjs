// SPDX-License-Identifier: Apache-2.0
// Tells channels what happened, each thing once and in order, across restarts of the bot and of grantd. An event
// only says "look again": what is told is what grantd has on record. Must never tell a room of anything but the
// resources it was set for, and the requests made in it.
import { channelOf } from './settings.mjs'
import { plain } from './plain.mjs'
import * as words from './words.mjs'

const lookEveryMs = 30000 // also without an event
const longestPauseMs = 30000
const triesOfARoom = 20 // for a room that is only told of its own requests; a channel that is set for is never given up
const mostRequests = 1000 // remembered; of more the oldest are forgotten
const ends = new Set(['expire', 'revoke', 'give-back'])
const signals = ['SIGTERM', 'SIGINT']
const settles = new Set(['grant', 'deny', 'cancel', 'lapse'])

// Is the person still inside by another window? An extension's predecessor ends without anybody being out.
async function covered (call, e) {
  const list = await call('List', { person: e.person, resource: e.resource, all: true, limit: 100 })
  if (!list.ok) throw new Error(list.message)
  const at = e.grant.ended_us ?? e.at_us
  return list.grants.some(g => g.id !== e.grant.id && g.not_before_us <= at && (g.ended_us === undefined || g.ended_us > at))
}

// The sentence for one piece of news, or nothing.
export async function tell (call, e) {
  if (e.event === 'grant') return words.opened(e)
  if (ends.has(e.event)) return await covered(call, e) ? null : words.out(e)
  if (e.event === 'request') {
    const text = e.request.state === 'pending' ? await call('ApprovalText', { id: e.request.id }) : { ok: false }
    return words.request(e, text.ok ? text.text : null)
  }
  if (e.event === 'approve') return e.request.needs > 1 && e.request.state === 'pending' ? words.approved(e) : null
  if (e.event === 'review') return words.reviewed(e)
  return settles.has(e.event) ? words.over(e) : null
}

export function announcer ({ robot, api, set, kept, pause = { look: lookEveryMs, longest: longestPauseMs } }) {
  let held = null
  let running = null
  let stopped = false
  let hangUp = () => {}
  let wake = () => {}
  const tries = new Map()
  const lately = new Map() // request -> the news that it is settled
  const configured = new Set(set.channels.values())

  const roomsOf = (e) => {
    const rooms = new Set()
    const channel = channelOf(set, e.resource)
    if (channel) rooms.add(channel)
    const asker = e.request && held.asked[e.request.id]
    if (asker && e.event !== 'request') rooms.add(asker)
    return rooms
  }

  async function post (room, e, text, stalled) {
    try {
      await robot.messageRoom(room, text)
      tries.delete(room)
    } catch (error) {
      stalled.add(room)
      tries.set(room, (tries.get(room) ?? 0) + 1)
      robot.logger.error(`grantd: ${room} could not be told: ${plain(error.message)}`)
      if (configured.has(room) || tries.get(room) < triesOfARoom) return
      robot.logger.error(`grantd: ${room} is given up`)
      for (const [id, where] of Object.entries(held.asked)) if (where === room) delete held.asked[id]
      delete held.rooms[room]
      tries.delete(room)
    }
  }

  async function deliver (call, e, stalled) {
    let text
    if (e.request && settles.has(e.event)) lately.set(e.request.id, e)
    if (lately.size > mostRequests) lately.delete(lately.keys().next().value)
    for (const room of roomsOf(e)) {
      if (stalled.has(room) || e.sequence <= (held.rooms[room] ?? held.at)) continue
      text ??= { said: await tell(call, e) }
      if (text.said) await post(room, e, text.said, stalled)
      if (stalled.has(room)) continue
      held.rooms[room] = e.sequence
      if (held.asked[e.request?.id] === room && settles.has(e.event)) delete held.asked[e.request.id]
      kept.save(held) // at once: what was said is not said again
    }
  }

  // Every room that is not stalled has been told up to `last`. `anew`: the store begins again before where we were,
  // and gives the numbers of requests that it does not know to others.
  function advance (last, stalled, anew = false) {
    if (anew) {
      held.asked = {}
      lately.clear()
    }
    const next = (at) => (anew ? last : Math.max(at ?? last, last))
    const wanted = new Set([...configured, ...Object.values(held.asked)])
    for (const room of new Set([...wanted, ...Object.keys(held.rooms)])) {
      if (stalled.has(room)) {
        held.rooms[room] ??= held.at
      } else if (wanted.has(room)) {
        held.rooms[room] = next(held.rooms[room] ?? held.at)
      } else {
        delete held.rooms[room]
      }
    }
    held.at = next(held.at)
    kept.save(held)
  }

  // All the news there is; false when a room could not be told everything.
  async function look () {
    kept.save(held) // what could not be kept before: nothing more is said until it is
    const answer = await api.speak(null, async (call) => {
      if (held.at === null) {
        const now = await call('News')
        if (!now.ok) return now
        advance(now.last, new Set())
      }
      const stalled = new Set()
      let after = Math.min(held.at, ...Object.values(held.rooms))
      for (;;) {
        const news = await call('News', { after })
        if (!news.ok) return news
        for (const e of news.events) {
          if (stopped) return { ok: true, whole: true }
          await deliver(call, e, stalled)
        }
        advance(news.last, stalled, news.last < after)
        if (news.last >= news.newest || news.last <= after) return { ok: true, whole: stalled.size === 0 }
        after = news.last
      }
    })
    if (!answer.ok) throw new Error(answer.message)
    return answer.whole
  }

  const sleep = (ms) => new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => { clearTimeout(timer); resolve() }
  })

  async function listen () {
    let over = null
    let wanted = false
    const watching = api.watch(() => { wanted = true; wake() }, (close) => { hangUp = close })
      .catch((error) => { over = error; wake() })
    try {
      while (!stopped && !over) {
        if (wanted) {
          wanted = false
          if (!await look()) throw new Error('a room could not be told')
        }
        if (!wanted && !over && !stopped) {
          await sleep(pause.look)
          wanted = true
        }
      }
    } finally {
      hangUp()
      await watching // it wakes whoever sleeps: also the pause before the next try
    }
    if (over) throw over
  }

  async function run () {
    for (let failed = 0; !stopped; ++failed) {
      const began = Date.now()
      try {
        await listen()
      } catch (error) {
        if (stopped) return
        robot.logger.warn(`grantd: ${plain(error.message)}; trying again`)
      }
      if (Date.now() - began > 2 * pause.longest) failed = 0
      if (!stopped) await sleep(Math.min(pause.longest, 250 * 2 ** Math.min(failed, 10)))
    }
  }

  async function stop () {
    stopped = true
    hangUp()
    wake()
    await running
    for (const signal of signals) process.removeListener(signal, leave)
  }
  // Between the chat's answer and our own write nobody shall end us: then that one would be said twice.
  const leave = (signal) => stop().finally(() => process.kill(process.pid, signal))

  return {
    start () {
      for (const signal of signals) process.once(signal, leave)
      try {
        held = kept.load()
        running ??= run()
      } catch (error) {
        robot.logger.error(`grantd: nothing is announced: ${error.message}`)
      }
    },
    stop,
    // That request was made in that room: its end is told there, too. One that was told before the request's number
    // was known here comes back, to be called after the answer.
    asked (id, room) {
      if (!held || !room) return null
      const over = lately.get(id)
      if (over && channelOf(set, over.resource) === room) return null
      if (over) return async () => post(room, over, await tell(null, over), new Set())
      held.asked[id] = room
      if (held.at !== null) held.rooms[room] ??= held.at
      const ids = Object.keys(held.asked)
      if (ids.length > mostRequests) delete held.asked[ids[0]] // whose end the relay was never told
      try {
        kept.save(held)
      } catch (error) {
        robot.logger.error(`grantd: ${plain(error.message, 400)}`) // asked it is all the same; the next look tries again
      }
      return null
    }
  }
}
