import type { ChatMessage } from '../chat/client'
import type { Translate } from '../i18n'
import type { Conversation } from './conversation'
import { isAgent } from './people'
import { relayLine } from './relay-lines'
import { inWords, plainText } from './words'

export type Filter = 'all' | 'unread' | 'waiting'

/** The customer has said something and no agent has answered. */
export function isWaiting(room: Conversation): boolean {
  const last = room.lastSaid
  return room.state === 'open' && !!last && !last.recalled && !isAgent(last.from) && !room.pending.length
}

/** Since when, in Unix seconds: the first message after the last answer. */
export function waitingSince(room: Conversation): number {
  let since = 0
  for (let at = room.messages.length - 1; at >= 0; at--) {
    const message = room.messages[at]!
    if (isAgent(message.from)) break
    if (!room.isLine(message)) since = message.time
  }
  return since
}

/** Rooms one can write in first, then the most recent. */
export function sorted(rooms: Conversation[]): Conversation[] {
  const rank = (room: Conversation) => (room.state === 'open' ? 0 : room.state === 'none' ? 1 : 2)
  return [...rooms].sort((a, b) => rank(a) - rank(b) || b.lastTime - a.lastTime || (a.groupId < b.groupId ? 1 : -1))
}

/** In the order given; those who wait are listed by how long. */
export function filtered(rooms: Conversation[], filter: Filter, search: string): Conversation[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = rooms.filter((room) => {
    if (filter === 'unread' && !room.unread) return false
    if (filter === 'waiting' && !isWaiting(room)) return false
    const text = haystack(room)
    return words.every((word) => text.includes(word))
  })
  return filter === 'waiting' ? found.sort((a, b) => waitingSince(a) - waitingSince(b)) : found
}

function haystack({ about, name, members, messages }: Conversation): string {
  const case_ = about ? [about.caseNumber, about.subject, about.customer, about.status] : []
  const said = messages.map(({ elements }) => plainText(elements))
  return [...case_, name, ...members.map((member) => member.name), ...said].join('\n').toLowerCase()
}

export const titleOf = (room: Conversation): string => room.about?.subject || room.name || room.groupId

/** What the live region says of a message: who said it, if anybody did, and where, if that is not what one looks at. */
export function spokenWords(room: Conversation, message: ChatMessage, isOpen: boolean, t: Translate): string {
  const isLine = room.isLine(message)
  const who = isLine ? [] : [message.name ?? room.nameOf(message.from)]
  const from = [...who, ...(isOpen ? [] : [titleOf(room)])].join(', ')
  const words = inWords(message.elements, t)
  return `${from && `${from}: `}${isLine ? relayLine(words, t) : words}`
}
