// The conversation by the component that lightning_component/web builds (dist/customer): with typing signs, what was seen,
// pictures, emoji, search, and the customer's own language. This is all that a page of yours needs to use it.

import { h } from './elements.js'

/** answer: the relay's to /createticket or /tickets/…; onEnded is told what was said, for the conversation that follows. */
export async function openComponent(page, shop, ticket, { GroupId, chat }, { past, onBack, onEnded }) {
  const [{ mountCustomerChat }] = await Promise.all([import(`${shop.componentUrl}/customer-chat.js`), styled(shop)])
  // Only the sandbox has a socket of its own; Tencent's SDK knows where to go.
  const withSocket = (login) => (shop.chatSocketUrl ? { ...login, socketUrl: shop.chatSocketUrl } : login)
  const place = h('div', { class: 'component' })
  page.replaceChildren(place)
  const { unmount } = mountCustomerChat(place, {
    login: withSocket(chat),
    groupId: GroupId,
    title: ticket.caseInfo.subject,
    past,
    renew: async () => withSocket(await shop.relay.userSig(shop.user.id)),
    history: (groupId, before) => shop.relay.history(groupId, before),
    onBack,
    onEnded,
  })
  return { stop: unmount }
}

/** Its style sheet is there before it is drawn. */
function styled({ componentUrl }) {
  const href = `${componentUrl}/customer-chat.css`
  if (document.querySelector(`link[href="${href}"]`)) return undefined
  const link = h('link', { rel: 'stylesheet', href })
  document.head.append(link)
  return new Promise((done) => (link.onload = link.onerror = done))
}
