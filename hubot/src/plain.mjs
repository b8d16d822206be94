// SPDX-License-Identifier: Apache-2.0
// Words of others made harmless in a chat: they mention nobody, format nothing, and stay on their line. Pure.

const most = 300
// Look-alikes that no chat gives a meaning.
const instead = { '<': '‹', '>': '›', '@': '＠', '`': 'ˋ', '*': '∗', '~': '∼', '|': '∣', '[': '［', ']': '］', '\\': '＼' }

export function plain (text, limit = most) {
  const line = String(text ?? '')
    // Control, format (bidirectional, zero-width), unassigned and private characters, lone surrogates; line ends.
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .replace(/[<>@`*~|[\]\\]/g, c => instead[c])
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '＿')
    .replace(/^[#-]/, c => (c === '#' ? '＃' : '‐')) // a heading, a list
  const letters = [...line]
  return letters.length > limit ? `${letters.slice(0, limit - 1).join('')}…` : line
}

// An address of the policy keeps its @, unless a chat would call everybody by it.
export function address (text) {
  const m = /^([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9.-]{1,190})$/.exec(String(text ?? ''))
  if (!m || /^(everyone|here|channel|all|group|room)\b/i.test(m[2])) return plain(text)
  return `${plain(m[1])}@${plain(m[2])}`
}
