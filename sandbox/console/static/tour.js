// What to try, one thing after another; each step is over when it has happened. The pane where it is done is marked.

import { h } from './dom.js'

const CLOSED = 'tourClosed'
const REACHED = 'tourReached'
const isAgent = ({ id }) => id.startsWith('005')
const hasGuest = ({ members }) => members.some((each) => !isAgent(each) && each.isOnline)
const agentsIn = (rooms) => rooms.flatMap((room) => room.members.filter(isAgent).map(({ id }) => id))

const STEPS = [
  ['customer', 'Be the customer: sign in to the shop as Alice and start a chat.', ({ rooms }) => rooms.length > 0],
  ['salesforce', 'Be the agent: in the Service Console, open the Case and make yourself its owner.', ({ rooms }) => agentsIn(rooms).length > 0],
  ['', 'Talk to each other. The agent has read what was said before.', ({ said }) => said.has('app') && said.has('agent')],
  ['salesforce', 'Hand over: choose another owner. The new one comes before the old one goes.', ({ agents }) => agents.size > 1],
  ['between', 'Kill the relay, choose an owner again, go on talking, and start it again. It catches up.', ({ wasKilled, state }) => wasKilled && !isKilled(state)],
  ['salesforce', 'Close the Case. What was said is saved on it, then both are told.', ({ files }) => files.length > 0],
  ['', 'That was all. The other buttons break more, and every row below opens.', () => false],
]
const isKilled = ({ trouble }) => trouble.some(({ name, isOn }) => name === 'relayKilled' && isOn)

export class Tour {
  #box
  #step = 0
  #seen = { rooms: [], files: [], said: new Set(), agents: new Set(), wasKilled: false }
  #old
  #own = new Set()

  constructor(box) {
    this.#box = box
    if (localStorage.getItem(CLOSED)) return
    this.#draw()
  }

  see(state) {
    this.#look(state)
    this.#seen.wasKilled ||= isKilled(state)
    const before = this.#step
    this.#step = Math.max(this.#step, reached(state.run))
    while (STEPS[this.#step][2](this.#seen)) this.#step += 1
    localStorage.setItem(REACHED, JSON.stringify({ run: state.run, step: this.#step }))
    if (this.#step !== before && this.#box.hasChildNodes()) this.#draw()
  }

  /** Cases that were closed before one came, or whose customer was never here, are another story. */
  #look(state) {
    this.#old ??= new Set(state.cases.filter((row) => row.IsClosed).map((row) => row.Id))
    this.#seen.state = state
    const rooms = Object.entries(state.rooms).filter(([id]) => !this.#old.has(id))
    rooms.filter(([, room]) => hasGuest(room)).forEach(([id]) => this.#own.add(id))
    this.#seen.rooms = rooms.filter(([id]) => this.#own.has(id)).map(([, room]) => room)
    this.#seen.files = state.files.filter(({ caseId }) => this.#own.has(caseId))
    agentsIn(this.#seen.rooms).forEach((id) => this.#seen.agents.add(id))
  }

  hear({ what, from, status }) {
    if (what === 'SDK send' && status === 'ok') this.#seen.said.add(from)
  }

  #draw() {
    const [pane, words] = STEPS[this.#step]
    mark(pane)
    const close = () => {
      localStorage.setItem(CLOSED, '1')
      this.#box.replaceChildren()
      mark('')
    }
    this.#box.replaceChildren(h('p', { role: 'status' }, h('b', {}, `${this.#step + 1}`), h('span', {}, words)),
      h('button', { class: 'plain', 'aria-label': 'Close the tour', onclick: close }, '✕'))
    this.#box.animate([{ opacity: 0.2 }, { opacity: 1 }], { duration: 500 })
  }
}

function mark(pane) {
  for (const each of document.querySelectorAll('.pane')) each.classList.toggle('wanted', pane !== '' && each.classList.contains(pane))
}

/** How far one was in this run of the sandbox, before a reload. */
function reached(run) {
  const before = JSON.parse(localStorage.getItem(REACHED) ?? '{}')
  return before.run === run ? before.step : 0
}
