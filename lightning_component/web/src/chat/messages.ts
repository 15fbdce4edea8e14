import type { ChatMessage, Page } from './client'
import { readElements } from './elements'

/** A message from outside: the socket's, or the relay's `/history`. */
export function readMessage(value: unknown): ChatMessage | null {
  if (typeof value !== 'object' || value === null) return null
  const message = value as Record<string, unknown>
  if (!Number.isInteger(message.seq) || typeof message.from !== 'string') return null
  return {
    seq: message.seq as number,
    from: message.from,
    time: typeof message.time === 'number' ? message.time : 0,
    elements: readElements(message.elements),
    ...(typeof message.name === 'string' && message.name ? { name: message.name } : {}),
    ...(typeof message.random === 'number' ? { random: message.random } : {}),
    ...(message.recalled === true || message.erased === true ? { recalled: true } : {}),
  }
}

export function readPage(page: { messages?: unknown; complete?: unknown }): Page {
  const messages = Array.isArray(page.messages) ? page.messages.map(readMessage).filter((m) => m !== null) : []
  return { messages: messages.sort((a, b) => a.seq - b.seq), complete: page.complete === true }
}

/** So many messages has a page of the relay's `/history`, unless it has no more. */
const PAGE = 50

/** The relay's `complete` says that nothing is missing up to the last message; a short page, that it is the first. */
export function readHistory(answer: { messages?: unknown; complete?: unknown }): Page {
  const { messages, complete } = readPage(answer)
  const isShort = !Array.isArray(answer.messages) || answer.messages.length < PAGE
  return { messages, complete: complete && isShort, lacking: !complete }
}
