// SPDX-License-Identifier: Apache-2.0
// Each thing is told once, in order, whatever dies in between.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { until } from './support/fake.mjs'
import { grantOf, requestOf, told } from './support/story.mjs'

test('the first start begins with what comes', () => told(async (s) => {
  s.add('grant', { grant: grantOf('g-1') })
  const { chat } = await s.start()
  await s.settled()
  s.add('grant', { grant: grantOf('g-2', { made_by: 'carol' }) })
  await s.settled()
  assert.equal(chat.said.length, 1)
  assert.match(chat.of('#dba')[0], /^Granting alice@example\.com access to 'orders-db' for 1 hour, .*, by carol$/)
}))
test('what happened while it was away is told once, in order', () => told(async (s) => {
  await s.start()
  await s.settled()
  await s.stop()
  s.add('request', { request: requestOf('r-1', { state: 'granted' }) })
  s.add('grant', { grant: grantOf('g-1', { state: 'expired', ended_us: 5 }), request: requestOf('r-1', { approved_by: ['bob'] }) })
  s.add('expire', { grant: grantOf('g-1', { state: 'expired', ended_us: 5 }), by: 'clock' })
  const first = (await s.start()).chat
  await s.settled()
  assert.deepEqual(first.of('#dba').map(t => t.split(' ').slice(0, 3).join(' ')), ['alice@example.com asks for', 'Granting alice@example.com access', 'alice is out'])
  assert.match(first.of('#dba')[1], /approved by bob \(it has ended by now\)$/)
  await s.stop()
  const second = (await s.start()).chat
  const asked = () => s.api.calls.filter(c => c.name === 'News').length
  const before = asked()
  s.api.changed()
  await until(() => asked() > before)
  await s.stop() // after which it has said what it would
  assert.deepEqual(second.said, [])
}))
test('a connection that is lost loses and repeats nothing', () => told(async (s) => {
  const { chat } = await s.start()
  await s.settled()
  for (let i = 1; i <= 5; ++i) {
    s.add('grant', { grant: grantOf(`g-${i}`, { made_by: `person${i}` }) })
    if (i % 2) s.api.hangUp()
  }
  await s.settled()
  assert.deepEqual(chat.of('#dba').map(t => t.match(/person\d/)[0]), [1, 2, 3, 4, 5].map(i => `person${i}`))
}))
test('what the chat did not take is said again, and what it took is not', () => told(async (s) => {
  const { chat } = await s.start({ HUBOT_GRANTD_CHANNELS: 'orders-db=#dba,replica=#other' })
  await s.settled()
  chat.failing.add('#dba')
  s.add('grant', { grant: grantOf('g-1') })
  s.add('grant', { resource: 'replica', grant: grantOf('g-2', { resource: 'replica' }) })
  await until(() => chat.of('#other').length === 1) // held up by nobody
  assert.equal(chat.of('#dba').length, 0)
  chat.failing.clear()
  await until(() => chat.of('#dba').length === 1, 20000)
  await s.settled()
  assert.equal(chat.said.length, 2)
}))
test('a chat that does not take it is left a while before each further try', () => told(async (s) => {
  const { chat } = await s.start()
  await s.settled()
  const tried = []
  chat.send = async () => { tried.push(Date.now()); throw new Error('not there') }
  s.add('grant', { grant: grantOf('g-1') })
  await until(() => tried.length >= 3)
  assert.ok(tried[2] - tried[0] >= 700, `${tried[2] - tried[0]} ms`) // 250 and 500
}))
test('a bot that dies after the chat took something does not say it again', () => told(async (s) => {
  const first = await s.start()
  await s.settled()
  // Dies inside the second message: the first is kept by then.
  let kept = null
  const send = first.chat.send.bind(first.chat)
  first.chat.send = async (envelope, text) => {
    if (first.chat.said.length === 1) {
      kept ??= fs.readFileSync(s.state, 'utf8')
      throw new Error('died')
    }
    await send(envelope, text)
  }
  s.add('grant', { grant: grantOf('g-1', { made_by: 'one' }) })
  s.add('grant', { grant: grantOf('g-2', { made_by: 'two' }) })
  await until(() => kept !== null)
  await s.stop()
  fs.writeFileSync(s.state, kept)
  const second = await s.start()
  await s.settled()
  assert.deepEqual(second.chat.of('#dba').map(t => t.match(/by (\w+)$/)[1]), ['two'])
}))
test('where it was asked it is told, too, and then no more', () => told(async (s) => {
  const { chat, hears } = await s.start()
  await s.settled()
  await hears({ id: 'U1' }, 'hubot access to orders-db', '#dev')
  s.add('request', { request: requestOf('r-1') })
  s.add('deny', { request: requestOf('r-1', { state: 'denied' }), by: 'bob through relay chatbot', reason: 'not now' })
  await s.settled()
  assert.equal(chat.of('#dba').length, 2)
  assert.equal(chat.of('#dev').length, 2) // the answer, and the end
  assert.equal(chat.of('#dev')[1], "r-1: what alice@example.com asked for, 'orders-db', was denied by bob: not now")
  assert.deepEqual(s.kept().asked, {})
  assert.deepEqual(Object.keys(s.kept().rooms), ['#dba'])
}, { Request: { request: requestOf('r-1') } }))
test('the end of a window that another covers puts nobody out', () => told(async (s) => {
  const { chat } = await s.start()
  await s.settled()
  s.add('expire', { grant: grantOf('g-1', { state: 'expired', ended_us: 10 }) })
  await s.settled()
  assert.deepEqual(chat.said, [])
}, { List: { grants: [grantOf('g-2', { not_before_us: 5 }), grantOf('g-1', { ended_us: 10 })] } }))
test('a window that opened later does not hide that somebody was out', () => told(async (s) => {
  const { chat } = await s.start()
  await s.settled()
  s.add('expire', { grant: grantOf('g-1', { state: 'expired', ended_us: 10 }) })
  await s.settled()
  assert.deepEqual(chat.of('#dba'), ['alice is out of orders-db: the time is over'])
}, { List: { grants: [grantOf('g-2', { not_before_us: 11 }), grantOf('g-3', { not_before_us: 1, ended_us: 9 })] } }))
test('a resource that no channel is set for is told nowhere', () => told(async (s) => {
  const { chat } = await s.start({ HUBOT_GRANTD_CHANNELS: 'replica=#other' })
  await s.settled()
  s.add('grant', { grant: grantOf('g-1') })
  await s.settled()
  assert.deepEqual(chat.said, [])
}))
test('an older copy of the store begins anew, and nothing old is told', () => told(async (s) => {
  const { chat } = await s.start()
  await s.settled()
  for (let i = 0; i < 5; ++i) s.add('grant', { grant: grantOf(`g-${i}`) })
  await s.settled()
  s.forget(2)
  s.api.changed()
  await s.settled(2)
  s.add('grant', { grant: grantOf('g-9', { made_by: 'nine' }) })
  await s.settled(3)
  assert.equal(chat.said.length, 6)
}))
