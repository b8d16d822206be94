// SPDX-License-Identifier: Apache-2.0
// A chat for tests, as a Hubot adapter: lines of JSON come in through a FIFO, what is said is appended to a file,
// on disk before it counts as said. Must never say anything of its own.
import fs from 'node:fs'
import readline from 'node:readline'
import { Adapter, TextMessage, User } from 'hubot'

const dir = process.env.CHAT_ROOM

class Room extends Adapter {
  constructor (robot) {
    super(robot)
    this.name = 'room'
  }

  async send (envelope, ...strings) {
    if (fs.existsSync(`${dir}/deaf`)) throw new Error('nobody hears')
    for (const text of strings) fs.appendFileSync(`${dir}/said`, `${envelope.room}\t${text.replaceAll('\n', ' / ')}\n`)
    if (fs.existsSync(`${dir}/slow`)) await new Promise(resolve => setTimeout(resolve, 1000)) // until it says so
  }

  async reply (envelope, ...strings) { await this.send(envelope, ...strings) }

  async run () {
    this.emit('connected')
    this.listen().catch((error) => { console.error(error); process.exit(1) })
  }

  // From when the script under test listens: what is said before reaches nobody.
  async listen () {
    const question = new TextMessage(new User('0', {}), `${this.robot.name} my access`, '0')
    while (!this.robot.listeners.some(l => l.matcher(question))) await new Promise(resolve => setTimeout(resolve, 10))
    const lines = readline.createInterface({ input: fs.createReadStream(null, { fd: fs.openSync(`${dir}/heard`, 'r+') }) })
    lines.on('line', (line) => {
      const { text, room, ...user } = JSON.parse(line)
      this.robot.receive(new TextMessage(new User(user.id, { ...user, room }), text, '1'))
    })
    fs.writeFileSync(`${dir}/ready`, '')
  }
}

export default { use: (robot) => new Room(robot) }
