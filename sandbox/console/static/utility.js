// The utility bar: Omni-Channel's offers, and the chat of whoever is the agent.

import { h, icon, post } from './dom.js'
import { BuiltChat } from './built-chat.js'
import { PlainChat } from './plain-chat.js'

export class Utility {
  #box
  #openCase
  #agentId
  #chat
  #isOpen = true
  #label = null
  #isHighlighted = false
  #panel = h('div', { class: 'panel' })
  #bar = h('div', { class: 'bar' })
  #offers = h('div', { class: 'offers' })

  constructor(box, { openCase }) {
    this.#box = box
    this.#openCase = openCase
    box.replaceChildren(this.#offers, this.#panel, this.#bar)
  }

  show(state, agentId) {
    if (agentId && agentId !== this.#agentId) {
      this.#agentId = agentId
      this.#chat?.stop()
      this.#panel.replaceChildren()
      this.#label = null
      this.#isHighlighted = false
      const Chat = state.widget.isBuilt ? BuiltChat : PlainChat
      this.#chat = new Chat(this.#panel, { agentId, state, openCase: this.#openCase, onBar: (change) => this.#change(change) })
    }
    this.#chat?.learn(state)
    this.#showOffers(state)
    this.#drawBar()
  }

  #showOffers({ offers, cases }) {
    const mine = offers.filter((offer) => offer.userId === this.#agentId && offer.status === 'Assigned')
    this.#offers.replaceChildren(...mine.map(({ caseId, userId }) => {
      const row = cases.find((each) => each.Id === caseId)
      const answer = (action) => post('/org', { as: userId, omni: { caseId, userId, action } })
      return h('div', { class: 'offer', role: 'alert' }, h('span', {}, 'Omni-Channel offers you ', h('b', {}, row?.Subject ?? caseId)),
        h('button', { class: 'accept', onclick: () => answer('accept') }, 'Accept'),
        h('button', { class: 'decline', onclick: () => answer('decline') }, 'Decline'))
    }))
  }

  #change({ label = this.#label, isHighlighted = this.#isHighlighted }) {
    this.#label = label
    this.#isHighlighted = isHighlighted
    this.#drawBar()
  }

  #drawBar() {
    this.#panel.hidden = !this.#isOpen
    this.#bar.replaceChildren(h('button', {
      'aria-expanded': String(this.#isOpen),
      class: this.#isHighlighted ? 'unread' : '',
      onclick: () => (this.#isOpen = !this.#isOpen, this.#chat?.visible(this.#isOpen), this.#drawBar()),
    }, icon('chat'), this.#label ?? 'Customer chat', icon(this.#isOpen ? 'down' : 'up')))
  }
}
