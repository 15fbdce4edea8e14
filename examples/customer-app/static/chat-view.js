// The conversation as the customer sees it.

import { nameOf } from './conversation.js'
import { contentOf, h } from './elements.js'

const TYPING_EVERY = 3000
const LARGEST = 20e6
const HIGHEST = 130 // pixels of the box to write in

export function showConversation(page, { title, user, onBack }) {
  const status = h('span', { class: 'status', role: 'status' })
  const list = h('ol', { class: 'lines', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: 0 })
  const typing = h('p', { class: 'typing', 'aria-live': 'polite' })
  const text = h('textarea', { rows: 1, placeholder: 'Write a message', 'aria-label': 'Message', maxlength: 3000 })
  const file = h('input', { type: 'file', class: 'hidden', 'aria-label': 'Attach a file', tabindex: -1 })
  const attach = h('button', { type: 'button', class: 'icon', title: 'Attach a file', 'aria-label': 'Attach a file', onclick: () => file.click() }, '＋')
  const fresh = h('button', { class: 'fresh', hidden: true, onclick: () => toEnd() }, 'New messages ↓')
  const form = h('form', { class: 'composer' }, attach, file, text, h('button', { class: 'send', 'aria-label': 'Send' }, '➤'))
  let conversation
  let toldTyping = 0

  page.replaceChildren(
    h('div', { class: 'chat' },
      h('div', { class: 'chat-head' }, h('button', { class: 'quiet', onclick: onBack, 'aria-label': 'Back' }, '‹'),
        h('div', {}, h('strong', {}, title), status)),
      list, h('div', { class: 'above-typing' }, fresh), typing, form))

  // The list stays at its end, also while pictures load, until the customer scrolls up.
  let staysAtEnd = true
  let lastTop = 0
  let newest
  list.addEventListener('load', () => staysAtEnd && toEnd(), true)
  list.addEventListener('scroll', () => {
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    if (isAtEnd) fresh.hidden = true
    staysAtEnd = isAtEnd || (staysAtEnd && list.scrollTop >= lastTop)
    lastTop = list.scrollTop
  })
  new ResizeObserver(() => staysAtEnd && toEnd()).observe(list)

  function toEnd() {
    staysAtEnd = true
    fresh.hidden = true
    list.scrollTop = list.scrollHeight
    lastTop = list.scrollTop
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const said = text.value.trim()
    if (!said) return
    text.value = ''
    grow()
    toEnd()
    void conversation.say(said)
  })
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
  text.addEventListener('input', () => {
    grow()
    if (Date.now() - toldTyping < TYPING_EVERY) return
    toldTyping = Date.now()
    conversation.client.typing(conversation.groupId)
  })
  file.addEventListener('change', () => {
    const [chosen] = file.files
    file.value = ''
    if (!chosen) return
    if (chosen.size > LARGEST) return (typing.textContent = 'This file is too large: 20 MB at most')
    toEnd()
    void conversation.sendFile(chosen)
  })

  function grow() {
    text.style.height = 'auto'
    const wanted = text.scrollHeight + 2
    text.style.height = `${Math.min(wanted, HIGHEST)}px`
    text.style.overflowY = wanted > HIGHEST ? 'auto' : 'hidden'
  }

  function show(now) {
    conversation = now
    const { scrollTop } = list
    list.replaceChildren(...rows(now, user))
    const last = now.lines.findLast(({ kind }) => kind === 'message')?.message
    if (staysAtEnd) toEnd()
    else {
      list.scrollTop = scrollTop
      if (last && (last.seq !== newest?.seq || last.time !== newest?.time)) fresh.hidden = false
    }
    newest = last
    status.textContent = statusOf(now)
    status.dataset.is = now.isOver ? 'over' : now.state
    typing.textContent = typingOf(now)
    form.classList.toggle('over', now.isOver)
    for (const each of form.elements) each.disabled = now.isOver
    text.placeholder = now.isOver ? 'Ended' : 'Write a message'
  }
  return { show }
}

function rows(conversation, user) {
  const { lines } = conversation
  const older = !conversation.complete && lines.length > 0
    && h('li', { class: 'note' }, h('button', { class: 'quiet', onclick: () => conversation.older().then(conversation.changed) }, 'Earlier messages'))
  return [older, ...lines.map((line, index) => row(line, lines[index - 1], conversation, user))].filter(Boolean)
}

function row(line, before, conversation, user) {
  if (line.kind === 'note') return h('li', { class: 'note' }, line.text)
  if (line.kind === 'outgoing') {
    return h('li', { class: 'line mine' }, h('div', { class: 'bubble' }, contentOf(line)),
      line.failed ? h('button', { class: 'quiet again', onclick: line.retry }, 'Not sent · try again') : h('small', {}, 'sending …'))
  }
  const { message } = line
  if (conversation.isLine(message)) return h('li', { class: 'note' }, contentOf(message))
  const mine = message.from === user.id
  const name = message.name || conversation.people.get(message.from)?.name || 'Lumen'
  const first = before?.kind !== 'message' || before.message.from !== message.from
  return h('li', { class: `line ${mine ? 'mine' : 'theirs'}${first ? ' first' : ''}` },
    !mine && first && h('span', { class: 'face', 'aria-hidden': 'true' }, initials(name)),
    !mine && first && h('small', { class: 'name' }, name),
    h('div', { class: 'bubble', title: new Date(message.time * 1000).toLocaleString() }, contentOf(message)))
}

const initials = (name) => name.split(/\s+/).map((word) => word[0]).slice(0, 2).join('').toUpperCase()

function statusOf({ isOver, state, helpers }) {
  if (isOver) return 'ended'
  if (state === 'connecting') return 'connecting …'
  if (state === 'elsewhere') return 'opened somewhere else'
  if (state === 'reconnecting' || state === 'offline') return 'connection lost, coming back …'
  return helpers.length > 0 ? `with ${helpers.map(nameOf).join(' and ')}` : 'waiting for somebody to help you'
}

function typingOf({ typing, people }) {
  const names = [...typing.keys()].map((id) => people.get(id)).filter(Boolean).map(nameOf)
  return names.length > 0 ? `${names.join(', ')} is writing …` : ''
}
