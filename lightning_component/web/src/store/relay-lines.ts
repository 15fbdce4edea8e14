import { en, type Key } from '../i18n/en'
import type { Translate } from '../i18n'

/**
 * The relay writes its lines into the room as text, so that every client shows them. Those that it writes unless it is
 * told others (RELAY_JOINED_LINE and its like) are known here, in the history as well as live, and told in the language
 * of who reads. What an operator worded himself stays as he did.
 */
const KNOWN: readonly Key[] = ['lineJoined', 'lineLeft', 'lineClosed']
const PATTERNS = KNOWN.map((key) => [key, pattern(en[key])] as const)

export function relayLine(text: string, t: Translate): string {
  for (const [key, known] of PATTERNS) {
    const match = known.exec(text)
    if (match) return t(key, { name: match[1] ?? '' })
  }
  return text
}

function pattern(sentence: string): RegExp {
  const parts = sentence.split('{name}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('(.+)')}$`, 's')
}
