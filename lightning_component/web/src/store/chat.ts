import { reactive, shallowReactive, shallowRef } from 'vue'

import type { ChatClient, ChatEvent, ChatMessage, Group, Outgoing, User } from '../chat/client'
import { Conversation, type CaseInfo } from './conversation'
import { History, type WholeHistory } from './history'
import type { Memory } from './memory'
import { Outbox } from './outbox'

export interface ChatOptions {
  client: ChatClient
  me: string
  memory: Memory
  /** The agent's Cases; a customer has none. */
  cases?: () => Promise<CaseInfo[]>
  history?: WholeHistory
  /** The one room of who has no list; it may be gone already, and is there to be read all the same. */
  only?: { groupId: string; past?: readonly ChatMessage[] }
  now?: () => number
}

/** What Salesforce said of the Cases so many milliseconds ago is still taken for true. */
const CASES_FRESH = 10_000
const TYPING_SHOWN = 4_000
const TYPING_TOLD = 2_500
/** Of the rooms whose last messages tell nothing, so many are looked into at once. */
const LOOKED_INTO = 4

/** All rooms of one user, kept as the chat service and Salesforce tell. */
export class Chat {
  readonly rooms = shallowReactive(new Map<string, Conversation>())
  readonly status = reactive({ open: '', visible: true, loaded: false, casesFailed: false })
  /** The last message of somebody else; for the live region. */
  readonly heardLast = shallowRef<Heard | null>(null)
  private readonly history: History
  private readonly outbox: Outbox
  private readonly now: () => number
  private typingToldAt = 0
  private casesAskedAt = 0

  constructor(private readonly options: ChatOptions) {
    this.now = options.now ?? (() => Math.floor(Date.now() / 1000))
    this.history = new History(options.client, options.history ?? null)
    this.outbox = new Outbox(options.client, options.me, this.now)
    options.client.on(this.heard)
  }

  get client(): ChatClient {
    return this.options.client
  }

  get me(): string {
    return this.options.me
  }

  get unread(): number {
    return [...this.rooms.values()].reduce((sum, room) => sum + room.unread, 0)
  }

  get current(): Conversation | undefined {
    return this.rooms.get(this.status.open)
  }

  /** Everything anew: at the start and after each reconnect. */
  async refresh(): Promise<void> {
    await Promise.all([this.loadGroups(), this.loadCases()])
    this.status.loaded = true
    await Promise.all([...this.rooms.values()].map((room) => this.catchUp(room)))
    await this.lookInto([...this.rooms.values()].filter((room) => room.state === 'open' && room.isUnclear))
  }

  async loadCases(): Promise<void> {
    if (!this.options.cases) return
    this.casesAskedAt = Date.now()
    try {
      const cases = await this.options.cases()
      for (const info of cases) this.room(info.id).about = info
      this.forgetStatus(new Set(cases.map(({ id }) => id)))
      this.status.casesFailed = false
    } catch {
      this.status.casesFailed = true
    }
  }

  /** Nobody tells when a Case gets another status or subject: it is asked for while somebody looks. */
  lookAtCases(): void {
    const { loaded, visible } = this.status
    if (loaded && visible && Date.now() - this.casesAskedAt > CASES_FRESH) void this.loadCases()
  }

  async open(groupId: string): Promise<void> {
    this.status.open = groupId
    this.lookAtCases()
    const room = this.rooms.get(groupId)
    if (!room) return
    if (!room.loaded) await Promise.all([this.history.newest(room), this.loadMembers(room)])
    this.readIfSeen(room)
  }

  closeRoom(): void {
    this.status.open = ''
  }

  setVisible(visible: boolean): void {
    this.status.visible = visible
    this.lookAtCases()
    if (this.current) this.readIfSeen(this.current)
  }

  older = (room: Conversation): Promise<void> => this.history.older(room)

  reload = (room: Conversation): Promise<void> => this.history.newest(room)

  send(room: Conversation, what: Outgoing): Promise<void> {
    if ('text' in what) this.setDraft(room, '')
    return this.outbox.send(room, what)
  }

  retry = (room: Conversation, random: number): Promise<void> => this.outbox.retry(room, random)

  discard = (room: Conversation, random: number): void => this.outbox.discard(room, random)

  recall = (room: Conversation, seq: number): Promise<void> =>
    this.client.recall(room.groupId, seq).then(() => room.recall(seq))

  setDraft(room: Conversation, draft: string): void {
    room.draft = draft
    this.options.memory.set(`draft.${room.groupId}`, draft || undefined)
  }

  typing(room: Conversation): void {
    if (Date.now() - this.typingToldAt < TYPING_TOLD) return
    this.typingToldAt = Date.now()
    this.client.typing(room.groupId)
  }

  private room(groupId: string): Conversation {
    const known = this.rooms.get(groupId)
    if (known) return known
    const room = reactive(new Conversation(groupId, this.me)) as Conversation
    room.draft = this.options.memory.get(`draft.${groupId}`, '')
    room.readSeq = this.options.memory.get(`read.${groupId}`, 0)
    if (groupId === this.options.only?.groupId) room.past = this.options.only.past ?? []
    this.rooms.set(groupId, room)
    return room
  }

