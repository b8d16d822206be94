// SPDX-License-Identifier: Apache-2.0
// The Hubot script: which words call which command, and the announcer beside them. Decides nothing.
//
// Description:
//   Ask for access to servers and databases; approving is done with one's own ssh key, never here.
//
// Configuration:
//   GRANTD_HOST, GRANTD_SOCKET, GRANTD_SSH, HUBOT_GRANTD_CHANNELS, HUBOT_GRANTD_STATE, HUBOT_GRANTD_HEAR
//
// Commands:
//   hubot access to RESOURCE [read-write] [for 2h] [because REASON] - ask for a window
//   hubot extend [RESOURCE] for 30m [because REASON] - more time in an open one
//   hubot give back [RESOURCE] - end your own early
//   hubot who has access to RESOURCE - the open windows
//   hubot my access - what you have, and what became of your requests
//   hubot resources - what can be asked for here
//   hubot pending - requests of yours, and those you may answer
//   hubot cancel ID - take your own request back
//   hubot deny ID [REASON] - refuse a request, if you are one of its approvers
import { announcer } from './src/announce.mjs'
import { commands } from './src/commands.mjs'
import { client } from './src/client.mjs'
import { memory } from './src/memory.mjs'
import { settings } from './src/settings.mjs'
import { account } from './src/account.mjs'
import { plain } from './src/plain.mjs'

export default async function grantd (robot) {
  const set = settings(process.env)
  const api = client(set)
  const told = announcer({ robot, api, set, kept: memory(set.state) })

  const answer = (run) => async (res) => {
    const who = account(res.message.user)
    const room = res.message.room
    let missed = null
    try {
      const said = await run({ api, who, room, match: res.match, asked: (id) => { missed = told.asked(id, room) } })
      await res.reply(said)
      await missed?.()
    } catch (error) {
      robot.logger.error(`grantd: ${error.stack}`)
      await res.reply(`I could not ask grantd: ${plain(error.message)}`)
    }
  }
  for (const c of commands) {
    robot.respond(c.words, answer(c.run))
    if (set.hear && c.heard) robot.hear(c.heard, answer(c.run))
  }
  told.start()
  return told
}
