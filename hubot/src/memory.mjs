// SPDX-License-Identifier: Apache-2.0
// What survives a restart: how far each room has been told, and where a request was made. In a file of its own,
// written whole and renamed, or in hubot's brain. Must never lose what it said it kept.
import fs from 'node:fs'
import path from 'node:path'

const key = 'grantd'
// at: where a room that is new begins (null: with what comes); rooms: room -> sequence; asked: request -> room.
const empty = () => ({ at: null, rooms: {}, asked: {} })

function check (held, place) {
  const number = (n) => Number.isSafeInteger(n) && n >= 0
  const fits = held && typeof held === 'object' && (held.at === null || number(held.at)) &&
    Object.values(held.rooms ?? { x: 'x' }).every(number) && typeof held.asked === 'object'
  if (!fits) throw new Error(`${place} is not what the bot keeps; remove it to begin anew`)
  return held
}

function inFile (file) {
  return {
    async load () {
      let text
      try {
        text = fs.readFileSync(file, 'utf8')
      } catch (error) {
        if (error.code !== 'ENOENT') throw error
        return empty()
      }
      try {
        return check(JSON.parse(text), file)
      } catch (error) {
        throw error instanceof SyntaxError ? new Error(`${file} is damaged: ${error.message}; remove it to begin anew`) : error
      }
    },
    save (held) {
      const fresh = `${file}.new`
      const fd = fs.openSync(fresh, 'w', 0o600)
      try {
        fs.writeSync(fd, JSON.stringify(held))
        fs.fsyncSync(fd)
      } finally {
        fs.closeSync(fd)
      }
      fs.renameSync(fresh, file)
      const dir = fs.openSync(path.dirname(file), 'r')
      try {
        fs.fsyncSync(dir)
      } finally {
        fs.closeSync(dir)
      }
    }
  }
}

// As lasting as the brain is: a script like hubot-redis-brain keeps it, hubot alone does not.
function inBrain (robot) {
  return {
    async load () {
      const held = robot.brain.get(key)
      return held ? check(structuredClone(held), 'the brain\'s "grantd"') : empty()
    },
    save (held) {
      robot.brain.set(key, structuredClone(held))
      robot.brain.save()
    }
  }
}

export function memory (file, robot) {
  return file ? inFile(file) : inBrain(robot)
}
