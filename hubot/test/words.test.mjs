// SPDX-License-Identifier: Apache-2.0
// What is understood, and what is said.
import assert from 'node:assert/strict'
import test from 'node:test'
import { account } from '../src/account.mjs'
import { parseAddress, sshArguments } from '../src/address.mjs'
import { readAsk } from '../src/commands.mjs'
import { channelOf, settings } from '../src/settings.mjs'
import { parseDuration, printDuration, printLeft, printTime } from '../src/time.mjs'
import * as words from '../src/words.mjs'

const hour = 3600e6
const grant = { id: 'g-1', person: 'alice', resource: 'orders-db', access: 'read-only', made_us: 0, not_before_us: 0, not_after_us: hour, state: 'open', made_by: 'alice' }

test('access to: the resource, how long, why', () => {
  assert.deepEqual(readAsk('orders-db'), { resource: 'orders-db' })
  assert.deepEqual(readAsk('orders-db for 2h because OPS-12'), { resource: 'orders-db', for_us: 2 * hour, reason: 'OPS-12' })
  assert.deepEqual(readAsk("'orders-db' read-write for 1 hour 30 minutes"), { resource: 'orders-db', read_write: true, for_us: 1.5 * hour })
  assert.deepEqual(readAsk('orders-db because I wait for 2h'), { resource: 'orders-db', reason: 'I wait for 2h' })
  assert.deepEqual(readAsk('orders-db because a\nb\u2028c'), { resource: 'orders-db', reason: 'a b c' })
})
test('what cannot be read is not asked', () => {
  for (const text of ['orders-db for ever', 'Orders DB', '../x', '-x', 'orders-db for 2h or so', 'orders-db now', '@everyone', 'x'.repeat(64)]) {
    assert.equal(typeof readAsk(text), 'string', text)
  }
  assert.doesNotMatch(readAsk('<!channel>'), /[<>]/)
})
test('durations, both ways', () => {
  for (const [text, us] of [['2h', 2 * hour], ['90m', 1.5 * hour], ['1h30m', 1.5 * hour], ['1 hour and 30 minutes', 1.5 * hour], ['2 days', 48 * hour], ['45 min', 0.75 * hour], ['an hour', hour]]) {
    assert.equal(parseDuration(text), us, text)
  }
  for (const text of ['', '0h', '1', 'h', '30m1h', '1h1h', '-1h', '1.5h', '400 days', '9999999h', '1 fortnight']) {
    assert.equal(parseDuration(text), null, text)
  }
  assert.equal(printDuration(hour), '1 hour')
  assert.equal(printDuration(1.5 * hour), '1 hour 30 minutes')
  assert.equal(printDuration(86400e6 + 1e6), '1 day 1 second')
  assert.equal(printLeft(hour - 1), '1 hour')
  assert.equal(printLeft(20e6), '20 seconds')
  assert.equal(printTime(Date.UTC(2026, 10, 27, 17, 30) * 1000, Date.UTC(2026, 10, 27, 1)), '17:30 UTC')
  assert.equal(printTime(Date.UTC(2026, 10, 28, 17, 30) * 1000, Date.UTC(2026, 10, 27, 1)), '2026-11-28 17:30 UTC')
})
test("it answers in the mission's words", () => {
  assert.match(words.granting(grant, 'alice@example.com'), /^Granting alice@example\.com access to 'orders-db' for 1 hour/)
  assert.match(words.granting({ ...grant, state: 'opening' }), /for 1 hour, as soon as its database role is given, until/)
  assert.equal(words.out({ event: 'expire', person: 'alice', resource: 'orders-db', grant }), 'alice is out of orders-db: the time is over')
  assert.match(words.out({ event: 'revoke', person: 'alice', resource: 'orders-db', by: 'carol', reason: '@everyone\nx', grant }), /^alice is out of orders-db: revoked by carol, because ＠everyone x$/)
})
test('break-glass is loud and names who signs it off', () => {
  const said = words.opened({ event: 'grant', person: 'alice', resource: 'orders-db', grant: { ...grant, break_glass: true, reason: 'fire' }, request: { notify: ['alice', 'bob'] } })
  assert.match(said, /^BREAK-GLASS: alice opened 'orders-db' for 1 hour, because fire\nbob: .*grantctl review g-1$/)
})
test('a request shows what is signed and the one command', () => {
  const e = { event: 'request', person: 'alice', email: 'alice@example.com', resource: 'orders-db', request: { id: 'r-1', state: 'pending', for_us: hour, access: 'read-only', reason: 'OPS-12 <!channel>', approvers: ['bob'] } }
  const said = words.request(e, 'grantd approval, version 1\nreason: OPS-12 <!channel>\n')
  assert.match(said, /alice@example\.com asks for 'orders-db' for 1 hour, because OPS-12 ‹!channel›: r-1/)
  assert.match(said, /\n {4}grantd approval, version 1\n {4}reason: OPS-12 ‹!channel›\n/)
  assert.match(said, /grantctl approve r-1$/)
  assert.doesNotMatch(words.request({ ...e, request: { ...e.request, state: 'granted' } }, null), /grantctl/)
})
test('a refusal names what helps', () => {
  assert.equal(words.refused({ message: 'no rule', help: 'grantctl explain alice db' }), 'no rule\nWhat helps: grantctl explain alice db')
})
test('an account is its id and its address, never its name', () => {
  assert.deepEqual(account({ id: 'U1', name: 'carol', real_name: 'carol', email_address: 'alice@example.com' }), { chat: 'U1', email: 'alice@example.com' })
  assert.deepEqual(account({ id: 7, name: 'carol@example.com' }), { chat: '7' })
  assert.deepEqual(account({ name: 'carol' }), {})
  assert.deepEqual(account(undefined), {})
})
test('addresses that could be options never reach ssh', () => {
  assert.deepEqual(parseAddress('ssh://ask@host:2222'), { user: 'ask', host: 'host', port: 2222 })
  assert.deepEqual(parseAddress('ssh://[::1]/'), { user: 'ask', host: '::1', port: 0 })
  for (const text of ['host', 'http://host', 'ssh://-oProxyCommand=x', 'ssh://ask@-x', 'ssh://-x@host', 'ssh://a@b c', 'ssh://h:0', 'ssh://h:99999', 'ssh://h;x', 'ssh://']) {
    assert.throws(() => parseAddress(text), /GRANTD_HOST/, text)
  }
  assert.deepEqual(sshArguments({ user: 'ask', host: 'h', port: 0 }).slice(-2), ['--', 'ask@h'])
})
test('channels are read exactly or refused', () => {
  const set = settings({ HUBOT_GRANTD_CHANNELS: 'orders-db=#dba, *=#access' })
  assert.equal(channelOf(set, 'orders-db'), '#dba')
  assert.equal(channelOf(set, 'other'), '#access')
  assert.equal(channelOf(settings({}), 'other'), undefined)
  for (const text of ['orders-db', '=#x', 'orders-db=', 'Orders=#x']) assert.throws(() => settings({ HUBOT_GRANTD_CHANNELS: text }), /RESOURCE=ROOM/, text)
})
