import type { ChatMessage } from '../chat/client'
import { en } from '../i18n/en'
import type { Conversation, Notice, Pending } from './conversation'
import { plainText } from './words'

/** What one sees from top to bottom. `first` and `last`: of what the same person said without a pause. */
export type Line =
  | { kind: 'day'; key: string; time: number }
  | { kind: 'notice'; key: string; notice: Notice }
  | { kind: 'line'; key: string; seq: number; text: string; time: number }
  | { kind: 'message'; key: string; message: ChatMessage; mine: boolean; first: boolean; last: boolean }
  | { kind: 'pending'; key: string; pending: Pending }

const PAUSE = 5 * 60
/** The relay says a little later who has come. */
const TOLD_WITHIN = 120

export function linesOf(room: Conversation, me: string): Line[] {
  const lines: Line[] = []
  let day = ''
  let said: Extract<Line, { kind: 'message' }> | null = null
  let shown = 0
  const told = room.messages.filter((message) => !message.recalled && room.isLine(message))

  const isClosedTold = plainText(told.at(-1)?.elements ?? []) === en.lineClosed

  const onDay = (time: number) => {
    const today = new Date(time * 1000).toDateString()
    if (today === day) return
    day = today
    said = null
    lines.push({ kind: 'day', key: `d${time}-${lines.length}`, time })
  }
  /** The relay says the same in the room, for those who come later, too. */
  const isTold = ({ what, users, time }: Notice) =>
    (what === 'closed' && isClosedTold) ||
    users.some(({ userId, name }) => {
      const who = name || room.nameOf(userId)
      return told.some((one) => Math.abs(one.time - time) < TOLD_WITHIN && plainText(one.elements).includes(who))
    })
  const noticesUpTo = (seq: number) => {
    for (let notice = room.notices[shown]; notice && notice.after < seq; notice = room.notices[++shown]) {
      if (isTold(notice)) continue
      onDay(notice.time)
      said = null
      lines.push({ kind: 'notice', key: `n${shown}`, notice })
    }
  }
  const say = (message: ChatMessage, prefix = '') => {
    onDay(message.time)
    if (!message.recalled && room.isLine(message)) {
      said = null
      const { seq, time } = message
      lines.push({ kind: 'line', key: `${prefix}m${seq}`, seq, text: plainText(message.elements), time })
      return
    }
    const first: boolean = !said || said.message.from !== message.from || message.time - said.message.time > PAUSE
    if (said && !first) said.last = false
    const key = prefix + keyOf(message, me)
    said = { kind: 'message', key, message, mine: message.from === me, first, last: true }
    lines.push(said)
  }
  const past = room.past.filter((one) => !room.messages.some((other) => isSame(one, other)))
  for (const message of past) say(message, 'p')
  if (past.length > 0) {
    const notice: Notice = { what: 'moved', users: [], time: past.at(-1)!.time, after: 0 }
    lines.push({ kind: 'notice', key: 'moved', notice })
    said = null
  }
  for (const message of room.messages) {
    noticesUpTo(message.seq)
    say(message)
  }
  noticesUpTo(Infinity)
  for (const pending of room.pending) lines.push({ kind: 'pending', key: `r${pending.random}`, pending })
  return lines
}

/** A message of ours keeps its key when it arrives, so that nothing jumps. */
const keyOf = ({ from, random, seq }: ChatMessage, me: string) =>
  from === me && random !== undefined ? `r${random}` : `m${seq}`

const isSame = (a: ChatMessage, b: ChatMessage) => a.from === b.from && a.time === b.time
