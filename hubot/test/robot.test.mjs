// SPDX-License-Identifier: Apache-2.0
// Hubot itself with the script in it: what is heard, what grantd is asked, what is said.
import assert from 'node:assert/strict'
import test from 'node:test'
import { client } from '../src/client.mjs'
import { settings } from '../src/settings.mjs'
import { fakeGrantd, robotWith, until } from './support/fake.mjs'

const hour = 3600e6
const alice = { id: 'U1', name: 'carol', email_address: 'alice@example.com' } // the name is a lie
const grant = { id: 'g-1000', person: 'alice', resource: 'orders-db', access: 'read-only', made_us: 0, not_before_us: 0, not_after_us: hour, left_us: hour, state: 'open', made_by: 'alice' }
const request = { id: 'r-1000', person: 'alice', resource: 'orders-db', access: 'read-only', for_us: hour, needs: 1, approvers: ['bob', 'carol'], state: 'pending', reason: 'OPS-1' }
const usual = {
  OnBehalf: { person: 'alice', email: 'alice@example.com' },
  News: { events: [], last: 1, newest: 1 },
  Resources: { resources: [{ name: 'orders-db', description: 'the orders', default_us: hour, max_us: 2 * hour }] },
  List: { grants: [grant] },
  Status: { person: 'alice', grants: [grant], requests: [request] },
  Requests: { requests: [request] },
  GiveBack: (p) => ({ grants: [{ ...grant, id: p.id }] }),
  Deny: (p) => ({ request: { ...request, id: p.id } }),
  Cancel: (p) => ({ request: { ...request, id: p.id } })
}

async function talk (answers, run, env = {}) {
  const api = await fakeGrantd({ ...usual, ...answers })
  const bot = await robotWith({ GRANTD_SOCKET: api.socket, HUBOT_GRANTD_STATE: `${api.dir}/state.json`, ...env })
  try {
    await run({ ...bot, api, asked: (name) => api.calls.filter(c => c.name === name) })
  } finally {
    await bot.stop()
    await api.close()
  }
}

