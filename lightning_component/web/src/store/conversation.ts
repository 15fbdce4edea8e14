import { markRaw } from 'vue'

import type { ChatMessage, Outgoing, Page, User } from '../chat/client'
import type { Element } from '../chat/elements'
import { isAgent, isSystem } from './people'
import { Timeline } from './timeline'

/** A message of ours on its way. */
export interface Pending {
  random: number
  what: Outgoing
  elements: Element[]
  /** Unix seconds */
  time: number
  state: 'sending' | 'waiting' | 'failed'
  /** Of an upload, 0..1. */
  part: number
  error: string
}

/** Something that happened and that nobody said. */
export interface Notice {
  what: 'joined' | 'left' | 'closed' | 'moved'
  users: User[]
  /** Unix seconds */
  time: number
  /** It stands after this message. */
  after: number
}

/** The Case behind it; only the agent's side has one. */
export interface CaseInfo {
  id: string
  caseNumber: string
  subject: string
  status: string
  customer: string
}

export type RoomState = 'none' | 'open' | 'left' | 'closed'

/** One room as one screen shows it. Made reactive by the store. */
export class Conversation {
  name = ''
  about: CaseInfo | null = null
  state: RoomState = 'none'
  members: User[] = []
  /** The members were asked for; before, some may have been seen coming. */
  membersKnown = false
  messages: ChatMessage[] = []
  /** What was said in the room that this one took the place of. */
  past: readonly ChatMessage[] = []
  pending: Pending[] = []
  notices: Notice[] = []
  unread = 0
  /** Up to here we have read. */
  readSeq = 0
  /** Up to here somebody else has read. */
  seenSeq = 0
  /** Who is typing, and until when to believe it (milliseconds). */
  typing: Record<string, number> = {}
  draft = ''
  loading: '' | 'newest' | 'older' | 'missing' = ''
  /** Part of the history could not be had; the next try may. */
  incomplete = false
  loaded = false
  timeline = markRaw(new Timeline())

  constructor(
    readonly groupId: string,
    private readonly me: string,
  ) {}

  get last(): ChatMessage | undefined {
    return this.messages.at(-1)
  }

  get lastSeq(): number {
    return this.last?.seq ?? 0
  }

  /** The last that a person said; lines of the relay tell only who came and went. */
  get lastSaid(): ChatMessage | undefined {
    return this.messages.findLast((message) => !this.isLine(message))
  }

  get lastTime(): number {
    const said = Math.max(this.lastSaid?.time ?? 0, this.pending.at(-1)?.time ?? 0)
    return said || (this.last?.time ?? this.notices.at(-1)?.time ?? 0)
  }

  /** What is known does not tell what a person said last. */
  get isUnclear(): boolean {
    const { last, lastSaid } = this
    if (!last) return false
    return !lastSaid || (lastSaid === last && !last.name && !isAgent(last.from) && !this.membersKnown)
  }

  get hasOlder(): boolean {
    return this.messages.length > 0 && this.timeline.older !== undefined
  }

  /** True if it was not known. One of ours that was on its way has then arrived. */
  add(message: ChatMessage): boolean {
    const isNew = this.timeline.add(message)
    this.settle([message])
    return isNew
  }

  addPage(page: Page, before?: number): ChatMessage[] {
    const fresh = this.timeline.addPage(page, before)
    this.settle(page.messages)
    return fresh
  }

  /** The group was dismissed and made again under its id: its numbers begin at 1 again, and are other messages. */
  restart(): void {
    this.timeline = markRaw(new Timeline())
    Object.assign(this, { notices: [], readSeq: 0, seenSeq: 0, unread: 0, loaded: false, incomplete: false })
    this.membersKnown = false
    this.settle([])
  }

  /** One of these has the number of a message that is known, and is another. */
  contradicts(messages: ChatMessage[]): boolean {
    return messages.some(({ seq, from, time }) => {
      const known = this.timeline.messages[this.timeline.find(seq)]
      return known?.seq === seq && (known.from !== from || Math.abs(known.time - time) > 60)
    })
  }

  /** Messages without the claim that none is missing between them. */
  addRecent(messages: ChatMessage[]): void {
    messages.forEach((message) => this.timeline.add(message))
    this.settle(messages)
  }

  /** What others said after we last read or wrote. */
  countUnread(): number {
    const answered = this.messages.findLast(({ from }) => from === this.me)?.seq ?? 0
    const read = Math.max(this.readSeq, answered)
    return this.messages.filter((message) => message.seq > read && message.from !== this.me && !this.isLine(message))
      .length
  }

  /**
   * Nobody said it: it is a line of the relay, which speaks as an administrator of any name (TENCENT_ADMIN_ID). He is
   * never a member and has no name, where a customer has been seen here, or has the name that his ticket gave him.
   */
  isLine({ from, name }: ChatMessage): boolean {
    if (isSystem(from)) return true
    return this.membersKnown && !name && from !== this.me && !isAgent(from) && !this.wasHere(from)
  }

  recall(seq: number): void {
    this.timeline.recall(seq)
    this.settle([])
  }

  /** Tencent tells some things twice: to the room, and to the one concerned. */
  note(what: Notice['what'], users: User[], time: number, seq?: number): void {
    if (seq !== undefined) this.timeline.notice(seq)
    const last = this.notices.at(-1)
    const again = last?.what === what && time - last.time < 60
    if (again && users.every(({ userId }) => last.users.some((user) => user.userId === userId))) return
    this.notices.push({ what, users, time, after: Math.max(this.lastSeq, seq ?? 0) })
  }

  nameOf(userId: string): string {
    return this.members.find((member) => member.userId === userId)?.name || userId
  }

  private wasHere(userId: string): boolean {
    return [this.members, ...this.notices.map(({ users }) => users)].some((users) =>
      users.some((user) => user.userId === userId),
    )
  }

  private settle(arrived: ChatMessage[]): void {
    const randoms = new Set(arrived.filter(({ from }) => from === this.me).map(({ random }) => random))
    this.pending = this.pending.filter(({ random }) => !randoms.has(random))
    this.messages = markRaw(this.timeline.messages.slice())
  }
}
