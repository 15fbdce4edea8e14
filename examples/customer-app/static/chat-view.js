// The conversation as the customer sees it.

import { nameOf } from './conversation.js'
import { h, icon } from './elements.js'
import { Rows } from './rows.js'

const TYPING_EVERY = 3000
const LARGEST = 20e6
const PUT_OUT = {
  elsewhere: { status: 'opened somewhere else', why: 'This conversation is open somewhere else.', resume: 'Use it here' },
  signedOut: { status: 'signed out', why: 'You were signed out of the chat.', resume: 'Sign in again' },
}
const HIGHEST = 130 // pixels of the box to write in

/** draft: what was typed and not sent; onDraft is told of every change of it. */
export function showConversation(page, { title, user, draft = '', onDraft, onBack }) {
  const status = h('span', { class: 'status', role: 'status' })
  const list = h('ol', { class: 'lines', 'aria-live': 'polite', 'aria-label': 'Conversation', tabindex: 0 })
  const listed = new Rows(list)
  const typing = h('p', { class: 'typing', 'aria-live': 'polite' })
  const text = h('textarea', { rows: 1, placeholder: 'Write a message', 'aria-label': 'Message', maxlength: 3000 })
  const file = h('input', { type: 'file', class: 'hidden', 'aria-label': 'Attach a file', tabindex: -1 })
  const attach = h('button', { type: 'button', class: 'icon', title: 'Attach a file', 'aria-label': 'Attach a file', onclick: () => file.click() }, icon('attach'))
  const fresh = h('button', { class: 'fresh', hidden: true, onclick: () => toEnd() }, 'New messages ', icon('down'))
  const form = h('form', { class: 'composer' }, attach, file, text, h('button', { class: 'send', title: 'Send', 'aria-label': 'Send' }, icon('send')))
  const why = h('span', {})
  const resume = h('button', { type: 'button', class: 'quiet', onclick: () => conversation.resume() })
  const out = h('p', { class: 'out', role: 'status', hidden: true }, why, ' ', resume)
  let conversation
  let toldTyping = 0

  page.replaceChildren(
    h('div', { class: 'chat' },
      h('div', { class: 'chat-head' }, h('button', { class: 'quiet back', onclick: onBack, title: 'Back', 'aria-label': 'Back' }, icon('back')),
        h('div', {}, h('strong', { title }, title), status)),
      out, list, h('div', { class: 'above-typing' }, fresh), typing, form))

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
    onDraft?.('')
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
    onDraft?.(text.value)
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
    listed.show(now, user)
    const last = now.lines.findLast(({ kind }) => kind === 'message')?.message
    if (staysAtEnd) toEnd()
    else {
      list.scrollTop = scrollTop
      if (last && (last.seq !== newest?.seq || last.time !== newest?.time)) fresh.hidden = false
    }
    newest = last
    status.textContent = statusOf(now)
    status.dataset.is = now.isOver ? 'over' : now.state
    const put = PUT_OUT[now.state]
    out.hidden = now.isOver || !put
    if (put) [why.textContent, resume.textContent] = [put.why, put.resume]
    typing.textContent = typingOf(now)
    form.classList.toggle('over', now.isOver)
    for (const each of form.elements) each.disabled = now.isOver
    text.placeholder = now.isOver ? 'Ended' : 'Write a message'
  }
  text.value = draft
  grow()
  return { show }
}

function statusOf({ isOver, state, helpers }) {
  if (isOver) return 'ended'
  if (state === 'connecting') return 'connecting …'
  if (PUT_OUT[state]) return PUT_OUT[state].status
  if (state === 'reconnecting' || state === 'offline') return 'connection lost, coming back …'
  return helpers.length > 0 ? `with ${helpers.map(nameOf).join(' and ')}` : 'waiting for somebody to help you'
}

function typingOf({ typing, people }) {
  const names = [...typing.keys()].map((id) => people.get(id)).filter(Boolean).map(nameOf)
  return names.length > 0 ? `${names.join(', ')} is writing …` : ''
}
