// The real component of the utility bar, in a page of its own because Aura evaluates scripts.

import { h } from './dom.js'

export class BuiltChat {
  #frame
  #heard

  constructor(box, { agentId, openCase, onBar }) {
    this.#frame = h('iframe', { src: `/utility?agent=${agentId}`, title: 'Customer chat' })
    this.#heard = ({ origin, data }) => {
      if (origin !== location.origin || data?.utility !== agentId) return
      if (data.recordId) openCase(data.recordId)
      else onBar(data)
    }
    window.addEventListener('message', this.#heard)
    box.replaceChildren(this.#frame)
  }

  learn() {}

  visible(isOpen) {
    this.#frame.contentWindow?.postMessage({ isOpen }, location.origin)
  }

  stop() {
    window.removeEventListener('message', this.#heard)
  }
}
