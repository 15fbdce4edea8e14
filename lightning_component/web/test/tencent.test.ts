import { WebSocket } from 'ws'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'

import type { ChatEvent } from '../src/chat/client'
import { TencentChatClient } from '../src/chat/tencent'
import { TencentSocket } from './support/tencent-socket'
import { until } from './support/waiting'

const CASE = '5005g00000XyZaBAAV'
const LI = '0055g00000AbCdEAAV'

let socket: TencentSocket
let client: TencentChatClient
let events: ChatEvent[]

const messages = () => events.flatMap((event) => (event.type === 'message' ? [event.message] : []))
const login = { sdkAppId: 1400000000, userId: LI, userSig: 'eJx', expiresAt: 1999999999 }

/** The SDK keeps one instance per application for good, so all tests share one. */
beforeAll(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  globalThis.WebSocket = WebSocket as unknown as typeof globalThis.WebSocket
  socket = await TencentSocket.start(CASE)
  client = new TencentChatClient({ proxyServer: socket.url })
  client.on((event) => events.push(event))
  events = []
  await client.connect(login)
})

afterAll(async () => {
  client.close()
  await socket.stop()
})

beforeEach(() => {
  socket.refuse = {}
})

it('signs the real SDK in, and is then ready', () => {
  expect(socket.countOf('wslogin')).toBe(1)
  expect(events).toContainEqual({ type: 'state', state: 'ready' })
})

it('gives what is said, with its number, sender and text', async () => {
  socket.say('bob', 'It is dark', { GroupInfo: { GroupId: CASE, From_AccountNick: 'Bob', GroupType: 'Public' } })
  await until(() => messages().length === 1)
  expect(messages()[0]).toMatchObject({
    seq: 1,
    from: 'bob',
    elements: [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'It is dark' } }],
  })
})

it('sends, and gives the number that Tencent gave', async () => {
  const sent = await client.send(CASE, { text: 'Switch it on' }, 4711, () => undefined)
  expect(sent).toMatchObject({ seq: 2, elements: [{ MsgContent: { Text: 'Switch it on' } }] })
  expect(socket.messages[1]).toMatchObject({ From_Account: LI, MsgBody: [{ MsgContent: { Text: 'Switch it on' } }] })
})

it('tries a refused message again with the same random, so that it is said once', async () => {
  socket.refuse = { send_group_msg: { ActionStatus: 'FAIL', ErrorCode: 10023, ErrorInfo: 'too fast' } }
  await expect(client.send(CASE, { text: 'again' }, 4712, () => undefined)).rejects.toMatchObject({
    code: 10023,
    retryable: true,
  })
  socket.refuse = {}
  await client.send(CASE, { text: 'again' }, 4712, () => undefined)
  const randoms = socket.asked
    .filter(({ command }) => command.endsWith('send_group_msg'))
    .map(({ body }) => body.Random)
  expect(randoms.at(-1)).toBe(randoms.at(-2))
  expect(socket.messages.filter(({ MsgBody }) => MsgBody[0].MsgContent.Text === 'again')).toHaveLength(1)
})

it('lists its groups with what is unread', async () => {
  const [group] = await client.groups()
  expect(group).toMatchObject({ groupId: CASE, name: 'My lamp is dark', unread: 1 })
  expect(group!.lastSeq).toBeGreaterThanOrEqual(3)
})

it('gives history, the newest page and what is before a number', async () => {
  expect((await client.history(CASE)).messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
  const older = await client.history(CASE, 3)
  expect(older.messages.map(({ seq }) => seq)).toEqual([1, 2])
})

it('knows who is in a room, by name', async () => {
  expect(await client.members(CASE)).toEqual([{ userId: 'bob', name: 'Bob' }])
})

it('takes a message of ours back, and no other', async () => {
  await client.recall(CASE, 2)
  expect(socket.asked.find(({ command }) => command.endsWith('group_msg_recall'))?.body).toMatchObject({
    GroupId: CASE,
    MsgSeqList: [{ MsgSeq: 2 }],
  })
  await expect(client.recall(CASE, 1)).rejects.toMatchObject({ retryable: false })
})

it('tells Tencent what was read', async () => {
  client.read(CASE)
  await until(() => socket.countOf('msg_read_report') === 1)
})

it.each([
  ['userSigExpired', 'expired'],
  ['multipleDevice', 'elsewhere'],
  ['multipleAccount', 'elsewhere'],
  ['REST_API_Kick', 'signedOut'],
])('of being put out for %s it says: %s', (type, reason) => {
  const other = new TencentChatClient()
  const heard: ChatEvent[] = []
  other.on((event) => heard.push(event))
  other['putOut'](type)
  expect(heard).toEqual([{ type: 'kicked', reason }])
})

it('tells who came and went, and that the room is gone', async () => {
  const at = (MsgSeq: number) => ({
    From_Account: '@TIM#SYSTEM',
    ToGroupId: CASE,
    MsgSeq,
    MsgRandom: MsgSeq,
    MsgTime: 1,
  })
  const group = { GroupInfo: { GroupId: CASE, GroupName: 'My lamp is dark', GroupType: 'Public' } }
  const wei = { List_Account: ['wei'], MsgMemberExtraInfo: [{ UserId: 'wei', NickName: 'Wei' }] }
  socket.push({ GroupTips: [{ ...at(4), ...group, MsgBody: { OpType: 1, ...wei } }] }, 4)
  socket.push({ GroupTips: [{ ...at(5), ...group, MsgBody: { OpType: 3, ...wei } }] }, 4)
  socket.push({ GroupTips: [{ ...at(6), ...group, MsgBody: { ReportType: 5, GroupId: CASE } }] }, 5)
  await until(() => events.some(({ type }) => type === 'dismissed'))
  const users = [{ userId: 'wei', name: 'Wei' }]
  expect(events).toContainEqual({ type: 'joined', groupId: CASE, users, seq: 4 })
  expect(events).toContainEqual({ type: 'left', groupId: CASE, users, by: 'kicked', seq: 5 })
  expect(events).toContainEqual({ type: 'dismissed', groupId: CASE })
})
