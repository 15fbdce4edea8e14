import { createApp, h } from 'vue'

import '../styles/base.css'

import type { ChatClient, ChatLogin, Page } from '../chat/client'
import type { SessionState } from '../chat/session'
import { SocketChatClient } from '../chat/socket'
import { TencentChatClient } from '../chat/tencent'
import CustomerChat from './CustomerChat.vue'

export { SocketChatClient, TencentChatClient }
export type { ChatClient, ChatLogin, Page, SessionState }

export interface CustomerChatOptions {
  /** `chat` of the answer to `/createticket`. */
  login: ChatLogin
  /** `GroupId` of that answer. */
  groupId: string
  /** Gets a fresh login when this one is about to end: your server asks the relay's `/usersig`. */
  renew: () => Promise<ChatLogin>
  history?: (groupId: string, before?: number) => Promise<Page>
  /** Without it: Tencent's SDK, or the sandbox's socket if the login names one. */
  createClient?: (login: ChatLogin) => ChatClient
  locales?: readonly string[]
  theme?: 'auto' | 'light' | 'dark'
  onState?: (state: SessionState) => void
  /** The Case was closed and the room is gone. */
  onEnded?: () => void
}

const clientFor = (login: ChatLogin): ChatClient => (login.socketUrl ? new SocketChatClient() : new TencentChatClient())

/** Puts the chat of one ticket into an element of your page. The element has a height; the chat fills it. */
export function mountCustomerChat(element: Element, options: CustomerChatOptions): { unmount(): void } {
  const app = createApp({
    render: () => h(CustomerChat, { createClient: clientFor, ...options }),
  })
  app.mount(element)
  return { unmount: () => app.unmount() }
}
