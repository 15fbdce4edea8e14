import { WebSocket } from 'ws'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { ChatMessage, Page } from '../src/chat/client'
import { textElement } from '../src/chat/elements'
import { SocketChatClient } from '../src/chat/socket'
import { Chat, type ChatOptions } from '../src/store/chat'
import type { Conversation } from '../src/store/conversation'
import { Memory } from '../src/store/memory'
import { isWaiting } from '../src/store/rooms'
import { RoomServer } from './support/room-server'
import { until } from './support/waiting'

const LI = '0055g00000AbCdEAAV'
const WEI = '0055g00000AbCdFAAV'
const CASE = '5005g00000XyZaBAAV'

let server: RoomServer
let open: SocketChatClient[]

beforeEach(async () => {
  globalThis.WebSocket = WebSocket as unknown as typeof globalThis.WebSocket
  open = []
  server = await RoomServer.start()
  server.open(CASE, 'My lamp is dark', { bob: 'Bob', [LI]: 'Li Na' })
})

afterEach(async () => {
  open.forEach((client) => client.close())
  await server.stop()
})

async function start(me = LI, more: Partial<ChatOptions> = {}): Promise<{ chat: Chat; room: Conversation }> {
  const client = new SocketChatClient()
  open.push(client)
  const memory = new Memory('', () => {
    throw new Error('blocked')
  })
  const chat = new Chat({ client, me, memory, ...more })
  client.on((event) => event.type === 'state' && event.state === 'ready' && void chat.refresh())
  await client.connect(server.login(me))
  await until(() => chat.status.loaded)
  return { chat, room: chat.rooms.get(CASE)! }
}

const whole = async (groupId: string, before = Infinity): Promise<Page> => {
  const older = server.rooms.get(groupId)!.messages.filter(({ seq }) => seq < before)
  return { messages: older.slice(-50), complete: older.length <= 50 }
}

const said = (room: Conversation) =>
  room.messages.map(({ elements }) => (elements[0]?.MsgType === 'TIMTextElem' ? elements[0].MsgContent.Text : '?'))

it('shows what the customer says, and the customer what the agent answers', async () => {
  const agent = await start()
  const customer = await start('bob')
  await agent.chat.open(CASE)
  await customer.chat.open(CASE)
  await customer.chat.send(customer.room, { text: 'It is dark' })
  await until(() => agent.room.messages.length === 1)
  await agent.chat.send(agent.room, { text: 'Switch it on' })
  await until(() => customer.room.messages.length === 2)
  expect(said(agent.room)).toEqual(['It is dark', 'Switch it on'])
  expect(said(customer.room)).toEqual(['It is dark', 'Switch it on'])
})

it('fetches what was lost on the way as soon as a number is missing', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  server.say(CASE, 'bob', 'one')
  server.lose = true
  for (let n = 0; n < 45; n++) server.say(CASE, 'bob', `lost ${n}`)
  server.lose = false
  server.say(CASE, 'bob', 'last')
  await until(() => room.messages.length === 47)
  expect(room.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 47 }, (_, n) => n + 1))
})

it('catches up after the line was cut, without being told', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  server.cut()
  for (let n = 0; n < 3; n++) server.say(CASE, 'bob', `meanwhile ${n}`)
  await until(() => room.messages.length === 3)
})

it('says a message once, though the answer was lost and it was sent again', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  server.mute = 'send'
  void chat.send(room, { text: 'once' })
  await until(() => server.rooms.get(CASE)!.messages.length === 1)
  server.mute = null
  server.cut()
  await until(() => room.messages.length === 1 && room.pending.length === 0)
  expect(server.rooms.get(CASE)!.messages).toHaveLength(1)
})

it('keeps what was written while the line is cut, and sends it in its order', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  server.cut()
  await until(() => server.asked.length > 0)
  for (const text of ['a', 'b', 'c']) void chat.send(room, { text })
  await until(() => room.messages.length === 3)
  expect(said(room)).toEqual(['a', 'b', 'c'])
  expect(room.pending).toEqual([])
})

it('shows a refused message as failed, and sends it when told to', async () => {
  const { chat, room } = await start()
  server.refuse = { do: 'send', with: { code: 80001, info: 'dirty words' } }
  await chat.send(room, { text: 'darn' })
  expect(room.pending[0]).toMatchObject({ state: 'failed', error: 'dirty words' })
  server.refuse = null
  await chat.retry(room, room.pending[0]!.random)
  expect(room.pending).toEqual([])
  expect(said(room)).toEqual(['darn'])
})

