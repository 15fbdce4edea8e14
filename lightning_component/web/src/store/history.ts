import type { ChatClient, Page } from '../chat/client'
import type { Conversation } from './conversation'

/** The whole history of a room, also from before one came in; the customer's side may not have it. */
export type WholeHistory = (groupId: string, before?: number) => Promise<Page>

/** Fills conversations from the chat itself and, where there is one, from the whole history. */
export class History {
  constructor(
    private readonly client: ChatClient,
    private readonly whole: WholeHistory | null,
  ) {}

  /** The newest page; what is then missing between it and what is known comes after it, as always. */
  newest = (room: Conversation): Promise<void> =>
    this.once(room, 'newest', async () => {
      await this.page(room)
      room.loaded = true
    })

  /** One more page at the upper end. */
  older = (room: Conversation): Promise<void> =>
    this.once(room, 'older', async () => {
      if (room.timeline.older !== undefined) await this.page(room, room.timeline.older)
    })

  /** What a live message has shown to be missing. */
  missing = (room: Conversation): Promise<void> =>
    room.timeline.hole === undefined ? Promise.resolve() : this.once(room, 'missing', () => this.fill(room))

  private async once(room: Conversation, what: Conversation['loading'], work: () => Promise<void>): Promise<void> {
    if (room.loading) return
    room.loading = what
    try {
      await work()
    } finally {
      room.loading = ''
    }
    if (room.loaded && !room.incomplete && room.timeline.hole !== undefined) await this.missing(room)
  }

  private async fill(room: Conversation): Promise<void> {
    for (let hole = room.timeline.hole; hole !== undefined;) {
      await this.page(room, hole)
      const next = room.timeline.hole
      if (next === hole) {
        room.incomplete = true
        return
      }
      hole = next
    }
  }

  /**
   * One page from both sources: the newest messages may not have reached the whole history yet, and the chat shows an
   * agent nothing from before he came in.
   */
  private async page(room: Conversation, before?: number): Promise<void> {
    const { timeline } = room
    const [whole, own] = await Promise.allSettled([
      this.whole ? this.whole(room.groupId, before) : Promise.reject(new Error('there is none')),
      room.state === 'open' ? this.own(room.groupId, before) : Promise.reject(new Error('not in the room')),
    ])
    // the group was made again meanwhile, and these numbers are the old ones
    if (room.timeline !== timeline) return this.page(room)
    if (own.status === 'fulfilled') {
      room.addPage({ ...own.value, complete: own.value.complete && !this.whole }, before)
    }
    if (whole.status === 'fulfilled') room.addPage(whole.value, before)
    if (this.whole) room.incomplete = whole.status === 'rejected' || whole.value.lacking === true
    else room.incomplete = own.status === 'rejected'
  }

  /** Numbers below 1 are of the time before the group was made again; of that the chat knows nothing. */
  private own(groupId: string, before?: number): Promise<Page> {
    if (before !== undefined && before <= 1) return Promise.resolve({ messages: [], complete: true })
    return this.client.history(groupId, before)
  }
}
