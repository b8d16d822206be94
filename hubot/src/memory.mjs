// SPDX-License-Identifier: Apache-2.0
// What survives a restart: how far each room has been told, and where a request was made. In a file of its own,
// written whole and renamed. Not in hubot's brain: it is filled some time after the scripts are loaded, and whoever
// saves it before overwrites it. Must never lose what it said it kept.
import fs from 'node:fs'
import path from 'node:path'

// at: where a room that is new begins (null: with what comes); rooms: room -> sequence; asked: request -> room.
const empty = () => ({ at: null, rooms: {}, asked: {} })

const number = (n) => Number.isSafeInteger(n) && n >= 0
const mapTo = (fits, o) => o !== null && typeof o === 'object' && !Array.isArray(o) && Object.values(o).every(fits)

function read (file) {
  let text
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return empty()
  }
  const held = JSON.parse(text)
  const fits = (held?.at === null || number(held?.at)) && mapTo(number, held.rooms) &&
    mapTo((room) => typeof room === 'string', held.asked)
  if (!fits) throw new Error('this is not what the bot keeps')
  return held
}

function write (file, text) {
  const fresh = `${file}.new`
  const fd = fs.openSync(fresh, 'w', 0o600)
  try {
    fs.writeFileSync(fd, text) // all of it: a full disk takes a part, and says so at the next
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

export function memory (file) {
  let last = ''
  return {
    load () {
      try {
        const held = read(file)
        last = JSON.stringify(held)
        return held
      } catch (error) {
        throw new Error(`${file} cannot be read: ${error.message}; mend it, or remove it to begin with what comes`)
      }
    },
    // Writes what has changed, or what could not be written before.
    save (held) {
      const text = JSON.stringify(held)
      if (text === last) return
      try {
        write(file, text)
      } catch (error) {
        throw new Error(`${file} cannot be written: ${error.message}; HUBOT_GRANTD_STATE names another file`)
      }
      last = text
    }
  }
}