test("a window that opens at once is granted in the mission's words", () => talk({ Request: { request, grant } }, async ({ hears, asked }) => {
  assert.match(await hears(alice, 'hubot access to orders-db for 1h because OPS-1'), /^Granting alice@example\.com access to 'orders-db' for 1 hour/)
  assert.deepEqual(asked('Request')[0].parameters, { resource: 'orders-db', for_us: hour, reason: 'OPS-1' })
}))
test('who speaks is told by id and address, never by name', () => talk({ Request: { request } }, async ({ hears, asked }) => {
  await hears(alice, 'hubot access to orders-db')
  assert.deepEqual(asked('OnBehalf')[0].parameters, { chat: 'U1', email: 'alice@example.com' })
}))
test('a request names who approves it, and the one command', () => talk({ Request: { request } }, async ({ hears }) => {
  const said = await hears(alice, '@hubot: I need access to orders-db')
  assert.match(said, /r-1000: .*It needs 1 of: bob, carol\.\n.*grantctl approve r-1000$/)
}))
test('a refusal is told with what helps', () => talk({ Request: { error: 'NoRule', message: 'no rule lets alice ask for orders-db', help: 'grantctl explain alice orders-db' } }, async ({ hears }) => {
  assert.equal(await hears(alice, 'hubot access to orders-db'), 'no rule lets alice ask for orders-db\nWhat helps: grantctl explain alice orders-db')
}))
test('somebody the policy does not know asks for nothing', () => talk({ OnBehalf: { error: 'NoSuchPerson', message: 'the policy knows nobody by chat account "U9"' } }, async ({ hears, asked }) => {
  for (const text of ['access to orders-db', 'my access', 'resources', 'pending', 'give back', 'extend for 5m', 'who has access to orders-db', 'deny r-1000', 'cancel r-1000']) {
    assert.match(await hears({ id: 'U9' }, `hubot ${text}`), /knows nobody/, text)
  }
  for (const never of ['Request', 'List', 'Deny', 'Cancel', 'GiveBack']) assert.equal(asked(never).length, 0, never)
}))
test('an account without id and address asks for nothing', () => talk({}, async ({ hears, asked }) => {
  assert.match(await hears({ name: 'alice' }, 'hubot my access'), /neither an id nor an address/)
  assert.equal(asked('OnBehalf').length, 0)
}))
test('nothing that is said makes the bot approve', () => talk({}, async ({ hears, api }) => {
  assert.match(await hears(alice, 'hubot approve r-1000'), /your own signature.*grantctl approve r-1000$/)
  assert.equal(api.calls.filter(c => c.name === 'Approve').length, 0)
}))
test('no call that approves, grants or signs off leaves it, whatever a command of its own would want', () => talk({}, async ({ api }) => {
  const relay = client({ ...settings({}), socket: api.socket })
  for (const method of ['Approve', 'Review', 'Grant', 'Revoke', 'Lock']) {
    await assert.rejects(relay.speak(null, (call) => call(method, { id: 'r-1000' })), /nothing that a relay calls/, method)
    assert.equal(api.calls.filter(c => c.name === method).length, 0, method)
  }
}))
test('an extension is of the one open window', () => talk({ Request: { request, grant } }, async ({ hears, asked }) => {
  await hears(alice, 'hubot extend for 30m because OPS-2')
  assert.deepEqual(asked('Request')[0].parameters, { extends: 'g-1000', for_us: hour / 2, reason: 'OPS-2' })
}))
test('of two windows it asks which', () => talk({ List: { grants: [grant, { ...grant, id: 'g-1001', resource: 'replica' }] }, Request: { request, grant } }, async ({ hears, asked }) => {
  assert.match(await hears(alice, 'hubot extend for 30m'), /Which one\? orders-db \(g-1000\), replica \(g-1001\)/)
  await hears(alice, 'hubot extend replica by 30m')
  assert.equal(asked('Request')[0].parameters.extends, 'g-1001')
}))
test('give back ends each by its id', () => talk({ List: { grants: [grant, { ...grant, id: 'g-1001', resource: 'replica' }] } }, async ({ hears, asked }) => {
  await hears(alice, 'hubot give back')
  assert.deepEqual(asked('GiveBack').map(c => c.parameters.id), ['g-1000', 'g-1001'])
  await hears(alice, 'hubot give back replica')
  assert.equal(asked('GiveBack').length, 3)
  assert.match(await hears(alice, 'hubot give back other'), /no open window on 'other'/)
}))
test('who has access is asked by the relay itself, for people it knows', () => talk({}, async ({ hears, api }) => {
  assert.match(await hears(alice, 'hubot who has access to orders-db?'), /Access to 'orders-db':\n {2}alice, 1 hour left, g-1000/)
  assert.equal(api.calls.find(c => c.name === 'List').who, null)
  assert.match(await hears(alice, 'hubot who has access to other'), /know no resource 'other'/)
}))
test('deny and cancel name the request and the reason', () => talk({}, async ({ hears, asked }) => {
  assert.equal(await hears(alice, 'hubot deny r-1000 because not\nnow'), 'r-1000 is denied')
  assert.deepEqual(asked('Deny')[0].parameters, { id: 'r-1000', reason: 'not now' })
  assert.equal(await hears(alice, 'hubot cancel R-1000'), 'r-1000 is cancelled')
}))
test('what others wrote is harmless in every listing', () => {
  const evil = '<!channel> @everyone\nGranting `mallory` *all*'
  const bad = { ...request, reason: evil, person: evil, resource: evil, approvers: [evil], ended_reason: evil }
  const answers = {
    Requests: { requests: [bad, { ...bad, state: 'denied' }] },
    Status: { grants: [{ ...grant, resource: evil }], requests: [bad] },
    List: { grants: [{ ...grant, person: evil, resource: evil }] },
    Resources: { resources: [{ name: 'orders-db', description: evil, default_us: hour, max_us: hour }] },
    Request: { error: 'NoRule', message: evil, help: evil }
  }
  return talk(answers, async ({ hears }) => {
    for (const text of ['pending', 'my access', 'resources', 'who has access to orders-db', 'access to orders-db', 'give back', 'who has access to <!channel>', 'access to @everyone', 'extend x for 1h']) {
      const said = await hears(alice, `hubot ${text}`)
      assert.notEqual(said, '', text)
      assert.doesNotMatch(said, /[<>@`*]|^Granting/m, text)
    }
  })
})
test('it is not heard unless it is addressed, or told to hear', async () => {
  await talk({ Request: { request } }, async ({ hears, asked }) => {
    assert.equal(await hears(alice, 'access to orders-db'), '')
    assert.equal(asked('Request').length, 0)
  })
  await talk({ Request: { request } }, async ({ hears }) => {
    assert.match(await hears(alice, 'access to orders-db'), /r-1000/)
    assert.equal(await hears(alice, 'who gave you access to orders-db'), '')
  }, { HUBOT_GRANTD_HEAR: '1' })
})
test('a grantd that is not there, hangs up or babbles is told as that', async () => {
  const bot = await robotWith({ GRANTD_SOCKET: '/nonexistent/api.sock', HUBOT_GRANTD_STATE: '/nonexistent/state.json' })
  assert.match(await bot.hears(alice, 'hubot my access'), /could not ask grantd: .*ENOENT/)
  await bot.stop()
  await talk({ Status: () => new Promise(() => {}) }, async ({ hears, api, asked }) => {
    const said = hears(alice, 'hubot my access')
    await until(() => asked('Status').length === 1)
    api.hangUp()
    assert.match(await said, /hung up/)
  })
})
