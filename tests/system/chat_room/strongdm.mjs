// SPDX-License-Identifier: Apache-2.0
// A bot script as shops have it for strongDM, the program's name changed and nothing else. It must never be told
// more about grantd than that.
import { execFile } from 'node:child_process'

const sdm = 'grantctl'
const emails = { U1: 'alice@example.com', U3: 'carol@example.com' } // such a script has its own way from a chat account to an e-mail

export default (robot) => {
  robot.hear(/access to (.*)/i, (res) => {
    const email = emails[res.message.user.id]
    execFile(sdm, ['admin', 'users', 'grant-temporary', '-d', '1h', res.match[1], email], (error, stdout, stderr) => {
      if (error) res.send(`could not: ${stderr}`)
      else res.send(stdout.trim())
    })
  })
}
