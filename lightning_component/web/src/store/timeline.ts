import type { ChatMessage, Page } from '../chat/client'

/** Numbers `from..to`, both included, of which everything is known. */
interface Range {
  from: number
  to: number
}

/**
 * The messages of one group in the order of their seq, each once, whichever way and however often they come.
 *
 * It also knows what it does not know: a live message says "this seq is here", a page of history says "from its
 * first message to where I asked, this is all". Numbers in between that nobody vouched for are a hole, to be fetched.
 * (A seq without a message is normal: Tencent numbers the notices of a group, too.) A group that was made again begins
 * with 1 once more, and what was said in it before has the numbers 0, -1, and so on: so no number is the first.
 */
export class Timeline {
  readonly messages: ChatMessage[] = []
  private ranges: Range[] = []

  get last(): ChatMessage | undefined {
    return this.messages.at(-1)
  }

  get lastSeq(): number {
    return this.ranges.at(-1)?.to ?? 0
  }

  /** True if it was not there before. */
  add(message: ChatMessage): boolean {
    this.cover(message.seq, message.seq)
    return this.insert(message)
  }

  /** This seq is known, though it is no message. */
  notice(seq: number): void {
    this.cover(seq, seq)
  }

  /** A page of history; `before` is what it was asked for, none for the newest page. Gives what is new. */
  addPage({ messages, complete }: Page, before?: number): ChatMessage[] {
    const first = complete ? -Infinity : messages[0]?.seq
    const last = before === undefined ? messages.at(-1)?.seq : before - 1
    if (first !== undefined && last !== undefined && first <= last) this.cover(first, last)
    return messages.filter((message) => this.insert(message))
  }

  /** Where to ask for what is missing between known messages: the newest hole ends before this seq. */
  get hole(): number | undefined {
    return this.ranges.length > 1 ? this.ranges.at(-1)?.from : undefined
  }

  /** Where to ask for what is older than everything that is known; none when there is nothing older. */
  get older(): number | undefined {
    const first = this.ranges[0]
    return first && first.from > -Infinity ? first.from : undefined
  }

  recall(seq: number): void {
    const at = this.find(seq)
    const message = this.messages[at]
    if (message?.seq === seq) this.messages[at] = { ...message, recalled: true, elements: [] }
  }

  find(seq: number): number {
    let low = 0
    let high = this.messages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.messages[middle]!.seq < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  private insert(message: ChatMessage): boolean {
    const at = this.find(message.seq)
    const known = this.messages[at]
    if (known?.seq !== message.seq) {
      this.messages.splice(at, 0, message)
      return true
    }
    if (!known.recalled) this.messages[at] = { ...known, ...message }
    return false
  }

  private cover(from: number, to: number): void {
    const apart = this.ranges.filter((range) => range.to < from - 1 || range.from > to + 1)
    const touching = this.ranges.filter((range) => !apart.includes(range))
    const joined = {
      from: Math.min(from, ...touching.map((range) => range.from)),
      to: Math.max(to, ...touching.map((range) => range.to)),
    }
    this.ranges = [...apart, joined].sort((a, b) => a.from - b.from)
  }
}
