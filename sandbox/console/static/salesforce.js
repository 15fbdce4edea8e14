// A console such as agents have: a list of Cases, one of them open, and the utility bar below.

import { h, initials, picker, post } from './dom.js'
import { askMerge } from './merge.js'
import { showRecord } from './record.js'
import { Utility } from './utility.js'

const VIEWS = { open: 'Open Cases', mine: 'My Cases', queue: 'In the queue', closed: 'Closed', bin: 'Recycle bin' }
const REMEMBERED = 'agent'

export class Salesforce {
  agentId = sessionStorage.getItem(REMEMBERED)
  #boxes
  #state
  #view = 'open'
  #caseId
  #marked = new Set()
  #utility
  #drawn = ''

  constructor(boxes) {
    this.#boxes = boxes
    this.#utility = new Utility(boxes.utility, { openCase: (caseId) => this.#open(caseId) })
  }

  show(state) {
    this.#state = state
    const active = state.agents.filter((agent) => agent.isActive)
    if (!active.some((agent) => agent.id === this.agentId)) this.agentId = active[0]?.id
    this.#utility.show(state, this.agentId)
    const { cases, offers, rooms, files, feed, agents } = state
    const drawing = JSON.stringify([cases, offers, rooms, files, feed, agents])
    if (drawing !== this.#drawn && !this.#boxes.head.parentNode.querySelector('select:focus')) {
      this.#drawn = drawing
      this.#draw()
    }
  }

  #draw() {
    const shown = this.#filtered()
    this.#marked = new Set([...this.#marked].filter((id) => shown.some((row) => row.Id === id)))
    const rows = this.#state.cases
    this.#drawHead()
    this.#drawCases(shown)
    showRecord(this.#boxes.record, { state: this.#state, row: rows.find((row) => row.Id === this.#caseId), as: (body) => this.#as(body), agentId: this.agentId })
  }

  #filtered() {
    const { cases, queues } = this.#state
    const isQueue = (id) => queues.some((queue) => queue.id === id)
    const wanted = {
      open: (row) => !row.IsDeleted && !row.IsClosed,
      mine: (row) => !row.IsDeleted && !row.IsClosed && row.OwnerId === this.agentId,
      queue: (row) => !row.IsDeleted && !row.IsClosed && isQueue(row.OwnerId),
      closed: (row) => !row.IsDeleted && row.IsClosed,
      bin: (row) => row.IsDeleted,
    }
    return cases.filter(wanted[this.#view])
  }

  #drawHead() {
    const active = this.#state.agents.filter((agent) => agent.isActive)
    const name = active.find((agent) => agent.id === this.agentId)?.name ?? '?'
    this.#boxes.head.replaceChildren(
      h('h2', {}, h('span', { class: 'cloud', 'aria-hidden': 'true' }), 'Service Console'),
      h('label', { class: 'me' }, h('span', { class: 'face', 'aria-hidden': 'true' }, initials(name)), h('span', { class: 'you' }, 'You are'),
        picker('Agent', active.map(({ id, name: text }) => [id, text]), this.agentId, (id) => this.#become(id))))
  }

  #become(id) {
    this.agentId = id
    sessionStorage.setItem(REMEMBERED, id)
    this.#draw()
    this.#utility.show(this.#state, id)
  }

  #drawCases(rows) {
    const view = picker('List', Object.entries(VIEWS), this.#view, (name) => (this.#view = name, this.#draw()))
    const scrolled = this.#boxes.cases.querySelector('.scroll')?.scrollTop ?? 0
    this.#boxes.cases.replaceChildren(
      h('div', { class: 'bar' }, view, h('small', {}, `${rows.length}`), h('span', { class: 'bulk' }, this.#bulk())),
      h('div', { class: 'scroll' }, rows.length > 0 ? this.#table(rows) : h('p', { class: 'empty' }, this.#view === 'open' ? 'No open Case. A ticket that the customer opens comes here.' : 'Nothing here.')))
    this.#boxes.cases.querySelector('.scroll').scrollTop = scrolled
  }

  #table(rows) {
    const all = rows.length > 0 && rows.every((row) => this.#marked.has(row.Id))
    const mark = (ids, on) => (ids.forEach((id) => this.#marked[on ? 'add' : 'delete'](id)), this.#draw())
    return h('table', {},
      h('thead', {}, h('tr', {}, h('th', {}, h('input', { type: 'checkbox', checked: all, 'aria-label': 'All', onchange: ({ target }) => mark(rows.map((row) => row.Id), target.checked) })),
        ['Case', 'Subject', 'Status', 'Owner'].map((title) => h('th', {}, title)))),
      h('tbody', {}, rows.map((row) => h('tr', { class: row.Id === this.#caseId ? 'open' : '', 'data-case': row.Id, onclick: (event) => event.target.type !== 'checkbox' && this.#open(row.Id) },
        h('td', {}, h('input', { type: 'checkbox', checked: this.#marked.has(row.Id), 'aria-label': `Mark ${row.CaseNumber}`, onchange: ({ target }) => mark([row.Id], target.checked) })),
        h('td', {}, h('button', { class: 'link', onclick: () => this.#open(row.Id) }, row.CaseNumber)),
        h('td', { class: 'subject' }, row.Subject),
        h('td', {}, h('span', { class: `pill ${row.IsDeleted ? 'Deleted' : row.Status}` }, row.IsDeleted ? 'Deleted' : row.Status)),
        h('td', {}, this.#state.owners[row.OwnerId] ?? '?')))))
  }

  /** What can be done to all that are marked, in one save. */
  #bulk() {
    const ids = [...this.#marked]
    if (ids.length === 0) return []
    if (this.#view === 'bin') return [h('button', { class: 'small', onclick: () => this.#as({ undelete: ids }) }, `Undelete ${ids.length}`)]
    const owners = [...this.#state.agents.filter((agent) => agent.isActive), ...this.#state.queues].map(({ id, name }) => [id, name])
    const give = picker('Give to', [['', `Give ${ids.length} to …`], ...owners], '', (id) => this.#as({ update: { caseIds: ids, values: { OwnerId: id } } }))
    const merge = ids.length > 1 && ids.length < 4 && h('button', { class: 'small', onclick: () => this.#merge(ids) }, 'Merge …')
    return [give, merge, h('button', { class: 'small', onclick: () => this.#as({ delete: ids }) }, 'Delete')].filter(Boolean)
  }

  #merge(ids) {
    const rows = this.#state.cases.filter((row) => ids.includes(row.Id))
    askMerge(rows, ids.includes(this.#caseId) ? this.#caseId : rows.at(-1).Id, (merge) => this.#as({ merge }))
  }

  /** The marks go first: one that is still shown when the next thing is done would be done with it, too. */
  async #as(body) {
    if (this.#marked.size > 0) {
      this.#marked.clear()
      this.#draw()
    }
    await post('/org', { as: this.agentId, ...body })
    this.#drawn = ''
  }

  #open(caseId) {
    this.#caseId = caseId
    this.#draw()
  }
}
