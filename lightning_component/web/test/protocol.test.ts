import { describe, expect, it } from 'vitest'

import { isCaseId, isLocalSocket, readFromAura } from '../src/agent/protocol'

const login = { sdkAppId: 1400000000, userId: '0055g00000AbCdEAAV', userSig: 'eJx', expiresAt: 1790000000 }

describe('what comes from the Aura component', () => {
  it('is read when it is one of the messages', () => {
    expect(readFromAura({ type: 'session', ...login, locale: 'zh_CN' })).toEqual({
      type: 'session',
      login,
      locale: 'zh_CN',
    })
    expect(readFromAura({ type: 'visible', open: false })).toEqual({ type: 'visible', open: false })
    expect(readFromAura({ type: 'requestError', id: 'r1', retryable: true })).toMatchObject({ id: 'r1' })
  })

  it.each([
    null,
    'ready',
    7,
    {},
    { type: 'nonsense' },
    { type: 'session', ...login, userSig: '' },
    { type: 'session', ...login, sdkAppId: '1400000000' },
    { type: 'session', ...login, expiresAt: 'soon' },
    { type: 'session', ...login, socketUrl: 'wss://evil.example/chat' },
    { type: 'visible', open: 'yes' },
    { type: 'cases', cases: [] },
    { type: 'cases', id: 'r1', cases: 'none' },
    { type: 'history', id: 'r1', messages: null },
  ])('is ignored when it is %j', (message) => {
    expect(readFromAura(message)).toBeNull()
  })

  it('loses Cases without an id and messages without a number, and keeps the others', () => {
    const cases = [{ id: '5005g00000XyZaBAAV', subject: 'Lamp' }, { id: 'javascript:alert(1)' }, null]
    expect(readFromAura({ type: 'cases', id: 'r1', cases })).toMatchObject({
      cases: [{ id: '5005g00000XyZaBAAV', subject: 'Lamp', customer: '' }],
    })
    const messages = [{ seq: 2, from: 'bob', time: 1, elements: [] }, { seq: 'x' }, { seq: 1, from: 'li', elements: 3 }]
    const history = readFromAura({ type: 'history', id: 'r2', messages, complete: true })
    expect(history).toMatchObject({ page: { complete: true, lacking: false, messages: [{ seq: 1 }, { seq: 2 }] } })
  })
})

const upTo = (last: number) => Array.from({ length: 50 }, (_, n) => last - 49 + n)

it.each([
  [upTo(50), true, { complete: false, lacking: false }],
  [upTo(0), true, { complete: false, lacking: false }],
  [[-1, 0, 1, 2], true, { complete: true, lacking: false }],
  [[1, 2], false, { complete: false, lacking: true }],
  [[], true, { complete: true, lacking: false }],
  [[], false, { complete: false, lacking: true }],
])('a page of %j, complete: %s, reaches the beginning or not', (seqs, complete, page) => {
  const messages = seqs.map((seq) => ({ seq, from: 'bob', time: 1, elements: [] }))
  expect(readFromAura({ type: 'history', id: 'r1', messages, complete })).toMatchObject({ page })
})

it.each(['5005g00000XyZaBAAV', '5005g00000XyZaB'])('%s may be a Case', (id) => expect(isCaseId(id)).toBe(true))
it.each(['0055g00000XyZaBAAV', '500', '5005g00000XyZaBAAV ', '5005g00000XyZa!', 500, null])('%s is no Case', (id) =>
  expect(isCaseId(id)).toBe(false),
)

it.each(['ws://127.0.0.1:3/chat', 'ws://localhost/chat', 'wss://chat.localhost:9/'])('%s is on this machine', (url) =>
  expect(isLocalSocket(url)).toBe(true),
)
it.each(['wss://example.com', 'ws://127.0.0.1.example.com', 'http://localhost', 'ws://localhost@example.com', ''])(
  '%s is not',
  (url) => expect(isLocalSocket(url)).toBe(false),
)
