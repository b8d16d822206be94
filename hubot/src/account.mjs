// SPDX-License-Identifier: Apache-2.0
// Who speaks, as the chat itself vouches for it: the account's id and address. Never a display name, which
// people choose for themselves.

const addressOf = (user) => [user.email_address, user.email, user.slack?.profile?.email]
  .find(e => typeof e === 'string' && e.length > 0 && e.length <= 254)

// { chat?, email? } as OnBehalf takes them.
export function account (user) {
  const who = {}
  const id = user?.id
  if ((typeof id === 'string' && id !== '') || Number.isFinite(id)) who.chat = String(id)
  const email = user && addressOf(user)
  if (email) who.email = email
  return who
}
