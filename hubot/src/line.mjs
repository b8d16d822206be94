// SPDX-License-Identifier: Apache-2.0
// One connection to api.sock, here or through ssh: messages out, messages in. Holds at most one message of
// mostBytes, and knows nothing of what they mean.
import net from 'node:net'
import { spawn } from 'node:child_process'
import { parseAddress, sshArguments } from './address.mjs'

const mostBytes = 4 << 20
const mostWords = 500 // of what ssh says

function toSocket (path) {
  const socket = net.createConnection({ path })
  return { input: socket, output: socket, end: () => socket.destroy(), why: () => '' }
}

function throughSsh (set) {
  const child = spawn(set.ssh[0], [...set.ssh.slice(1), ...sshArguments(parseAddress(set.host))],
    { stdio: ['pipe', 'pipe', 'pipe'] })
  let words = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text) => { words = (words + text).slice(-mostWords) })
  child.on('error', (error) => { words = error.message; child.stdout.destroy() })
  child.stdin.on('error', () => {}) // its end is seen on its output
  return {
    input: child.stdin,
    output: child.stdout,
    end: () => { child.stdin.destroy(); child.kill() },
    why: () => words.trim().split('\n').pop()
  }
}

// Half a surrogate pair is nothing that JSON can carry to others.
const wellFormed = (_, v) => (typeof v === 'string' ? Buffer.from(v).toString() : v)

// receive() resolves to the next message, or rejects when there will be none.
export function open (set) {
  const { input, output, end, why } = set.host ? throughSsh(set) : toSocket(set.socket)
  const place = set.host || set.socket
  const messages = []
  const waiting = []
  let rest = Buffer.alloc(0)
  let over = null

  function finish (error) {
    if (over) return
    over = error
    end()
    for (const w of waiting.splice(0)) w.reject(over)
  }
  function take (bytes) {
    rest = Buffer.concat([rest, bytes])
    for (let at = rest.indexOf(0); at >= 0; at = rest.indexOf(0)) {
      let message
      try {
        message = JSON.parse(rest.subarray(0, at).toString('utf8'))
      } catch {
        return finish(new Error(`${place} does not speak grantd's protocol`))
      }
      rest = rest.subarray(at + 1)
      const w = waiting.shift()
      if (w) w.resolve(message)
      else messages.push(message)
    }
    if (rest.length > mostBytes) finish(new Error(`${place} sent a message without an end`))
  }
  output.on('data', take)
  output.on('error', (error) => finish(new Error(`${place}: ${error.message}`)))
  output.on('close', () => finish(new Error(`${place} hung up${why() ? `: ${why()}` : ''}`)))

  return {
    send: (message) => input.write(`${JSON.stringify(message, wellFormed)}\0`),
    receive: (timeoutMs) => {
      if (messages.length > 0) return Promise.resolve(messages.shift())
      if (over) return Promise.reject(over)
      return new Promise((resolve, reject) => {
        const w = { resolve, reject }
        waiting.push(w)
        if (!timeoutMs) return
        const timer = setTimeout(() => finish(new Error(`${place} did not answer in ${timeoutMs / 1000} s`)), timeoutMs)
        w.resolve = (m) => { clearTimeout(timer); resolve(m) }
        w.reject = (e) => { clearTimeout(timer); reject(e) }
      })
    },
    close: () => finish(new Error('closed'))
  }
}