it('shows an agent who comes in later everything, and nothing twice', async () => {
  for (let n = 1; n <= 120; n++) server.say(CASE, 'bob', `before ${n}`)
  const { chat } = await start(WEI, { history: whole })
  server.join(CASE, WEI, 'Wei')
  await until(() => chat.rooms.get(CASE)?.loaded)
  const room = chat.rooms.get(CASE)!
  await chat.open(CASE)
  server.say(CASE, 'bob', 'after')
  while (room.hasOlder) await chat.older(room)
  await until(() => room.messages.length === 121)
  expect(room.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: 121 }, (_, n) => n + 1))
})

it('shows what the chat has while the relay is away, and the rest when it is back', async () => {
  for (let n = 1; n <= 3; n++) server.say(CASE, 'bob', `before ${n}`)
  let away = true
  const history = (groupId: string, before?: number) =>
    away ? Promise.reject(new Error('away')) : whole(groupId, before)
  server.rooms.get(CASE)!.members.get(LI)!.joinedAt = 2
  const { chat, room } = await start(LI, { history })
  await chat.open(CASE)
  expect(said(room)).toEqual(['before 3'])
  expect(room.incomplete).toBe(true)
  away = false
  await chat.reload(room)
  expect(said(room)).toEqual(['before 1', 'before 2', 'before 3'])
  expect(room.incomplete).toBe(false)
})

it('counts what is unread, only while nobody looks', async () => {
  const { chat, room } = await start()
  server.say(CASE, 'bob', 'one')
  server.say(CASE, 'bob', 'two')
  await until(() => room.unread === 2)
  expect(chat.unread).toBe(2)
  await chat.open(CASE)
  expect(room.unread).toBe(0)
  await until(() => server.asked.some((frame) => frame.do === 'read' && frame.seq === 2))
  chat.setVisible(false)
  server.say(CASE, 'bob', 'three')
  await until(() => room.unread === 1)
  chat.setVisible(true)
  expect(room.unread).toBe(0)
})

it('tells who came and went, and lets an agent who was taken off only read', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  server.join(CASE, WEI, 'Wei')
  server.leave(CASE, LI)
  await until(() => room.state === 'left')
  expect(room.notices.map(({ what }) => what)).toEqual(['joined', 'left'])
  expect(room.nameOf(WEI)).toBe('Wei')
})

it('tells that the chat was closed', async () => {
  const { room } = await start()
  server.dismiss(CASE)
  await until(() => room.state === 'closed')
  expect(room.notices.at(-1)?.what).toBe('closed')
})

it('begins anew when the group is made again, for its numbers begin at 1 again', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  for (const text of ['old 1', 'old 2']) server.say(CASE, 'bob', text)
  await until(() => room.messages.length === 2)
  server.dismiss(CASE)
  await until(() => room.state === 'closed')
  server.open(CASE, 'My lamp is dark', { bob: 'Bob' })
  server.say(CASE, 'bob', 'new 1')
  server.join(CASE, LI, 'Li Na')
  server.say(CASE, 'bob', 'new 2')
  await until(() => said(room).includes('new 2'))
  expect(said(room).filter((text) => text.startsWith('old'))).toEqual([])
  expect(room.notices.map(({ what }) => what)).toEqual(['joined'])
})

it('begins anew, too, when that happened while the line was cut', async () => {
  const { chat, room } = await start()
  await chat.open(CASE)
  for (const text of ['old 1', 'old 2', 'old 3']) server.say(CASE, 'bob', text, { time: 1000 })
  await until(() => room.messages.length === 3)
  server.cut()
  server.rooms.delete(CASE)
  server.open(CASE, 'My lamp is dark', { bob: 'Bob', [LI]: 'Li Na' })
  server.say(CASE, 'bob', 'new 1')
  await until(() => said(room)[0] === 'new 1')
  expect(said(room)).toEqual(['new 1'])
})

it('shows above what was said before the group was made again, and does not ask for it without end', async () => {
  let former: ChatMessage[] = []
  const asked: (number | undefined)[] = []
  const history = async (groupId: string, before?: number): Promise<Page> => {
    asked.push(before)
    const all = [...former, ...(server.rooms.get(groupId)?.messages ?? [])]
    const older = all.filter(({ seq }) => before === undefined || seq < before)
    return { messages: older.slice(-2), complete: older.length <= 2 }
  }
  const { chat, room } = await start(LI, { history })
  await chat.open(CASE)
  for (const text of ['old 1', 'old 2', 'old 3']) server.say(CASE, 'bob', text)
  await until(() => room.messages.length === 3)
  former = room.messages.map((message) => ({ ...message, seq: message.seq - 3 }))
  server.dismiss(CASE)
  await until(() => room.state === 'closed')
  server.open(CASE, 'My lamp is dark', { bob: 'Bob' })
  server.join(CASE, LI, 'Li Na')
  await until(() => room.state === 'open' && room.loaded)
  expect(said(room)).toEqual(['old 2', 'old 3'])
  server.rooms.get(CASE)!.lastSeq = 1 // a notice, say
  server.say(CASE, 'bob', 'new 1')
  await until(() => said(room).includes('new 1') && !room.loading)
  expect(room.timeline.hole).toBeUndefined()
  asked.length = 0
  while (room.hasOlder) await chat.older(room)
  expect(asked).toEqual([-1])
  expect(room.messages.map(({ seq }) => seq)).toEqual([-2, -1, 0, 2])
  expect(said(room)).toEqual(['old 1', 'old 2', 'old 3', 'new 1'])
  expect(room.incomplete).toBe(false)
  expect(server.asked.every((frame) => frame.before === undefined || frame.before > 1)).toBe(true)
})

