import {
  ChatError,
  isExpired,
  isRefused,
  type ChatClient,
  type ChatEvent,
  type ChatLogin,
  type Group,
  type Outgoing,
  type Page,
  type Sent,
  type User,
} from './client'
import { textElement, type Element } from './elements'
import { Listeners } from './listeners'
import { readPage } from './messages'
import { Pauses } from './pauses'
import { readEvent, readGroups, readUsers } from './socket-frames'
import { SocketLine, type Frame } from './socket-line'
import { uploadFile } from './socket-upload'

const MEGABYTE = 1024 * 1024
const PREVIEWS_AT_ONCE = 6

/** The chat of the local sandbox, over its own WebSocket. */
export class SocketChatClient implements ChatClient {
  readonly abilities = { typing: true, read: true, recall: true, file: 8 * MEGABYTE, image: 8 * MEGABYTE }
  private readonly listeners = new Listeners()
  private readonly pauses = new Pauses()
  private login: ChatLogin | null = null
  private line: SocketLine | null = null
  private kicked = false

  on = (listener: (event: ChatEvent) => void): (() => void) => this.listeners.add(listener)

  async connect(login: ChatLogin): Promise<void> {
    this.login = login
    this.kicked = false
    await this.dial()
  }

  async renew(login: ChatLogin): Promise<void> {
    this.login = login
    if (this.kicked) return this.connect(login)
    if (this.line) await this.line.ask({ do: 'renew', userSig: login.userSig })
  }

  async groups(): Promise<Group[]> {
    const groups = readGroups(await this.ask({ do: 'groups' }))
    const rest = [...groups]
    const work = async () => {
      for (let group = rest.shift(); group; group = rest.shift()) await this.preview(group)
    }
    await Promise.all(Array.from({ length: PREVIEWS_AT_ONCE }, work))
    return groups
  }

  async members(groupId: string): Promise<User[]> {
    return readUsers((await this.ask({ do: 'members', groupId })).members)
  }

  async history(groupId: string, before?: number, limit = 20): Promise<Page> {
    return readPage(await this.ask({ do: 'history', groupId, limit, ...(before === undefined ? {} : { before }) }))
  }

  async send(groupId: string, what: Outgoing, random: number, progress: (part: number) => void): Promise<Sent> {
    const elements = 'text' in what ? [textElement(what.text)] : [await this.upload(what.file, progress)]
    const { seq, time } = await this.ask({ do: 'send', groupId, random, elements })
    return { seq: Number(seq), time: Number(time), elements }
  }

  async recall(groupId: string, seq: number): Promise<void> {
    await this.ask({ do: 'recall', groupId, seq })
  }

  typing = (groupId: string): void => this.line?.tell({ do: 'typing', groupId })
  read = (groupId: string, seq: number): void => this.line?.tell({ do: 'read', groupId, seq })

  close(): void {
    this.login = null
    this.pauses.stop()
    this.line?.close()
  }

  private async dial(): Promise<void> {
    const login = this.login
    if (!login?.socketUrl) throw new ChatError(0, 'the login names no socket', false)
    const line = await SocketLine.open(login.socketUrl, this.heard, (code) => this.lost(line, code))
    try {
      await line.ask({ do: 'login', sdkAppId: login.sdkAppId, userId: login.userId, userSig: login.userSig })
    } catch (error) {
      line.close()
      throw error
    }
    this.line = line
    this.pauses.reset()
    this.listeners.tell({ type: 'state', state: 'ready' })
  }

  private readonly heard = (frame: Frame): void => {
    const event = readEvent(frame)
    if (event?.type === 'kicked') this.kicked = true
    if (event) this.listeners.tell(event)
  }

  private lost(line: SocketLine, code: number): void {
    if (this.line !== line) return
    this.line = null
    if (code === 4401 || code === 4409) this.kicked = true
    if (this.login && !this.kicked) void this.redial()
  }

  private async redial(): Promise<void> {
    while (this.login && !this.line && !this.kicked) {
      this.listeners.tell({ type: 'state', state: isOffline() ? 'offline' : 'reconnecting' })
      await this.pauses.next()
      if (!this.login || this.line || this.kicked) return
      await this.dial().catch((error: unknown) => {
        if (isExpired(error) || isRefused(error)) this.heard({ event: 'kicked', reason: 'expired' })
      })
    }
  }

  private ask(frame: Frame): Promise<Frame> {
    if (!this.line) return Promise.reject(new ChatError(9, 'not connected', true))
    return this.line.ask(frame)
  }

  private async upload(file: File, progress: (part: number) => void): Promise<Element> {
    if (!this.line) throw new ChatError(9, 'not connected', true)
    return uploadFile(this.line, file, progress)
  }

  private async preview(group: Group): Promise<void> {
    const page = await this.history(group.groupId).catch(() => null)
    if (page) group.recent = page.messages
  }
}

const isOffline = (): boolean => typeof navigator !== 'undefined' && navigator.onLine === false
