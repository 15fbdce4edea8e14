import { ChatError, type ChatClient, type Outgoing } from '../chat/client'
import { textElement, type Element } from '../chat/elements'
import type { Conversation, Pending } from './conversation'

/** Tencent knows a random again for five minutes; after that, trying again might say it twice. */
const AGAIN_FOR = 4 * 60

/** Sends; a message that could not go stands there until it went or was thrown away. */
export class Outbox {
  constructor(
    private readonly client: ChatClient,
    private readonly me: string,
    private readonly now: () => number,
  ) {}

  async send(room: Conversation, what: Outgoing): Promise<void> {
    const random = Math.floor(Math.random() * 0x7fffffff)
    const pending: Pending = {
      random,
      what,
      elements: [preview(what)],
      time: this.now(),
      state: 'sending',
      part: 0,
      error: '',
    }
    room.pending = [...room.pending, pending]
    await this.attempt(room, random)
  }

  async retry(room: Conversation, random: number): Promise<void> {
    const pending = find(room, random)
    if (pending && pending.state !== 'sending') await this.attempt(room, random)
  }

  discard(room: Conversation, random: number): void {
    room.pending = room.pending.filter((pending) => pending.random !== random)
  }

  /** The connection is back: what waited for it goes now, in its order. */
  async flush(room: Conversation): Promise<void> {
    for (const { random, time } of room.pending.filter(({ state }) => state === 'waiting')) {
      const pending = find(room, random)
      if (!pending) continue
      if (this.now() - time > AGAIN_FOR) pending.state = 'failed'
      else await this.attempt(room, random)
    }
  }

  private async attempt(room: Conversation, random: number): Promise<void> {
    const pending = find(room, random)
    if (!pending) return
    pending.state = 'sending'
    pending.error = ''
    try {
      const sent = await this.client.send(room.groupId, pending.what, random, (part) => (pending.part = part))
      room.add({ ...sent, from: this.me, random })
      room.readSeq = Math.max(room.readSeq, sent.seq)
    } catch (error) {
      pending.state = error instanceof ChatError && error.retryable ? 'waiting' : 'failed'
      pending.error = error instanceof Error ? error.message : String(error)
    }
  }
}

const find = (room: Conversation, random: number) => room.pending.find((pending) => pending.random === random)

/** What a message on its way looks like; a picture is shown from the disk. */
function preview(what: Outgoing): Element {
  if ('text' in what) return textElement(what.text)
  const { file } = what
  const url = typeof URL.createObjectURL === 'function' ? URL.createObjectURL(file) : ''
  if (!file.type.startsWith('image/')) {
    return { MsgType: 'TIMFileElem', MsgContent: { Url: '', UUID: '', FileSize: file.size, FileName: file.name } }
  }
  const images = [{ Type: 1, Size: file.size, Width: 0, Height: 0, URL: url }]
  return { MsgType: 'TIMImageElem', MsgContent: { UUID: '', ImageFormat: 255, ImageInfoArray: images } }
}
