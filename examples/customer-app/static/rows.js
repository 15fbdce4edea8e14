// The lines of a conversation as rows of a list. A row whose line is as it was stays the same node: what is selected or
// focused in it remains so, pictures are not loaded again, and a screen reader hears only what is new.

import { contentOf, h } from './elements.js'

const PAUSE = 5 * 60 // seconds of silence after which a time is shown again

export class Rows {
  #list
  #known = new Map()

  constructor(list) {
    this.#list = list
  }

  show(conversation, user) {
    const before = this.#known
    this.#known = new Map()
    for (const { key, looks, build } of described(conversation, user)) {
      const name = unused(key, this.#known)
      const old = before.get(name)
      const node = old?.looks === looks ? old.node : build()
      if (before.size > 0 && !old) node.classList.add('come')
      this.#known.set(name, { looks, node })
    }
    this.#place([...this.#known.values()].map(({ node }) => node))
  }

  #place(nodes) {
    const wanted = new Set(nodes)
    for (const node of [...this.#list.children]) if (!wanted.has(node)) node.remove()
    let at = this.#list.firstChild
    for (const node of nodes) {
      if (node === at) at = at.nextSibling
      else this.#list.insertBefore(node, at)
    }
  }
}

/** Numbers begin anew in a room that was made again, so a key may come twice. */
function unused(key, known) {
  let name = key
  while (known.has(name)) name += '+'
  return name
}

/** What each row is called, all that it shows, and how to make it. */
function described(conversation, user) {
  const { lines, complete } = conversation
  const rows = []
  if (!complete && lines.length > 0) rows.push({ key: 'older', looks: '', build: () => olderButton(conversation) })
  let day = new Date().toDateString() // a conversation of today needs no line that says so
  lines.forEach((line, at) => {
    const time = line.message && new Date(line.message.time * 1000)
    if (time && time.toDateString() !== day) {
      day = time.toDateString()
      rows.push({ key: `day ${day}`, looks: '', build: () => note(dayName(time)) })
    }
    rows.push(row(line, lines[at - 1], lines[at + 1], conversation, user))
  })
  return rows
}

function row(line, before, after, conversation, user) {
  if (line.kind === 'note') return { key: `note ${line.text}`, looks: '', build: () => note(line.text) }
  if (line.kind === 'outgoing') return outgoing(line, conversation)
  const { message } = line
  const key = message.from === user.id && message.random ? `mine ${message.random}` : `message ${message.seq}`
  if (conversation.isLine(message)) return { key, looks: JSON.stringify(message), build: () => note(contentOf(message)) }
  const is = {
    mine: message.from === user.id,
    name: message.name || conversation.people.get(message.from)?.name || 'Lumen',
    first: !goesTogether(before?.message, message),
    last: !goesTogether(message, after?.message),
  }
  return { key, looks: JSON.stringify([message, is]), build: () => said(message, is) }
}

function said(message, { mine, name, first, last }) {
  return h('li', { class: `line ${mine ? 'mine' : 'theirs'}${first ? ' first' : ''}` },
    !mine && first && h('span', { class: 'face', 'aria-hidden': 'true' }, initials(name)),
    !mine && first && h('small', { class: 'name' }, name),
    h('div', { class: 'bubble', title: fullTime(message) }, contentOf(message)),
    last && h('time', { datetime: new Date(message.time * 1000).toISOString() }, clock(message)))
}

/** While there is no connection nothing has failed: it is sent when the chat is back. */
function outgoing(line, { state }) {
  const { failed, random, elements } = line
  const isWaiting = failed && state !== 'ready'
  const build = () => h('li', { class: 'line mine' }, h('div', { class: 'bubble' }, contentOf(line)),
    failed && !isWaiting
      ? h('button', { class: 'quiet again', onclick: line.retry }, 'Not sent · try again')
      : h('small', {}, isWaiting ? 'is sent when the connection is back' : 'sending …'))
  return { key: `mine ${random}`, looks: JSON.stringify([elements, failed, isWaiting]), build }
}

const note = (content) => h('li', { class: 'note' }, content)

function olderButton(conversation) {
  return note(h('button', { class: 'quiet', onclick: () => conversation.older().then(() => conversation.changed()) }, 'Earlier messages'))
}

/** One person's words in one go. */
const goesTogether = (one, next) => one !== undefined && next !== undefined && one.from === next.from && next.time - one.time < PAUSE

const initials = (name) => name.split(/\s+/).map((word) => word[0]).slice(0, 2).join('').toUpperCase()
const fullTime = ({ time }) => new Date(time * 1000).toLocaleString()
const clock = ({ time }) => new Date(time * 1000).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' })

function dayName(time) {
  if (time.toDateString() === new Date().toDateString()) return 'Today'
  return time.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' })
}