  /** A Case that is not told any more was closed or given away: the status it had then is wrong by now. */
  private forgetStatus(told: Set<string>): void {
    for (const room of this.rooms.values())
      if (room.about && !told.has(room.groupId)) room.about = { ...room.about, status: '' }
  }

  private async loadGroups(): Promise<void> {
    const groups = await this.client.groups().catch(() => null)
    if (!groups) return
    const mine = new Set(groups.map(({ groupId }) => groupId))
    for (const room of this.rooms.values()) if (room.state === 'open' && !mine.has(room.groupId)) room.state = 'left'
    for (const group of groups) this.seat(group)
    const { only } = this.options
    if (only && this.room(only.groupId).state === 'none') this.room(only.groupId).state = 'closed'
  }

  private seat(group: Group): void {
    const room = this.room(group.groupId)
    if (room.state === 'closed' || room.contradicts(group.recent ?? [])) room.restart()
    if (room.readSeq > group.lastSeq) room.readSeq = 0
    room.state = 'open'
    room.name = group.name
    if (group.recent) room.addRecent(group.recent)
    room.unread = group.unread ?? room.countUnread()
  }

  private async catchUp(room: Conversation): Promise<void> {
    await this.outbox.flush(room)
    if (room.groupId === this.status.open) await this.history.newest(room)
    else room.loaded = false // looked at again when it is opened
    this.readIfSeen(room)
  }

  /** Where only the relay has spoken of late, or somebody who may be the relay, it is looked what people said. */
  private async lookInto(rooms: Conversation[]): Promise<void> {
    const work = async () => {
      for (let room = rooms.shift(); room; room = rooms.shift()) {
        if (!room.membersKnown) await this.loadMembers(room)
        if (!room.isUnclear) continue
        await this.history.newest(room)
        room.unread = room.countUnread()
        this.readIfSeen(room)
      }
    }
    await Promise.all(Array.from({ length: LOOKED_INTO }, work))
  }

  private async loadMembers(room: Conversation): Promise<void> {
    if (room.state !== 'open') return
    const members = await this.client.members(room.groupId).catch(() => null)
    if (members) Object.assign(room, { members, membersKnown: true })
  }

  private readIfSeen(room: Conversation): void {
    if (room.groupId !== this.status.open || !this.status.visible) return
    room.unread = 0
    if (room.lastSeq <= room.readSeq) return
    room.readSeq = room.lastSeq
    this.options.memory.set(`read.${room.groupId}`, room.readSeq)
    if (room.state === 'open') this.client.read(room.groupId, room.readSeq)
  }

  private readonly heard = (event: ChatEvent): void => {
    if (event.type === 'state' || event.type === 'kicked') return
    if (event.type === 'joined') return this.joined(event.groupId, event.users, event.name, event.seq)
    const room = this.rooms.get(event.groupId)
    if (!room) return
    switch (event.type) {
      case 'message':
        return this.message(room, event.message)
      case 'left':
        return this.left(room, event.users, event.seq)
      case 'dismissed':
        room.note('closed', [], this.now())
        room.state = 'closed'
        return
      case 'renamed':
        room.name = event.name
        return
      case 'recalled':
        return room.recall(event.seq)
      case 'typing':
        room.typing = { ...room.typing, [event.userId]: Date.now() + TYPING_SHOWN }
        return
      case 'read':
        if (event.userId !== this.me) room.seenSeq = Math.max(room.seenSeq, event.seq)
    }
  }

  private message(room: Conversation, message: ChatMessage): void {
    const isNew = room.add(message)
    const { [message.from]: _, ...others } = room.typing
    room.typing = others
    if (isNew && message.from === this.me) room.readSeq = Math.max(room.readSeq, message.seq)
    if (isNew && message.from !== this.me) {
      if (room.isLine(message)) this.lookAtCases()
      else room.unread += 1
      this.heardLast.value = { room, message }
    }
    if (room.loaded) void this.history.missing(room)
    this.readIfSeen(room)
  }

  private joined(groupId: string, users: User[], name?: string, seq?: number): void {
    const room = this.room(groupId)
    if (name) room.name = name
    const isMe = users.some(({ userId }) => userId === this.me)
    if (isMe && room.state === 'closed') room.restart()
    room.members = [...room.members.filter((old) => !users.some((user) => user.userId === old.userId)), ...users]
    room.note('joined', users, this.now(), seq)
    if (isMe) void this.cameIn(room)
  }

  private async cameIn(room: Conversation): Promise<void> {
    room.state = 'open'
    await Promise.all([this.loadCases(), this.history.newest(room), this.loadMembers(room)])
    room.unread = room.countUnread()
    this.readIfSeen(room)
  }

  private left(room: Conversation, users: User[], seq?: number): void {
    room.members = room.members.filter((old) => !users.some((user) => user.userId === old.userId))
    room.note('left', users, this.now(), seq)
    if (users.some(({ userId }) => userId === this.me)) {
      room.state = 'left'
      room.unread = 0
    }
  }
}

export interface Heard {
  room: Conversation
  message: ChatMessage
}
