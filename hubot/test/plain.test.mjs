// SPDX-License-Identifier: Apache-2.0
// What others wrote mentions nobody, formats nothing and stays on its line.
import assert from 'node:assert/strict'
import test from 'node:test'
import { address, plain } from '../src/plain.mjs'

test('a reason mentions nobody', () => {
  for (const text of ['@everyone', '@here now', '<!channel>', '<@U012ABC>', '<!subteam^S1>', 'x@everyone', '<@&123>', '<#C1>']) {
    assert.doesNotMatch(plain(text), /[@<>]/, text)
  }
})
test('a reason formats nothing', () => {
  assert.doesNotMatch(plain('*b* _i_ ~s~ `c` ||spoiler|| [a](http://x) ```x``` \\'), /[*~`|[\]\\]|(?:^|[^A-Za-z0-9])_|_(?:[^A-Za-z0-9]|$)/)
  assert.equal(plain('# heading').startsWith('#'), false)
  assert.equal(plain('- list').startsWith('-'), false)
})
test('what people mean stays readable', () => {
  assert.equal(plain('OPS-12: fix my_table, 50% (see #7)'), 'OPS-12: fix my_table, 50% (see #7)')
  assert.equal(plain('größer 日本 🙂'), 'größer 日本 🙂')
})
test('a reason stays on its line', () => {
  for (const end of ['\n', '\r\n', '\u2028', '\u2029', '\u0085', '\v', '\f']) {
    assert.equal(plain(`a${end}Granting bob access`), 'a Granting bob access')
  }
})
test('control, direction and invisible characters are gone', () => {
  assert.equal(plain('a\u0000\u001b[31mb\u202ec\u200bd\u2066e\ufeff'), 'a ［31mb c d e')
  assert.doesNotMatch(plain('a\ud800b'), /\ud800/)
})
test('a reason ends somewhere', () => {
  assert.equal([...plain('x'.repeat(5000))].length, 300)
  assert.equal([...plain('🙂'.repeat(5000))].length, 300)
})
test('what is no text is none', () => {
  assert.equal(plain(undefined), '')
  assert.equal(plain(null), '')
})
test('an address keeps its @ unless everybody is called by it', () => {
  assert.equal(address('alice@example.com'), 'alice@example.com')
  for (const text of ['bob@everyone', 'bob@here.com', '@channel', 'a@b@everyone', '<!channel>@x', 'a@b\nc']) {
    assert.doesNotMatch(address(text), /@|\n/, text)
  }
})
