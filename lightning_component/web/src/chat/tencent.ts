import TencentCloudChat, { type ChatSDK } from '@tencentcloud/chat'
import TIMUploadPlugin from 'tim-upload-plugin'

import {
  ChatError,
  type ChatClient,
  type ChatEvent,
  type ChatLogin,
  type Group,
  type Outgoing,
  type Page,
  type Sent,
  type User,
} from './client'
import { Listeners } from './listeners'
import { isSaid, readGroup, readSdkEvent, readSdkMessage, type SdkMessage } from './tencent-messages'

const { EVENT, TYPES } = TencentCloudChat
const MEGABYTE = 1024 * 1024
const SILENT = 4
/** The SDK itself gives up after 90 s, without a reason. */
const PATIENCE = 30_000
/** Why one was put out, where it was not by oneself, at another place. */
const REASONS = new Map<string, 'expired' | 'signedOut'>([
  [String(TYPES.KICKED_OUT_USERSIG_EXPIRED), 'expired'],
  [String(TYPES.KICKED_OUT_REST_API), 'signedOut'],
])
/** Of the SDK and of Tencent: lost lines, timeouts, too fast, not ready yet. */
const PASSING = new Set([2024, 2800, 2801, 2805, 2999, 10002, 10023, 60002, 60007, 60008, 60020, 20003])

/** Tencent Chat, by its SDK. */
export class TencentChatClient implements ChatClient {
  /** The SDK has no typing in groups, and receipts of groups depend on the plan; see docs/agents.md. */
  readonly abilities = { typing: false, read: false, recall: true, file: 100 * MEGABYTE, image: 28 * MEGABYTE }
  private readonly listeners = new Listeners()
  private chat: ChatSDK | null = null
  private me = ''
  private kicked = false
  private down = false
  /** The SDK's own message for each random of ours: it is sent again, not made again. */
  private readonly made = new Map<number, SdkMessage>()
  private readonly mine = new Map<string, SdkMessage>()

  /** `options` go to the SDK as they are. */
  constructor(private readonly options: Record<string, unknown> = {}) {}

  on = (listener: (event: ChatEvent) => void): (() => void) => this.listeners.add(listener)

  async connect(login: ChatLogin): Promise<void> {
    this.me = login.userId
    this.kicked = false
    const chat = (this.chat ??= this.create(login.sdkAppId))
    const ready = this.ready(chat)
    await Promise.all([ready, told(chat.login({ userID: login.userId, userSig: login.userSig })).catch(ready.stop)])
    this.listeners.tell({ type: 'state', state: 'ready' })
  }

  /** The SDK signs in only once; a fresh signature is needed when it was put out. */
  async renew(login: ChatLogin): Promise<void> {
    if (this.kicked) await this.connect(login)
  }

  async groups(): Promise<Group[]> {
    const [groups, conversations] = await Promise.all([
      told(this.sdk.getGroupList()),
      told(this.sdk.getConversationList()),
    ])
    const known = new Map(conversations.data.conversationList.map((one: any) => [one.conversationID, one]))
    return groups.data.groupList.map((group: any) => readGroup(group, known.get(`GROUP${group.groupID}`) as any))
  }

  async members(groupId: string): Promise<User[]> {
    const { data } = await told(this.sdk.getGroupMemberList({ groupID: groupId, count: 100, offset: 0 }))
    return data.memberList.map((one: any) => ({ userId: one.userID, name: one.nameCard || one.nick || '' }))
  }

  async history(groupId: string, before?: number): Promise<Page> {
    const conversationID = `GROUP${groupId}`
    const { data } = await told(
      before === undefined
        ? this.sdk.getMessageList({ conversationID })
        : this.sdk.getMessageListHopping({ conversationID, sequence: before, direction: 0 }),
    )
    const older = (data.messageList as SdkMessage[]).filter(({ sequence }) => before === undefined || sequence < before)
    const messages = older.filter(isSaid).map((message) => this.take(groupId, message))
    return { messages: messages.sort((a, b) => a.seq - b.seq), complete: data.isCompleted === true }
  }

  async send(groupId: string, what: Outgoing, random: number, progress: (part: number) => void): Promise<Sent> {
    const known = this.made.get(random)
    const message = known ?? this.make(groupId, what, progress)
    this.made.set(random, message)
    const { data } = await told(known ? this.sdk.resendMessage(known) : this.sdk.sendMessage(message))
    const sent = data.message as SdkMessage
    this.made.delete(random)
    const { seq, time, elements } = this.take(groupId, sent)
    return { seq, time, elements }
  }

