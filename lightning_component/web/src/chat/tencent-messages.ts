import type { Message } from '@tencentcloud/chat'

import type { ChatEvent, ChatMessage, Group, User } from './client'
import { address, readElements, type Element } from './elements'

/** What the SDK's messages have and its types do not say. */
export type SdkMessage = Message & { sequence: number; random: number }

type Fields = Record<string, any>

const TIP = 'TIMGroupTipElem'
const NOTICE = 'TIMGroupSystemNoticeElem'
/** operationType of a tip (who came and went) and of a notice (what happened to us). */
const TIP_JOINED = 1
const TIP_QUIT = 2
const TIP_KICKED = 3
const TIP_PROFILE = 6
const NOTICE_KICKED = 4
const NOTICE_DISMISSED = 5
const NOTICE_INVITED = 7

export const isSaid = ({ type }: Pick<Message, 'type'>): boolean => ![TIP, NOTICE].includes(String(type))

export function readSdkMessage(message: SdkMessage, random?: number): ChatMessage {
  return {
    seq: message.sequence,
    from: message.from,
    time: message.time,
    elements: message.isRevoked ? [] : [readPayload(String(message.type), message.payload)],
    ...(message.nameCard || message.nick ? { name: message.nameCard || message.nick } : {}),
    ...(random === undefined ? {} : { random }),
    ...(message.isRevoked ? { recalled: true } : {}),
  }
}

/** The SDK has names of its own for the fields of an element. */
export function readPayload(MsgType: string, payload: Fields = {}): Element {
  return readElements([{ MsgType, MsgContent: content(MsgType, payload) }])[0]!
}

function content(type: string, payload: Fields): Fields {
  switch (type) {
    case 'TIMTextElem':
      return { Text: payload.text }
    case 'TIMFaceElem':
      return { Index: payload.index, Data: payload.data }
    case 'TIMImageElem':
      return { UUID: payload.uuid, ImageFormat: payload.imageFormat, ImageInfoArray: images(payload.imageInfoArray) }
    case 'TIMFileElem':
      return { Url: payload.fileUrl, UUID: payload.uuid, FileSize: payload.fileSize, FileName: payload.fileName }
    case 'TIMSoundElem':
      return { Url: payload.url, Second: payload.second }
    case 'TIMVideoFileElem':
      return { VideoUrl: payload.videoUrl, VideoSecond: payload.videoSecond }
    case 'TIMCustomElem':
      return { Data: payload.data, Desc: payload.description }
    default:
      return {}
  }
}

/** The widest is the original, the narrowest the thumbnail. */
function images(array: Fields[] = []): Fields[] {
  return [...array]
    .sort((a, b) => b.width - a.width)
    .map((one, at) => ({ Type: at + 1, Size: one.size, Width: one.width, Height: one.height, URL: address(one.url) }))
}

/** What happened, told by a tip in the room or by a notice to us. */
export function readSdkEvent(message: SdkMessage, me: string): ChatEvent | null {
  const payload = message.payload as Fields
  const groupId: string = payload.groupProfile?.groupID ?? message.to
  return String(message.type) === TIP ? tip(payload, groupId, message.sequence) : notice(payload, groupId, me)
}

function tip(payload: Fields, groupId: string, seq: number): ChatEvent | null {
  const users = usersOf(payload)
  switch (payload.operationType) {
    case TIP_JOINED:
      return { type: 'joined', groupId, users, seq }
    case TIP_QUIT:
      return { type: 'left', groupId, users, by: 'quit', seq }
    case TIP_KICKED:
      return { type: 'left', groupId, users, by: 'kicked', seq }
    case TIP_PROFILE:
      return payload.newGroupProfile?.groupName
        ? { type: 'renamed', groupId, name: payload.newGroupProfile.groupName }
        : null
    default:
      return null
  }
}

function notice(payload: Fields, groupId: string, me: string): ChatEvent | null {
  const users = [{ userId: me, name: '' }]
  if (payload.operationType === NOTICE_DISMISSED) return { type: 'dismissed', groupId }
  if (payload.operationType === NOTICE_KICKED) return { type: 'left', groupId, users, by: 'kicked' }
  if (payload.operationType === NOTICE_INVITED) {
    return { type: 'joined', groupId, name: payload.groupProfile?.name ?? '', users }
  }
  return null
}

function usersOf(payload: Fields): User[] {
  const known: Fields[] = payload.memberList ?? []
  const ids: string[] = payload.userIDList ?? (payload.operatorID ? [payload.operatorID] : [])
  return ids.map((userId) => {
    const user = known.find(({ userID }) => userID === userId)
    return { userId, name: user?.nameCard || user?.nick || '' }
  })
}

/** A group from the list of groups, with what the list of conversations knows of it. */
export function readGroup(group: Fields, conversation?: Fields): Group {
  const last: Fields = conversation?.lastMessage ?? group.lastMessage ?? {}
  const seq = Number(last.lastSequence) || 0
  const said = seq > 0 && last.payload && isSaid({ type: last.type })
  return {
    groupId: group.groupID,
    name: group.name ?? '',
    lastSeq: Math.max(seq, (Number(group.nextMessageSeq) || 0) - 1, 0),
    ...(conversation ? { unread: Number(conversation.unreadCount) || 0 } : {}),
    ...(said ? { recent: [readLast(last, seq)] } : {}),
  }
}

const readLast = (last: Fields, seq: number): ChatMessage => ({
  seq,
  from: last.fromAccount ?? '',
  time: Number(last.lastTime) || 0,
  elements: last.isRevoked ? [] : [readPayload(last.type, last.payload)],
  ...(last.nick ? { name: last.nick } : {}),
  ...(last.isRevoked ? { recalled: true } : {}),
})
