import { readFromAura, type FromAura, type ToAura } from './protocol'

/** What the platform puts into a framed page. Without it there is nobody to talk to. */
interface OnlineSupport {
  sendMessage(name: 'containerUserMessage', data: { payload: ToAura }): void
  addMessageHandler(handler: (message: unknown) => void): void
  removeMessageHandler(handler: (message: unknown) => void): void
  addErrorHandler(handler: (error: unknown) => void): void
}

declare global {
  var LCC: { onlineSupport?: OnlineSupport } | undefined
}

export interface Bridge {
  send(message: ToAura): void
  on(handler: (message: FromAura) => void): () => void
}

/** The way to the Aura component; null when this page was not opened by lightning:container. */
export function openBridge(): Bridge | null {
  const support = globalThis.LCC?.onlineSupport
  if (!support) return null
  support.addErrorHandler((error) => console.error('lightning:container', error))
  return {
    send: (payload) => support.sendMessage('containerUserMessage', { payload }),
    on(handler) {
      const checked = (value: unknown) => {
        const message = readFromAura(value)
        if (message) handler(message)
      }
      support.addMessageHandler(checked)
      return () => support.removeMessageHandler(checked)
    },
  }
}