  async recall(groupId: string, seq: number): Promise<void> {
    const message = this.mine.get(`${groupId}/${seq}`)
    if (!message) throw new ChatError(20016, 'too late to take it back', false)
    await told(this.sdk.revokeMessage(message))
  }

  typing(): void {}

  read(groupId: string): void {
    void told(this.sdk.setMessageRead({ conversationID: `GROUP${groupId}` })).catch(() => undefined)
  }

  close(): void {
    void this.chat?.destroy()
    this.chat = null
  }

  private get sdk(): ChatSDK {
    if (!this.chat) throw new ChatError(2024, 'not connected', true)
    return this.chat
  }

  private create(SDKAppID: number): ChatSDK {
    const chat = TencentCloudChat.create({ SDKAppID, ...this.options })
    chat.setLogLevel(SILENT)
    chat.registerPlugin({ 'tim-upload-plugin': TIMUploadPlugin })
    chat.on(EVENT.MESSAGE_RECEIVED, ({ data }: { data: SdkMessage[] }) => data.forEach(this.received))
    chat.on(EVENT.MESSAGE_REVOKED, ({ data }: { data: SdkMessage[] }) => data.forEach(this.revoked))
    chat.on(EVENT.NET_STATE_CHANGE, ({ data }: { data: { state: string } }) => this.netState(data.state))
    chat.on(EVENT.KICKED_OUT, ({ data }: { data: { type: string } }) => this.putOut(data.type))
    return chat
  }

  private ready(chat: ChatSDK): Promise<void> & { stop: (error: unknown) => never } {
    let fail: (error: unknown) => void = () => undefined
    const ready = new Promise<void>((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        chat.off(EVENT.SDK_READY, done)
        resolve()
      }
      fail = (error) => {
        clearTimeout(timer)
        chat.off(EVENT.SDK_READY, done)
        reject(error)
      }
      const timer = setTimeout(() => fail(new ChatError(2801, 'Tencent Chat does not answer', true)), PATIENCE)
      chat.on(EVENT.SDK_READY, done)
      if (chat.isReady()) done()
    })
    const stop = (error: unknown): never => {
      fail(error)
      throw error
    }
    return Object.assign(ready, { stop })
  }

  private make(groupId: string, what: Outgoing, progress: (part: number) => void): SdkMessage {
    const to = { to: groupId, conversationType: TYPES.CONV_GROUP, priority: TYPES.MSG_PRIORITY_NORMAL }
    if ('text' in what) return this.sdk.createTextMessage({ ...to, payload: { text: what.text } }) as SdkMessage
    const options = { ...to, payload: { file: what.file }, onProgress: progress }
    return (
      what.file.type.startsWith('image/') ? this.sdk.createImageMessage(options) : this.sdk.createFileMessage(options)
    ) as SdkMessage
  }

  /** Messages of ours are kept: the SDK takes back only its own object. */
  private take(groupId: string, message: SdkMessage) {
    if (message.from === this.me) this.mine.set(`${groupId}/${message.sequence}`, message)
    return readSdkMessage(message)
  }

  private readonly received = (message: SdkMessage): void => {
    if (!isSaid(message)) {
      const event = readSdkEvent(message, this.me)
      if (event) this.listeners.tell(event)
    } else if (String(message.conversationType) === String(TYPES.CONV_GROUP)) {
      this.listeners.tell({ type: 'message', groupId: message.to, message: this.take(message.to, message) })
    }
  }

  private readonly revoked = (message: SdkMessage): void =>
    this.listeners.tell({ type: 'recalled', groupId: message.to, seq: message.sequence })

  private netState(state: string): void {
    if (state === String(TYPES.NET_STATE_CONNECTED)) {
      if (this.down && this.chat?.isReady()) this.listeners.tell({ type: 'state', state: 'ready' })
      this.down = false
      return
    }
    this.down = true
    const connecting = state === String(TYPES.NET_STATE_CONNECTING)
    this.listeners.tell({ type: 'state', state: connecting ? 'reconnecting' : 'offline' })
  }

  private putOut(type: string): void {
    this.kicked = true
    this.listeners.tell({ type: 'kicked', reason: REASONS.get(type) ?? 'elsewhere' })
  }
}

/** The SDK's errors as ours. */
async function told(request: Promise<any>): Promise<any> {
  try {
    return await request
  } catch (error) {
    const { code = 0, message = '' } = error as { code?: number; message?: string }
    throw new ChatError(Number(code), message || `Tencent Chat error ${code}`, PASSING.has(Number(code)))
  }
}
