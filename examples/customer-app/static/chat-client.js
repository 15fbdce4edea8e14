// The seam between this page and a chat service, the same as in lightning_component/web/src/chat/client.ts. A client has
//
//   on(listener)                  listener({type, ...}); returns a function that ends it
//   connect(login)                resolves when messages can be sent; login is the relay's `chat` object
//   renew(login)                  a fresh signature, before the old one expires or after
//   history(groupId, before)      {messages, complete}, ascending by seq
//   members(groupId)              [{userId, name}]
//   send(groupId, what, random)   what is {text} or {file}; {seq, time, elements}; the same random again is said once
//   typing(groupId)  close()
//
// and tells of {type: 'state', state: 'ready'|'reconnecting'|'offline'}, 'message' {groupId, message}, 'joined' and
// 'left' {groupId, users}, 'dismissed' {groupId}, 'typing' {groupId, userId}, 'recalled' {groupId, seq}, and 'kicked'
// {reason: 'expired'|'elsewhere'|'signedOut'}. A message is {seq, from, name, time, random, elements}; elements have Tencent's shape.

import { SocketChat } from './socket-chat.js'

/** With a socketUrl the sandbox's own chat, else Tencent's; docs/customers.md says how tencent-chat.js is made. */
export async function createChatClient(socketUrl) {
  if (socketUrl) return new SocketChat(socketUrl)
  const { TencentChatClient } = await import('./tencent-chat.js')
  return new TencentChatClient()
}

export class ChatError extends Error {
  constructor(code, info) {
    super(info)
    this.code = code
  }
}
