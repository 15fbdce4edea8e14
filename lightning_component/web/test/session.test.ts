import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { ChatError, type ChatClient, type ChatEvent, type ChatLogin } from '../src/chat/client'
import { Session, untilRenewal, type SessionState } from '../src/chat/session'

/** A client that signs in as told, and notes with what. */
class Client {
  signedInWith: string[] = []
  renewedWith: string[] = []
  answer: () => Promise<void> = async () => undefined
  tell: (event: ChatEvent) => void = () => undefined
  closed = false

  on(listener: (event: ChatEvent) => void) {
    this.tell = listener
    return () => undefined
  }

  async connect({ userSig }: ChatLogin) {
    this.signedInWith.push(userSig)
    await this.answer()
  }

  async renew({ userSig }: ChatLogin) {
    this.renewedWith.push(userSig)
  }

  close() {
    this.closed = true
  }
}

let client: Client
let asked: number
let refusals: [number, string][]
let states: SessionState[]
let session: Session

const login = (userSig: string, ttl = 3600): ChatLogin => ({
  sdkAppId: 1,
  userId: 'li',
  userSig,
  expiresAt: Date.now() / 1000 + ttl,
})
const renewals = () => asked

beforeEach(() => {
  vi.useFakeTimers()
  client = new Client()
  asked = 0
  refusals = []
  states = []
  const signer = { renew: () => void asked++, problem: (...refusal: [number, string]) => void refusals.push(refusal) }
  session = new Session(
    signer,
    () => client as unknown as ChatClient,
    (state) => states.push(state),
  )
})

afterEach(() => {
  session.stop()
  vi.useRealTimers()
})

it('is ready once the client has signed in', async () => {
  await session.signed(login('one'))
  expect(session.state).toBe('ready')
  expect(client.signedInWith).toEqual(['one'])
})

it('asks for a signature before the old one ends, and hands it over without an interruption', async () => {
  await session.signed(login('one', 3600))
  await vi.advanceTimersByTimeAsync(49 * 60_000)
  expect(renewals()).toBe(0)
  await vi.advanceTimersByTimeAsync(65_000)
  expect(renewals()).toBe(1)
  await session.signed(login('two'))
  expect(client.renewedWith).toEqual(['two'])
  expect(client.signedInWith).toEqual(['one'])
  expect(states).toEqual(['ready'])
})

it('asks again when nobody answers', async () => {
  await session.signed(login('one', 600))
  await vi.advanceTimersByTimeAsync(600_000)
  expect(renewals()).toBeGreaterThan(2)
})

it('signs in again when it was put out because the signature had expired', async () => {
  await session.signed(login('one'))
  client.tell({ type: 'kicked', reason: 'expired' })
  expect(session.state).toBe('renewing')
  expect(renewals()).toBe(1)
  await session.signed(login('two'))
  expect(session.state).toBe('ready')
  expect(client.signedInWith).toEqual(['one', 'two'])
})

it('asks for another signature when the first one is refused as expired', async () => {
  client.answer = () => Promise.reject(new ChatError(70001, 'expired', false))
  await session.signed(login('old'))
  expect(session.state).toBe('renewing')
  await vi.advanceTimersByTimeAsync(6_000)
  expect(renewals()).toBe(1)
})

it('says that Tencent refuses, to the user and to whoever signed', async () => {
  client.answer = () => Promise.reject(new ChatError(70009, 'not our key', false))
  await session.signed(login('forged'))
  expect(session.state).toBe('refused')
  expect(session.detail).toContain('70009')
  expect(refusals).toEqual([[70009, 'not our key']])
})

it('leaves the chat to the other window until the agent wants it back', async () => {
  await session.signed(login('one'))
  client.tell({ type: 'kicked', reason: 'elsewhere' })
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(session.state).toBe('elsewhere')
  expect(renewals()).toBe(0)
  session.resume()
  await vi.advanceTimersByTimeAsync(0)
  expect(session.state).toBe('ready')
})

it('leaves who was signed out by an administrator alone until he wants back, and then with another signature', async () => {
  await session.signed(login('one'))
  client.tell({ type: 'kicked', reason: 'signedOut' })
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(session.state).toBe('signedOut')
  expect(renewals()).toBe(0)
  session.resume()
  expect(renewals()).toBe(1)
  await session.signed(login('two'))
  expect(session.state).toBe('ready')
  expect(client.signedInWith).toEqual(['one', 'two'])
})

it('tells one who may not from a relay that is away, and tries both again', async () => {
  session.unsigned(true, 'away')
  expect(session.state).toBe('away')
  session.unsigned(false, 'no permission set')
  expect(session.state).toBe('denied')
  expect(session.detail).toBe('no permission set')
  await vi.advanceTimersByTimeAsync(15_000)
  expect(renewals()).toBeGreaterThan(0)
})

it('goes on with a signature that is still good while the relay is away', async () => {
  await session.signed(login('one'))
  session.unsigned(true, 'away')
  expect(session.state).toBe('ready')
})

it('does not ask without end when the clock of this machine is wrong', () => {
  expect(untilRenewal(-5_000_000)).toBe(30_000)
  expect(untilRenewal(86_400_000)).toBe(85_800_000)
})

it('says after ten seconds that it takes long', async () => {
  await vi.advanceTimersByTimeAsync(16_000)
  expect(session.state).toBe('slow')
})
