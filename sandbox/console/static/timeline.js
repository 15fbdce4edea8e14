// The live sequence diagram: one row a call, an arrow from who calls to who is called.

import { h } from './dom.js'
import { meaning } from './meaning.js'

const LANES = ['app', 'relay', 'tencent', 'salesforce', 'agent']
const TITLES = { app: 'App', relay: 'Relay', tencent: 'Tencent', salesforce: 'Salesforce', agent: 'Agent' }
const MOST = 250
const LONGEST_NAME = 24

export class TimelineView {
  #rows
  #name = (id) => id
  #heads = {}
  /** What says a call in words, to be said again when a name has become known. */
  #words = new Map()
  #known = ''

  constructor(box) {
    const routine = h('input', { type: 'checkbox', id: 'routine', onchange: () => box.classList.toggle('all', routine.checked) })
    this.#heads = Object.fromEntries(LANES.map((lane) => [lane, h('span', { class: `head ${lane}` }, h('i', { class: `dot ${lane}` }), TITLES[lane])]))
    this.#rows = h('ol', { class: 'calls', 'aria-label': 'Calls, the newest first' })
    box.replaceChildren(
      h('div', { class: 'lanes heads' }, Object.values(this.#heads)),
      this.#rows,
      h('footer', {}, h('label', {}, routine, ' routine calls too'), h('span', {}, 'a click on a row shows its content'),
        h('button', { class: 'plain', onclick: () => [...this.#rows.children].forEach((row) => this.#forget(row)) }, 'Clear')))
  }

  /** agents, owners and rooms know what ids are called. */
  learn({ owners, rooms, trouble }) {
    const people = Object.values(rooms).flatMap((room) => room.members.map(({ id, name }) => [id, name]))
    const names = { administrator: 'the relay', ...Object.fromEntries(people), ...owners }
    this.#name = (id) => short(names[id] ?? id)
    const known = JSON.stringify(names)
    if (known !== this.#known) for (const [words, call] of this.#words) words.replaceChildren(...this.#say(call))
    this.#known = known
    const on = new Set(trouble.filter((each) => each.isOn).map((each) => each.name))
    this.#mark('relay', on.has('relayKilled') || on.has('calloutsLost'))
    this.#mark('tencent', ['tencentAway', 'tencentSlow', 'callbacksShuffled', 'callbacksLost', 'chatCut'].some((name) => on.has(name)))
    this.#mark('salesforce', on.has('salesforceAway') || on.has('salesforceSlow'))
  }

  add(call) {
    this.#rows.prepend(call.from === 'you' ? this.#event(call) : this.#row(call))
    while (this.#rows.children.length > MOST) this.#forget(this.#rows.lastChild)
    this.#pulse(call)
  }

  #forget(row) {
    this.#words.delete(row.querySelector('.words'))
    row.remove()
  }

  #say(call) {
    return [h('b', { class: call.from }, call.user ? this.#name(call.user) : TITLES[call.from]), ` ${meaning(call, this.#name)}`]
  }

  #mark(lane, isTroubled) {
    this.#heads[lane].classList.toggle('troubled', isTroubled)
  }

  #pulse({ from, to, routine }) {
    if (routine) return
    for (const head of [this.#heads[from], this.#heads[to]]) {
      head?.animate([{ transform: 'scale(1.12)' }, { transform: 'none' }], { duration: 350 })
    }
  }

  #event(call) {
    return h('li', { class: `happening${call.status === 'over' ? ' over' : ''}` }, h('time', {}, clock(call.at)), call.what)
  }

  #row(call) {
    const [a, b] = [LANES.indexOf(call.from), LANES.indexOf(call.to)]
    const how = outcome(call)
    const detail = h('div', { class: 'detail', hidden: true })
    const arrow = h('span', { class: `arrow ${a < b ? 'right' : 'left'} ${call.from}` })
    arrow.style.gridColumn = `${Math.min(a, b) + 1} / ${Math.max(a, b) + 2}`
    arrow.style.marginInline = `calc(50% / ${Math.abs(a - b) + 1})`
    const open = () => {
      if (!detail.hasChildNodes()) detail.append(...content(call))
      detail.hidden = !detail.hidden
      button.setAttribute('aria-expanded', String(!detail.hidden))
    }
    const words = h('span', { class: 'words' }, this.#say(call))
    this.#words.set(words, call)
    const button = h('button', { class: 'call', 'aria-expanded': 'false', title: `${clock(call.at)}  ${call.what}`, onclick: open },
      words,
      h('span', { class: `outcome ${how.kind}` }, how.text),
      h('span', { class: 'lanes' }, arrow))
    return h('li', { class: `${call.routine ? 'routine ' : ''}${how.kind}` }, button, detail)
  }
}

function outcome({ status, ms, got }) {
  const took = ms === null ? '' : ms >= 1000 ? ` · ${(ms / 1000).toFixed(1)} s` : ` · ${ms} ms`
  if (status === 0) return { kind: 'bad', text: `no answer${took}` }
  const code = got && typeof got === 'object' && !Array.isArray(got) ? got.ErrorCode : 0
  if (code) return { kind: 'bad', text: `${code}${took}` }
  const isBad = typeof status === 'number' ? status >= 400 : !['ok', 'saved'].includes(status)
  return { kind: isBad ? 'bad' : status === 202 ? 'wait' : 'good', text: `${status ?? ''}${took}` }
}

function content({ at, what, from, to, sent, got }) {
  const part = (title, value) => value !== null && value !== undefined && [h('h4', {}, title), h('pre', { tabindex: 0 }, typeof value === 'string' ? value : JSON.stringify(value, null, 2))]
  return [h('p', {}, h('time', {}, clock(at)), ` ${TITLES[from]} → ${TITLES[to]}`), h('code', {}, what), part('sent', sent), part('answered', got)].flat().filter(Boolean)
}

/** What a person did is more than all his names. */
const short = (name) => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name)

const clock = (at) => {
  const time = new Date(at * 1000)
  return `${time.toLocaleTimeString([], { hour12: false })}.${String(time.getMilliseconds()).padStart(3, '0')}`
}
