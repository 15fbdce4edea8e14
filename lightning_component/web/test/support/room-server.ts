import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { WebSocketServer, type WebSocket } from 'ws'

import type { ChatMessage } from '../../src/chat/client'
import { textElement } from '../../src/chat/elements'

type Frame = Record<string, any>

interface Room {
  name: string
  members: Map<string, { name: string; joinedAt: number }>
  messages: ChatMessage[]
  lastSeq: number
}

/**
 * A chat room over the sandbox's socket protocol: what a client may see and do, for tests of the widget and for looking
 * at it. `lose` drops events on their way, `mute` leaves a request without an answer after it was done.
 */
export class RoomServer {
  readonly rooms = new Map<string, Room>()
  readonly asked: Frame[] = []
  lose = false
  mute: string | null = null
  refuse: Frame | null = null
  expired = new Set<string>()
  private readonly users = new Map<WebSocket, string>()
  private readonly files = new Map<string, { type: string; bytes: Buffer }>()
  private readonly server: WebSocketServer

  private constructor(private readonly http: Server) {
    http.on('request', ({ url = '' }, response) => {
      const file = this.files.get(url)
      response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.bytes)
    })
    this.server = new WebSocketServer({ server: http, maxPayload: 32 * 1024 * 1024 })
    this.server.on('connection', (socket) => {
      socket.on('message', (data) => this.hear(socket, JSON.parse(String(data))))
      socket.on('close', () => this.users.delete(socket))
    })
  }

  static start(port = 0): Promise<RoomServer> {
    return new Promise((resolve) => {
      const server = createServer()
      server.listen(port, '127.0.0.1', () => resolve(new RoomServer(server)))
    })
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/chat`
  }

  login(userId: string, ttl = 86_400) {
    const expiresAt = Math.floor(Date.now() / 1000) + ttl
    return { sdkAppId: 1400000000, userId, userSig: `sig-${userId}-${expiresAt}`, expiresAt, socketUrl: this.url }
  }

  open(groupId: string, name: string, users: Record<string, string>): Room {
    const room: Room = { name, members: new Map(), messages: [], lastSeq: 0 }
    this.rooms.set(groupId, room)
    for (const [userId, nick] of Object.entries(users)) room.members.set(userId, { name: nick, joinedAt: 0 })
    return room
  }

  say(groupId: string, from: string, text: string, more: Partial<ChatMessage> = {}): ChatMessage {
    const room = this.rooms.get(groupId)!
    const name = room.members.get(from)?.name
    return this.post(room, groupId, { from, ...(name ? { name } : {}), elements: [textElement(text)], ...more })
  }

  join(groupId: string, userId: string, name: string): void {
    const room = this.rooms.get(groupId)!
    room.members.set(userId, { name, joinedAt: room.lastSeq })
    this.tell(groupId, { event: 'joined', groupId, name: room.name, users: [{ userId, name }] })
  }

  leave(groupId: string, userId: string): void {
    const room = this.rooms.get(groupId)!
    this.tell(groupId, { event: 'left', groupId, users: [{ userId, name: '' }], by: 'kicked' })
    room.members.delete(userId)
  }

  dismiss(groupId: string): void {
    this.tell(groupId, { event: 'dismissed', groupId })
    this.rooms.delete(groupId)
  }

  tell(groupId: string, event: Frame, but?: WebSocket): void {
    const members = this.rooms.get(groupId)?.members
    for (const [socket, userId] of this.users) {
      if (!this.lose && socket !== but && members?.has(userId)) socket.send(JSON.stringify(event))
    }
  }

  cut(): void {
    for (const socket of this.server.clients) socket.terminate()
  }

  kick(reason: 'expired' | 'elsewhere'): void {
    for (const socket of this.users.keys()) {
      socket.send(JSON.stringify({ event: 'kicked', reason }))
      socket.close(reason === 'expired' ? 4401 : 4409)
    }
  }

  stop(): Promise<void> {
    this.cut()
    this.server.close()
    return new Promise((resolve) => {
      this.http.close(() => resolve())
      this.http.closeAllConnections()
    })
  }

  private hear(socket: WebSocket, frame: Frame): void {
    this.asked.push(frame)
    if (this.refuse && this.refuse.do === frame.do) {
      return socket.send(JSON.stringify({ ref: frame.ref, ok: false, ...this.refuse.with }))
    }
    try {
      const answer = this.answer(socket, frame)
      if (frame.ref === undefined || this.mute === frame.do) return
      socket.send(JSON.stringify({ ref: frame.ref, ok: true, ...answer }))
    } catch (error) {
      socket.send(JSON.stringify({ ref: frame.ref, ok: false, ...(error as Frame) }))
    }
  }

  private answer(socket: WebSocket, frame: Frame): Frame {
    if (frame.do === 'login') return this.signIn(socket, frame)
    const me = this.users.get(socket)
    if (!me) throw { code: 6014, info: 'not logged in' }
    if (frame.do === 'renew') return { expiresAt: Number(frame.userSig.split('-').at(-1)) }
    if (frame.do === 'groups') return { groups: this.groupsOf(me) }
    if (frame.do === 'upload') return this.upload(frame)
    const room = this.rooms.get(frame.groupId)
    const member = room?.members.get(me)
    if (!room) throw { code: 10010, info: 'no such group' }
    if (!member) throw { code: 10007, info: 'not a member' }
    if (frame.do === 'members') {
      return { members: [...room.members].map(([userId, { name }]) => ({ userId, name })) }
    }
    if (frame.do === 'history') return this.history(room, member.joinedAt, frame)
    if (frame.do === 'send') return this.send(room, me, socket, frame)
    if (frame.do === 'recall') this.tell(frame.groupId, { event: 'recalled', groupId: frame.groupId, seq: frame.seq })
    if (frame.do === 'typing') this.tell(frame.groupId, { event: 'typing', groupId: frame.groupId, userId: me }, socket)
    if (frame.do === 'read') {
      this.tell(frame.groupId, { event: 'read', groupId: frame.groupId, userId: me, seq: frame.seq }, socket)
    }
    return {}
  }

  private signIn(socket: WebSocket, { userId, userSig }: Frame): Frame {
    const [kind, who, expires] = String(userSig).split('-')
    if (kind !== 'sig' || who !== userId) throw { code: 70009, info: 'not our signature' }
    if (this.expired.has(userSig)) throw { code: 70001, info: 'the signature has expired' }
    this.users.set(socket, userId)
    return { expiresAt: Number(expires) }
  }

  private groupsOf(me: string): Frame[] {
    return [...this.rooms]
      .filter(([, room]) => room.members.has(me))
      .map(([groupId, { name, lastSeq, members }]) => ({
        groupId,
        name,
        lastSeq,
        members: members.size,
        joinedAt: members.get(me)!.joinedAt,
      }))
  }

  private history(room: Room, since: number, { before, limit = 20 }: Frame): Frame {
    const seen = room.messages.filter(({ seq }) => seq > since && (before === undefined || seq < before))
    return { messages: seen.slice(-limit), complete: seen.length <= limit }
  }

  private send(room: Room, from: string, socket: WebSocket, { groupId, random, elements }: Frame): Frame {
    const said = room.messages.find((one) => one.from === from && one.random === random)
    const name = room.members.get(from)!.name
    const { seq, time } = said ?? this.post(room, groupId, { from, name, random, elements }, socket)
    return { seq, time }
  }

  private post(room: Room, groupId: string, message: Omit<ChatMessage, 'seq' | 'time'>, but?: WebSocket): ChatMessage {
    const posted = { seq: ++room.lastSeq, time: Math.floor(Date.now() / 1000), ...message }
    room.messages.push(posted)
    this.tell(groupId, { event: 'message', groupId, message: posted }, but)
    return posted
  }

  private upload({ name, type, data }: Frame): Frame {
    const bytes = Buffer.from(data, 'base64')
    const uuid = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
    const path = `/files/${uuid}/${encodeURIComponent(name)}`
    this.files.set(path, { type, bytes })
    return { url: `http://127.0.0.1:${this.port}${path}`, uuid, size: bytes.length }
  }
}
