// The conversation in plain JavaScript, without anything to build: the same as component-chat.js, with fewer comforts.

import { createChatClient } from './chat-client.js'
import { showConversation } from './chat-view.js'
import { Conversation } from './conversation.js'

export async function openPlain(page, shop, ticket, { GroupId, chat }, { past, onBack, onEnded }) {
  const client = await createChatClient(shop.chatSocketUrl)
  const view = showConversation(page, {
    title: ticket.caseInfo.subject, user: shop.user, onBack,
    draft: shop.tickets.unsent(ticket), onDraft: (text) => shop.tickets.keepUnsent(ticket, text),
  })
  const talked = new Conversation({
    relay: shop.relay, client, user: shop.user, groupId: GroupId, past,
    changed: () => view.show(talked),
    ended: () => onEnded([...talked.lines.filter(isKept), goesOn]),
  })
  view.show(talked)
  return { stop: () => talked.stop(), connected: talked.start(chat) }
}

/** Above what follows, if the Case was merged into another one. */
const isKept = ({ kind, text }) => kind === 'message' || (kind === 'note' && !text.endsWith('has ended'))
const goesOn = { kind: 'note', text: 'This goes on in another conversation, which is open now' }
