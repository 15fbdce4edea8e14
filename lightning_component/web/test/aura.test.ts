import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { parse } from 'acorn'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { startAuraHost, type Options } from '../dev/aura-host'
import { until } from './support/waiting'

const BUNDLE = resolve(import.meta.dirname, '../../main/aura/tim_utilities_bar')
const text = (name: string) => readFileSync(resolve(BUNDLE, `tim_utilities_bar${name}`), 'utf8')
const bundle = { controller: text('Controller.js'), helper: text('Helper.js') }
const CASE = '5005g00000XyZaBAAV'
const login = { sdkAppId: 1400000000, userId: '0055g00000AbCdEAAV', userSig: 'eJx', expiresAt: 1790000000 }

it.each(['Controller.js', 'Helper.js'])('%s is ES5, one object in parentheses', (name) => {
  const program = parse(text(name), { ecmaVersion: 5 })
  expect(program.body).toHaveLength(1)
  expect(program.body[0]).toMatchObject({ expression: { type: 'ObjectExpression' } })
})

describe('the component', () => {
  let page: EventTarget
  let received: any[]
  let contentWindow: { postMessage: (message: any) => void }
  let host: ReturnType<typeof startAuraHost>

  const start = (options: Partial<Options> = {}) => {
    const apex = {
      session: async () => login,
      cases: async () => [],
      history: async () => ({ messages: [], complete: true }),
    }
    const frame = { contentWindow } as unknown as HTMLIFrameElement
    host = startAuraHost({ bundle, frame, apex, ...options })
  }
  const say = (payload: unknown, source: unknown = contentWindow) =>
    page.dispatchEvent(Object.assign(new Event('message'), { source, data: { lcc: 'fromContainer', payload } }))
  const got = (type: string) => received.filter((message) => message.type === type)

  beforeEach(() => {
    page = new EventTarget()
    vi.stubGlobal('window', page)
    received = []
    contentWindow = { postMessage: ({ payload }) => received.push(payload) }
  })

  afterEach(() => {
    host.stop()
    vi.unstubAllGlobals()
  })

  it('answers READY with a session of the user who is logged in, and whether the panel is open', async () => {
    start({ isOpen: () => false })
    say({ type: 'ready' })
    await until(() => received.length === 2)
    expect(got('session')).toEqual([{ type: 'session', ...login, locale: 'en_US' }])
    expect(got('visible')).toEqual([{ type: 'visible', open: false }])
  })

  it('hands over only what a session has, whatever Apex answers', async () => {
    start({ apex: { session: async () => ({ ...login, socketUrl: 'wss://elsewhere.example' }) } })
    say({ type: 'renew' })
    await until(() => received.length === 1)
    expect(Object.keys(received[0]).sort()).toEqual(['expiresAt', 'locale', 'sdkAppId', 'type', 'userId', 'userSig'])
  })

  it.each([
    [Object.assign(new Error('{"message":"The relay is away","retryable":true}')), true, 'The relay is away'],
    [Object.assign(new Error('{"message":"No permission","retryable":false}')), false, 'No permission'],
    [new Error('You do not have access to the Apex class named: ChatSession'), false, 'You do not have access'],
    [Object.assign(new Error(''), { incomplete: true }), true, 'cannot be reached'],
  ])('says whether it is worth trying again: %s', async (error, retryable, detail) => {
    start({ apex: { session: () => Promise.reject(error) } })
    say({ type: 'renew' })
    await until(() => received.length === 1)
    expect(received[0]).toMatchObject({ type: 'sessionError', retryable, detail: expect.stringContaining(detail) })
  })

  it('asks Apex for Cases and history, and repeats the id of the request', async () => {
    const history = vi.fn(async () => ({ messages: [{ seq: 1 }], complete: false, secret: 'x' }))
    start({ apex: { cases: async () => [{ id: CASE }], history } })
    say({ type: 'cases', id: 'r1' })
    say({ type: 'history', id: 'r2', caseId: CASE, before: 41 })
    say({ type: 'history', id: 'r3', caseId: CASE })
    say({ type: 'history', id: 'r4', caseId: CASE, before: -7 })
    await until(() => received.length === 4)
    expect(received).toContainEqual({ type: 'cases', id: 'r1', cases: [{ id: CASE }] })
    expect(received).toContainEqual({ type: 'history', id: 'r2', messages: [{ seq: 1 }], complete: false })
    expect(history.mock.calls).toEqual([41, null, -7].map((before) => [{ caseId: CASE, before }]))
  })

  it('says that a request failed', async () => {
    start({ apex: { cases: () => Promise.reject(new Error('{"message":"Later","retryable":true}')) } })
    say({ type: 'cases', id: 'r1' })
    await until(() => received.length === 1)
    expect(received[0]).toEqual({ type: 'requestError', id: 'r1', retryable: true, detail: 'Later' })
  })

  it('shows in the utility bar how much is unread, and nothing when nothing is', async () => {
    const labels: [string, boolean][] = []
    let label = ''
    start({ onLabel: (now) => (label = now), onHighlight: (on) => labels.push([label, on]) })
    for (const count of [3, 250, 0]) say({ type: 'unread', count })
    await until(() => labels.length === 3)
    expect(labels).toEqual([
      ['Customer chat (3)', true],
      ['Customer chat (99+)', true],
      ['Customer chat', false],
    ])
  })

  it.each([
    [true, 'tab'],
    [false, 'page'],
  ])('opens a Case (console: %s) as a %s', async (isConsole, how) => {
    const opened: string[][] = []
    start({ isConsole, onRecord: (...record) => opened.push(record) })
    say({ type: 'openCase', caseId: CASE })
    await until(() => opened.length === 1)
    expect(opened).toEqual([[CASE, how]])
  })

  it.each([
    { type: 'openCase', caseId: '0015g00000XyZaBAAV' },
    { type: 'openCase', caseId: `${CASE}/../delete` },
    { type: 'openCase', caseId: [CASE] },
    { type: 'unread', count: '<b>9</b>' },
    { type: 'unread', count: -1 },
    { type: 'history', id: 'r1', caseId: 'nonsense' },
    { type: 'history', id: 'r1', caseId: CASE, before: 'x' },
    { type: 'cases', id: 5 },
    { type: 'session', userId: 'somebody else' },
    'ready',
    null,
  ])('does nothing for %j', async (message) => {
    const done = vi.fn()
    const apex = { session: done, history: done, cases: done }
    start({ apex, onRecord: done, onLabel: done, onHighlight: done })
    say(message)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(done).not.toHaveBeenCalled()
    expect(received).toEqual([])
  })

  it('tells the chat when the panel is opened and closed, and nothing after its end', async () => {
    start()
    host.clicked(true)
    host.clicked(false)
    expect(got('visible').map(({ open }) => open)).toEqual([true, false])
    host.stop()
    host.clicked(true)
    say({ type: 'ready' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(received).toHaveLength(2)
  })

  it('hears only its own frame', async () => {
    start()
    say({ type: 'ready' }, { postMessage: () => undefined })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(received).toEqual([])
  })
})
