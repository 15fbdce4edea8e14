// A plain chat in the place of the utility bar's own component, for who has no Node.js to build it with.

import { h, post } from './dom.js'
import { Conversation } from '/example/conversation.js'
import { contentOf } from '/example/elements.js'
import { SocketChat } from '/example/socket-chat.js'

export class PlainChat {
  #box
  #agentId
  #openCase
  #socketUrl
  #state
  #caseId
  #conversation
  #list = h('ol', { class: 'lines', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: 0 })
  #tabs = h('div', { class: 'tabs', role: 'tablist' })
  #text = h('input', { placeholder: 'Reply', 'aria-label': 'Reply', maxlength: 3000, autocomplete: 'off', disabled: true })

  constructor(box, { agentId, state, openCase }) {
    this.#box = box
    this.#agentId = agentId
    this.#openCase = openCase
    this.#socketUrl = state.socketUrl
    const form = h('form', { class: 'reply', onsubmit: (event) => this.#say(event) }, this.#text, h('button', {}, 'Send'))
    box.replaceChildren(h('p', { class: 'unbuilt' }, state.widget.why), this.#tabs, this.#list, form)
  }

  /** The agent's rooms may have changed. */
  learn(state) {
    this.#state = state
    const mine = Object.entries(state.rooms).filter(([, room]) => room.members.some((member) => member.id === this.#agentId))
    const rows = mine.map(([caseId]) => [caseId, state.cases.find((row) => row.Id === caseId)?.Subject ?? caseId])
    if (!rows.some(([caseId]) => caseId === this.#caseId)) this.#open(rows[0]?.[0])
    const key = JSON.stringify([rows, this.#caseId])
    if (key === this.#tabs.dataset.key) return
    this.#tabs.dataset.key = key
    this.#tabs.replaceChildren(...rows.map(([caseId, subject]) =>
      h('button', { role: 'tab', 'aria-selected': String(caseId === this.#caseId), onclick: () => (this.#open(caseId), this.#openCase(caseId), this.learn(this.#state)) }, subject)))
  }

  visible() {}

  stop() {
    this.#conversation?.stop()
  }

  #open(caseId) {
    this.stop()
    this.#caseId = caseId
    this.#conversation = null
    this.#text.disabled = !caseId
    this.#list.replaceChildren(h('li', { class: 'note' }, caseId ? 'connecting …' : 'No chat. A Case that you own brings one.'))
    if (caseId) void this.#start(caseId)
  }

  async #start(caseId) {
    const relay = { userSig: () => this.#apex('session'), history: (_, before) => this.#apex('history', { caseId, before }) }
    const user = { id: this.#agentId }
    const conversation = new Conversation({
      relay, user, groupId: caseId, client: new SocketChat(this.#socketUrl), changed: () => this.#draw(conversation),
    })
    this.#conversation = conversation
    try {
      await conversation.start(await this.#apex('session'))
    } catch (error) {
      this.#list.replaceChildren(h('li', { class: 'note' }, `${error.message} Trying again …`))
      setTimeout(() => this.#conversation === conversation && this.#open(caseId), 3000)
    }
  }

  #draw(conversation) {
    if (conversation !== this.#conversation) return
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 80
    this.#list.replaceChildren(...conversation.lines.map((line) => {
      if (line.kind === 'note') return h('li', { class: 'note' }, line.text)
      const { message = line } = line
      const mine = line.kind === 'outgoing' || message.from === this.#agentId
      const isSystem = message.from === 'administrator'
      return h('li', { class: isSystem ? 'note' : mine ? 'mine' : 'theirs' }, !mine && !isSystem && h('small', {}, message.name || this.#nameOf(message.from)), h('span', {}, contentOf(message)))
    }))
    if (conversation.lines.length === 0) this.#list.append(h('li', { class: 'note' }, 'Nothing was said since you came.'))
    if (conversation.typing.size > 0) this.#list.append(h('li', { class: 'note' }, 'writing …'))
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight
  }

  #nameOf(id) {
    const room = this.#state?.rooms[this.#caseId]
    return room?.members.find((member) => member.id === id)?.name ?? this.#state?.owners[id] ?? id
  }

  async #say(event) {
    event.preventDefault()
    const said = this.#text.value.trim()
    if (!said) return
    this.#text.value = ''
    await this.#conversation?.say(said)
  }

  /** As the Aura component asks the class ChatSession. */
  async #apex(method, params = {}) {
    const answer = await post('/aura', { as: this.#agentId, method, params })
    if (answer.state === 'SUCCESS') return answer.returnValue
    throw new Error(JSON.parse(answer.error?.[0]?.message ?? '{"message":"No answer."}').message)
  }
}
