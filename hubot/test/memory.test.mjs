// SPDX-License-Identifier: Apache-2.0
// What the bot keeps, where, and what it does when it cannot.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { memory } from '../src/memory.mjs'
import { robotWith, until } from './support/fake.mjs'
import { grantOf, requestOf, told } from './support/story.mjs'

const alice = { id: 'U1' }

// As a stranger starts it: in hubot's directory, and nothing set.
async function startUnset (s) {
  const before = process.cwd()
  process.chdir(s.api.dir)
  try {
    return await s.start({ HUBOT_GRANTD_STATE: '' })
  } finally {
    process.chdir(before)
  }
}

test('where nothing is set what happened while it was away is told, too', () => told(async (s) => {
  await startUnset(s)
  await s.settled()
  await s.stop()
  s.add('grant', { grant: grantOf('g-1') })
  const { chat } = await startUnset(s)
  await s.settled()
  assert.equal(chat.of('#dba').length, 1)
}))
// A script that keeps the brain (hubot-redis-brain) fills it when its server has answered; saved before, all is lost.
test("hubot's brain is neither written nor saved", () => told(async (s) => {
  const { robot, hears } = await startUnset(s)
  let saved = 0
  robot.brain.setAutoSave(false)
  robot.brain.on('save', () => { ++saved })
  await s.settled()
  await hears(alice, 'hubot access to orders-db')
  s.add('deny', { request: requestOf('r-1', { state: 'denied' }) })
  await s.settled()
  assert.equal(saved, 0)
  assert.deepEqual(robot.brain.data._private, {})
}, { Request: { request: requestOf('r-1') } }))
test('a damaged state file announces nothing rather than everything again', () => told(async (s) => {
  s.add('grant', { grant: grantOf('g-1') })
  fs.writeFileSync(s.state, '{"at":0,"rooms":{"#d')
  const bot = await robotWith({ GRANTD_SOCKET: s.api.socket, HUBOT_GRANTD_STATE: s.state, HUBOT_GRANTD_CHANNELS: '*=#dba' })
  await bot.hears(alice, 'hubot resources') // by then it would have looked
  await bot.stop()
  assert.equal(s.api.calls.filter(c => c.name === 'News').length, 0)
  assert.deepEqual(bot.chat.of('#dba'), [])
}))
test('what is not what the bot keeps is refused, with the name of the file and what helps', () => told(async (s) => {
  for (const text of ['', 'null', '[]', '{}', '{"at":-1,"rooms":{},"asked":{}}', '{"at":0,"rooms":{"#a":"1"},"asked":{}}',
    '{"at":0,"rooms":[],"asked":{}}', '{"at":0,"rooms":{},"asked":null}', '{"at":0,"rooms":{},"asked":{"r-1":1}}']) {
    fs.writeFileSync(s.state, text)
    assert.throws(() => memory(s.state).load(), (e) => e.message.includes(s.state) && /cannot be read: .*; mend it, or remove it/.test(e.message), text)
  }
  assert.throws(() => memory(path.join(s.api.dir, 'none', 'state')).save({}), /none\/state cannot be written: ENOENT.*; HUBOT_GRANTD_STATE names another/)
}))
test('a disk that takes only a part leaves what was kept before', () => told(async (s) => {
  const saving = (rooms) => `import(${JSON.stringify(new URL('../src/memory.mjs', import.meta.url))}).then(m =>
    m.memory(${JSON.stringify(s.state)}).save({ at: 0, rooms: ${JSON.stringify(rooms)}, asked: {} }))`
  assert.equal(spawnSync(process.execPath, ['-e', saving({ '#dba': 1 })]).status, 0)
  const full = spawnSync('bash', ['-c', 'ulimit -f 1; exec "$0" -e "$1"', process.execPath, saving({ ['#'.repeat(4000)]: 1 })])
  assert.match(String(full.stderr), /cannot be written: EFBIG/)
  assert.deepEqual(memory(s.state).load().rooms, { '#dba': 1 })
}))
test('what cannot be kept is not said; once it can be, it is', () => told(async (s) => {
  const dir = path.join(s.api.dir, 'none')
  const file = path.join(dir, 'state.json')
  const { chat, hears } = await s.start({ HUBOT_GRANTD_STATE: file })
  s.add('grant', { grant: grantOf('g-1') })
  await until(() => s.api.calls.filter(c => c.name === 'Watch').length >= 3)
  assert.deepEqual(chat.of('#dba'), [])
  assert.match(await hears(alice, 'hubot access to orders-db'), /^r-1: asked for/) // grantd has it, whatever we keep
  fs.mkdirSync(dir)
  await until(() => chat.of('#dba').length === 1, 20000)
  assert.deepEqual(JSON.parse(fs.readFileSync(file, 'utf8')).asked, { 'r-1': '#dev' })
}, { Request: { request: requestOf('r-1') } }))

// A Request that grantd answers only when the bot has already told that it was denied.
function deniedAtOnce (run) {
  let s
  return told((story) => { s = story; return run(s) }, {
    Request: async () => {
      s.add('request', { request: requestOf('r-1', { state: 'denied' }) })
      s.add('deny', { request: requestOf('r-1', { state: 'denied' }), by: 'bob' })
      await s.settled()
      return { request: requestOf('r-1') }
    }
  })
}
test('an end that is known before the answer is told after it, and nothing is left of it', () => deniedAtOnce(async (s) => {
  const { chat, hears } = await s.start()
  await s.settled()
  await hears(alice, 'hubot access to orders-db', '#dev')
  assert.deepEqual(chat.of('#dev').map(t => t.match(/^r-1: asked|was denied/)[0]), ['r-1: asked', 'was denied'])
  assert.deepEqual(s.kept(), { at: 2, rooms: { '#dba': 2 }, asked: {} })
}))
test('asked in the channel of the resource such an end is told once', () => deniedAtOnce(async (s) => {
  const { chat, hears } = await s.start()
  await s.settled()
  await hears(alice, 'hubot access to orders-db', '#dba')
  assert.equal(chat.of('#dba').filter(t => /was denied/.test(t)).length, 1)
  assert.deepEqual(s.kept().asked, {})
}))

test('where an older copy of the store begins anew, the number of a request is another\'s', () => {
  let id = 'r-1'
  return told(async (s) => {
    const { chat, hears } = await s.start()
    await s.settled()
    s.add('deny', { request: requestOf('r-7', { state: 'denied' }) })
    await s.settled()
    await hears(alice, 'hubot access to orders-db', '#dev')
    s.forget(0)
    s.api.changed()
    await s.settled(0)
    s.add('deny', { request: requestOf('r-1', { state: 'denied', person: 'carol' }) })
    await s.settled()
    id = 'r-7'
    await hears(alice, 'hubot access to orders-db', '#ops')
    assert.equal(chat.of('#dev').length, 1) // the answer
    assert.equal(chat.of('#ops').length, 1)
    assert.deepEqual(s.kept().asked, { 'r-7': '#ops' })
  }, { Request: () => ({ request: requestOf(id) }) })
})
test('a request whose end is never told to the relay is forgotten some day', () => told(async (s) => {
  const asked = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`r-${i}x`, '#dev']))
  fs.writeFileSync(s.state, JSON.stringify({ at: 0, rooms: { '#dev': 0 }, asked }))
  const { hears } = await s.start()
  await hears(alice, 'hubot access to orders-db', '#dev')
  assert.equal(Object.keys(s.kept().asked).length, 1000)
  assert.equal(s.kept().asked['r-0x'], undefined)
  assert.equal(s.kept().asked['r-new'], '#dev')
}, { Request: { request: requestOf('r-new') } }))
