// SPDX-License-Identifier: Apache-2.0
// A grantd that says what a test wants, over a real socket; and a chat that remembers what was said in it. Must
// never be asked for a behaviour of grantd's own: tests/system/chat asks the real one.
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Adapter, Robot, TextMessage, User } from 'hubot'
import grantd from '../../index.mjs'

// `answers[method]`: parameters, { error, ... }, or a function of (parameters, person) that gives one.
export async function fakeGrantd (answers) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hubot-grantd-'))
  const socket = path.join(dir, 'api.sock')
  const calls = []
  const watchers = new Set()
  const sockets = new Set()
  const server = net.createServer((s) => {
    let who = null
    let text = ''
    sockets.add(s)
    s.on('close', () => { watchers.delete(s); sockets.delete(s) })
    s.on('error', () => {})
    s.on('data', async (bytes) => {
      text += bytes
      for (let at = text.indexOf('\0'); at >= 0; at = text.indexOf('\0')) {
        const { method, parameters } = JSON.parse(text.slice(0, at))
        text = text.slice(at + 1)
        const name = method.split('.').pop()
        calls.push({ name, parameters, who })
        if (name === 'Watch') {
          watchers.add(s)
          s.write(`${JSON.stringify({ continues: true, parameters: { event: 'begin' } })}\0`)
          continue
        }
        const given = answers[name]
        const said = await (typeof given === 'function' ? given(parameters, who) : given) ?? { error: 'org.varlink.service.MethodNotFound' }
        if (name === 'OnBehalf' && !said.error) who = said.person
        const { error, ...rest } = said
        s.write(`${JSON.stringify(error ? { error: `org.grantd.Access.${error}`, parameters: rest } : { parameters: rest })}\0`)
      }
    })
  })
  await new Promise((resolve) => server.listen(socket, resolve))
  return {
    dir,
    socket,
    calls,
    changed: () => watchers.forEach(s => s.write(`${JSON.stringify({ continues: true, parameters: { event: 'grant' } })}\0`)),
    hangUp: () => sockets.forEach(s => s.destroy()),
    async close () {
      sockets.forEach(s => s.destroy())
      await new Promise((resolve) => server.close(resolve))
      fs.rmSync(dir, { recursive: true })
    }
  }
}

export class Chat extends Adapter {
  said = [] // { room, text }
  failing = new Set() // rooms
  async send (envelope, ...strings) {
    if (this.failing.has(envelope.room)) throw new Error(`${envelope.room} is not there`)
    for (const text of strings) this.said.push({ room: envelope.room, text })
  }

  async reply (envelope, ...strings) { await this.send(envelope, ...strings) }
  async run () { this.emit('connected') }
  of (room) { return this.said.filter(s => s.room === room).map(s => s.text) }
}

// A real robot with the script loaded; `hears` resolves to what it answered.
export async function robotWith (env) {
  const before = { ...process.env }
  process.env.HUBOT_LOG_LEVEL = 'silent'
  Object.assign(process.env, env)
  const robot = new Robot(null, false, 'hubot')
  robot.adapter = new Chat(robot)
  await robot.run()
  const told = await grantd(robot)
  for (const key of Object.keys(env)) {
    if (before[key] === undefined) delete process.env[key]
    else process.env[key] = before[key]
  }
  return {
    robot,
    chat: robot.adapter,
    async hears (user, text, room = '#dev') {
      const from = new User(user.id, { ...user, room })
      const count = robot.adapter.said.length
      await robot.receive(new TextMessage(from, text, '1'))
      return robot.adapter.said.slice(count).filter(s => s.room === room).map(s => s.text).join('\n---\n')
    },
    async stop () { await told.stop(); robot.shutdown() }
  }
}

export async function until (what, ms = 5000) {
  const end = Date.now() + ms
  while (!what()) {
    if (Date.now() > end) throw new Error(`gave up waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
