import type { ChatEvent, Group, User } from './client'
import { readMessage } from './messages'
import type { Frame } from './socket-line'

const KICKED = ['elsewhere', 'signedOut'] as const

/** What the socket sent, as our types; null for what we do not know. */
export function readEvent(frame: Frame): ChatEvent | null {
  const groupId = text(frame.groupId)
  switch (frame.event) {
    case 'message': {
      const message = readMessage(frame.message)
      return message && { type: 'message', groupId, message }
    }
    case 'joined':
      return {
        type: 'joined',
        groupId,
        ...optional('name', frame.name),
        users: readUsers(frame.users),
        ...seqOf(frame),
      }
    case 'left':
      return {
        type: 'left',
        groupId,
        users: readUsers(frame.users),
        by: frame.by === 'kicked' ? 'kicked' : 'quit',
        ...seqOf(frame),
      }
    case 'dismissed':
      return { type: 'dismissed', groupId }
    case 'renamed':
      return { type: 'renamed', groupId, name: text(frame.name) }
    case 'recalled':
      return { type: 'recalled', groupId, seq: Number(frame.seq) }
    case 'typing':
      return { type: 'typing', groupId, userId: text(frame.userId) }
    case 'read':
      return { type: 'read', groupId, userId: text(frame.userId), seq: Number(frame.seq) }
    case 'kicked':
      return { type: 'kicked', reason: KICKED.find((reason) => reason === frame.reason) ?? 'expired' }
    default:
      return null
  }
}

export function readGroups(frame: Frame): Group[] {
  return list(frame.groups).map((group) => ({
    groupId: text(group.groupId),
    name: text(group.name),
    lastSeq: Number(group.lastSeq) || 0,
  }))
}

export const readUsers = (value: unknown): User[] =>
  list(value).map((user) => ({ userId: text(user.userId), name: text(user.name) }))

const list = (value: unknown): Frame[] => (Array.isArray(value) ? (value as Frame[]) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const seqOf = ({ seq }: Frame) => (typeof seq === 'number' ? { seq } : {})
const optional = (name: 'name', value: unknown) => (typeof value === 'string' && value ? { [name]: value } : {})
