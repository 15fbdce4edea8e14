import type { Element } from './elements'

/** What one needs to sign in: the relay's `chat` object. */
export interface ChatLogin {
  sdkAppId: number
  userId: string
  userSig: string
  /** Unix seconds */
  expiresAt: number
  /** Set by the local sandbox only: its socket instead of Tencent's. */
  socketUrl?: string
}

export interface ChatMessage {
  seq: number
  from: string
  name?: string
  /** Unix seconds */
  time: number
  /** Chosen by the sender; the same for all tries of one message. */
  random?: number
  elements: Element[]
  recalled?: boolean
}

export interface Page {
  /** Ascending by seq. */
  messages: ChatMessage[]
  /** Nothing older is to be had from this source. */
  complete: boolean
  /** The source says that messages are missing from it. */
  lacking?: boolean
}

export interface User {
  userId: string
  name: string
}

export interface Group {
  groupId: string
  name: string
  lastSeq: number
  /** The last that was said, as far as it costs nothing to know. */
  recent?: ChatMessage[]
  /** If the service counts it; else it is counted here. */
  unread?: number
}

export type Outgoing = { text: string } | { file: File }

export interface Sent {
  seq: number
  time: number
  elements: Element[]
}

export type ChatEvent =
  | { type: 'state'; state: 'ready' | 'reconnecting' | 'offline' }
  /** signedOut: by an administrator of the chat service; the signature is no longer good, either. */
  | { type: 'kicked'; reason: 'expired' | 'elsewhere' | 'signedOut' }
  | { type: 'message'; groupId: string; message: ChatMessage }
  | { type: 'joined'; groupId: string; name?: string; users: User[]; seq?: number }
  | { type: 'left'; groupId: string; users: User[]; by: 'quit' | 'kicked'; seq?: number }
  | { type: 'dismissed'; groupId: string }
  | { type: 'renamed'; groupId: string; name: string }
  | { type: 'recalled'; groupId: string; seq: number }
  | { type: 'typing'; groupId: string; userId: string }
  | { type: 'read'; groupId: string; userId: string; seq: number }

export interface Abilities {
  typing: boolean
  read: boolean
  recall: boolean
  /** The largest file in bytes. */
  file: number
  image: number
}

/** A chat service as the widgets know it. Requests reject with a ChatError. */
export interface ChatClient {
  readonly abilities: Abilities
  on(listener: (event: ChatEvent) => void): () => void
  /** Resolves when messages can be sent. */
  connect(login: ChatLogin): Promise<void>
  /** A fresh signature, before or after the old one has expired. */
  renew(login: ChatLogin): Promise<void>
  groups(): Promise<Group[]>
  members(groupId: string): Promise<User[]>
  /** What the service itself shows a member: nothing older than his joining. */
  history(groupId: string, before?: number): Promise<Page>
  /** Trying again with the same random says it once. */
  send(groupId: string, what: Outgoing, random: number, progress: (part: number) => void): Promise<Sent>
  recall(groupId: string, seq: number): Promise<void>
  typing(groupId: string): void
  read(groupId: string, seq: number): void
  close(): void
}

export class ChatError extends Error {
  constructor(
    readonly code: number,
    message: string,
    /** The same again may work. */
    readonly retryable: boolean,
  ) {
    super(message)
    this.name = 'ChatError'
  }
}

/** Tencent's numbers for a signature that is no longer good. */
const EXPIRED = new Set([6206, 70001, 70052, 20004])

export const isExpired = (error: unknown): boolean => error instanceof ChatError && EXPIRED.has(error.code)
/** 70xxx: the signature is refused whatever we do again with it. */
export const isRefused = (error: unknown): boolean =>
  error instanceof ChatError && error.code >= 70000 && error.code < 71000 && !isExpired(error)
