import { createApp, h } from 'vue'

import '../styles/base.css'

import type { ChatClient, ChatLogin, ChatMessage } from '../chat/client'
import { readHistory } from '../chat/messages'
import type { SessionState } from '../chat/session'
import { SocketChatClient } from '../chat/socket'
import { TencentChatClient } from '../chat/tencent'
import CustomerChat from './CustomerChat.vue'

export { SocketChatClient, TencentChatClient }
export type { ChatClient, ChatLogin, ChatMessage, SessionState }

export interface HistoryAnswer {
  messages: unknown[]
  complete: boolean
}

export interface CustomerChatOptions {
  /** `chat` of the answer to `/createticket`. */
  login: ChatLogin
  /** `GroupId` of that answer. */
  groupId: string
  /** Gets a fresh login when this one is about to end: your server asks the relay's `/usersig`. */
  renew: () => Promise<ChatLogin>
  /** The answer of the relay's `/history` as it is: without it, nothing is to be read once the group is gone. */
  history?: (groupId: string, before?: number) => Promise<HistoryAnswer>
  /** What it is about; else the group's name. */
  title?: string
  /** What was said in the group that was merged into this one. */
  past?: readonly ChatMessage[]
  /** Without it: Tencent's SDK, or the sandbox's socket if the login names one. */
  createClient?: (login: ChatLogin) => ChatClient
  locales?: readonly string[]
  theme?: 'auto' | 'light' | 'dark'
  onState?: (state: SessionState) => void
  /** The Case was closed, or merged into another: the ticket then leads to that one's group. */
  onEnded?: (said: readonly ChatMessage[]) => void
  /** Puts an arrow before the title. */
  onBack?: () => void
}

const clientFor = (login: ChatLogin): ChatClient => (login.socketUrl ? new SocketChatClient() : new TencentChatClient())

/** Puts the chat of one ticket into an element of your page. The element has a height; the chat fills it. */
export function mountCustomerChat(element: Element, options: CustomerChatOptions): { unmount(): void } {
  const { history: ask, ...rest } = options
  const history = ask && (async (groupId: string, before?: number) => readHistory(await ask(groupId, before)))
  const given = { createClient: clientFor, canGoBack: !!options.onBack, ...rest, ...(history ? { history } : {}) }
  const app = createApp({ render: () => h(CustomerChat, given) })
  app.mount(element)
  return { unmount: () => app.unmount() }
}