it('tells an agent who comes new, also after a reload, who is waiting and what was said last', async () => {
  server.rooms.get(CASE)!.members.delete(LI)
  server.say(CASE, 'bob', 'please help, urgent', { time: 1000 })
  const isRight = ({ chat, room }: { chat: Chat; room: Conversation }) => {
    expect(room.lastSaid?.elements).toEqual([textElement('please help, urgent')])
    expect([room.unread, chat.unread, isWaiting(room), room.lastTime]).toEqual([1, 1, true, 1000])
  }
  const { chat } = await start(WEI, { history: whole })
  server.join(CASE, WEI, 'Wei')
  server.say(CASE, 'administrator', 'Wei has joined the chat.')
  server.say(CASE, 'administrator', 'Maria Santos has left the chat.')
  await until(() => chat.rooms.get(CASE)?.lastSeq === 3 && chat.rooms.get(CASE)?.loaded)
  isRight({ chat, room: chat.rooms.get(CASE)! })
  const again = await start(WEI, { history: whole })
  await until(() => again.room.loaded)
  isRight(again)
})

it('does not count what an administrator of another name says, after a reload', async () => {
  server.rooms.get(CASE)!.members.delete(LI)
  server.say(CASE, 'bob', 'please help, urgent', { time: 1000 })
  server.say(CASE, LI, 'I am here', { time: 1001 })
  server.join(CASE, WEI, 'Wei')
  server.say(CASE, 'relay-bot', 'Maria Santos has left the chat.')
  const { room } = await start(WEI, { history: whole })
  await until(() => room.loaded)
  expect([room.unread, isWaiting(room), room.lastTime]).toEqual([2, false, 1001])
})

it('says once what Tencent tells twice', async () => {
  const { room } = await start()
  for (let n = 0; n < 2; n++) room.note('joined', [{ userId: WEI, name: 'Wei' }], 1000 + n)
  room.note('left', [{ userId: WEI, name: '' }], 1002)
  expect(room.notices.map(({ what }) => what)).toEqual(['joined', 'left'])
})

it('shows a message of ours from another tab once, as read', async () => {
  const one = await start()
  const two = await start()
  await one.chat.send(one.room, { text: 'from here' })
  await until(() => two.room.messages.length === 1)
  expect(two.room.unread).toBe(0)
  expect(one.room.messages).toHaveLength(1)
})

it('asks for the Cases again when one is opened or looked at, but not at every turn', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    let status = 'New'
    let asked = 0
    const cases = async () => {
      asked += 1
      return [{ id: CASE, caseNumber: '00001001', subject: 'My lamp is dark', status, customer: 'Bob' }]
    }
    const { chat, room } = await start(LI, { cases })
    expect([room.about?.status, asked]).toEqual(['New', 1])
    status = 'Working'
    await chat.open(CASE)
    expect(asked).toBe(1)
    vi.setSystemTime(Date.now() + 11_000)
    await chat.open(CASE)
    await until(() => room.about?.status === 'Working')
    status = 'Escalated'
    vi.setSystemTime(Date.now() + 11_000)
    chat.setVisible(false)
    chat.lookAtCases()
    expect(asked).toBe(2)
    chat.setVisible(true)
    await until(() => room.about?.status === 'Escalated')
  } finally {
    vi.useRealTimers()
  }
})

it('forgets the status of a Case that is not among the open ones any more, when the relay says something', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    let open = true
    const about = { id: CASE, caseNumber: '00001001', subject: 'My lamp is dark', status: 'New', customer: 'Bob' }
    const { chat, room } = await start(LI, { cases: async () => (open ? [about] : []) })
    await chat.open(CASE)
    expect(room.about?.status).toBe('New')
    open = false
    vi.setSystemTime(Date.now() + 11_000)
    server.say(CASE, 'administrator', 'This case has been closed.')
    await until(() => room.about?.status === '')
    expect([room.about?.caseNumber, room.state]).toEqual(['00001001', 'open'])
  } finally {
    vi.useRealTimers()
  }
})

it('keeps a draft, even where the browser blocks its storage', async () => {
  const { chat, room } = await start()
  chat.setDraft(room, 'half a sen')
  expect(room.draft).toBe('half a sen')
})
