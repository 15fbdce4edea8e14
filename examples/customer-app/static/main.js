// The page: sign in, open a ticket, talk. It holds no secret: only a token that its own server signed for its user.

import { openComponent } from './component-chat.js'
import { h, icon } from './elements.js'
import { openForm } from './form.js'
import { openPlain } from './plain-chat.js'
import { Relay } from './relay.js'
import { Tickets } from './tickets.js'

const page = document.getElementById('page')
const who = document.getElementById('who')
let talking = null // the conversation that is open

async function start() {
  const session = await whoIsSignedIn()
  if (!session.user) return showSignIn()
  const relay = new Relay(session.relayUrl, freshToken(session), { onCall: reporter(session.callReportUrl) })
  const shop = { ...session, relay, tickets: new Tickets(session.user.id) }
  who.replaceChildren(h('span', { title: session.user.name }, session.user.name), h('button', { class: 'quiet', onclick: signOut }, 'Sign out'))
  const open = shop.tickets.current()
  if (open) return showTicket(shop, open)
  showHome(shop)
}

function showHome(shop) {
  leave()
  const past = shop.tickets.all()
  const home = h('div', {},
    h('h1', {}, `Hello ${shop.user.name.split(' ')[0]}, how can we help?`),
    openForm(shop.user, shop.tickets.draft(), (draft) => showTicket(shop, shop.tickets.begin(draft))),
    past.length > 0 && h('section', { class: 'past' }, h('h2', {}, 'Your conversations'),
      h('ul', {}, past.map((ticket) =>
        h('li', { 'data-ticket': ticket.key }, h('button', { class: 'past-ticket', onclick: () => showTicket(shop, shop.tickets.open(ticket)) },
          h('span', {}, ticket.caseInfo.subject), h('small', {}, new Date(ticket.openedAt).toLocaleString())))))),
  )
  page.replaceChildren(home)
}

/** Opens it if it is new; otherwise asks for it. Both are the same after a reload. */
async function showTicket(shop, ticket) {
  leave()
  const back = h('button', { class: 'quiet back', onclick: () => (shop.tickets.close(), showHome(shop)) }, icon('back'), 'Back')
  const step = h('p', { class: 'step', role: 'status' }, 'Opening your ticket …')
  page.replaceChildren(back, h('h1', {}, ticket.caseInfo.subject), h('div', { class: 'waiting' }, h('i', {}), step))
  try {
    const told = {
      onPending: () => (step.textContent = 'Your ticket is safe with us. The chat opens in a moment …'),
      onTrouble: ({ status }) => (step.textContent = `The service ${status ? 'is busy' : 'cannot be reached'}. Trying again …`),
    }
    const answer = ticket.ticketId
      ? await shop.relay.ticket(ticket.ticketId, told)
      : await shop.relay.createTicket(shop.user.id, ticket.caseInfo, ticket.key, told)
    shop.tickets.opened(ticket, answer.ticketId)
    await talk(shop, ticket, answer)
  } catch (problem) {
    if (problem.status === 404) return forget(shop, ticket)
    shop.tickets.failed(ticket, problem)
    page.replaceChildren(back, h('h1', {}, problem.title ?? 'Something went wrong'),
      h('p', { class: 'problem', role: 'alert' }, problem.message))
  }
}

/** The relay does not know it any more; then it may not know the others, either. */
async function forget(shop, gone) {
  shop.tickets.forget(gone)
  showHome(shop)
  for (const ticket of shop.tickets.all()) {
    const problem = await shop.relay.call('GET', `/tickets/${ticket.ticketId}`).then(() => null, (each) => each)
    if (problem?.status !== 404) continue
    shop.tickets.forget(ticket)
    page.querySelector(`[data-ticket="${ticket.key}"]`)?.remove()
  }
}

/** By the component where it was built, else in plain JavaScript; past: what was said in the conversation before. */
async function talk(shop, ticket, answer, past) {
  const mine = (talking = { stop: () => {} })
  const chat = await (shop.componentUrl ? openComponent : openPlain)(page, shop, ticket, answer, {
    past,
    onBack: () => (shop.tickets.close(), showHome(shop)),
    onEnded: (said) => void follow(shop, ticket, answer, mine, said),
  })
  if (talking !== mine) return chat.stop()
  mine.stop = chat.stop
  await chat.connected
}

/** If the Case was merged into another one, the customer is in the room of that one now, and his ticket leads there. */
async function follow(shop, ticket, { GroupId }, mine, said) {
  const answer = await shop.relay.ticket(ticket.ticketId).catch(() => null)
  if (talking !== mine || !answer || answer.GroupId === GroupId) return
  leave()
  await talk(shop, ticket, answer, said)
}

function showSignIn() {
  leave()
  who.replaceChildren()
  const name = h('input', { name: 'name', required: true, maxlength: 80, autocomplete: 'name', placeholder: 'Your name' })
  const choose = (value) => (name.value = value, form.requestSubmit())
  const form = h('form', { class: 'card', onsubmit: signIn },
    h('label', {}, 'Sign in', name),
    h('button', { class: 'main' }, 'Continue'),
    h('p', { class: 'hint' }, 'An example shop: any name will do. ',
      ['Alice Moreau', 'Bob Tanaka', '陈 Chen'].map((each) =>
        h('button', { type: 'button', class: 'chip', onclick: () => choose(each) }, each))),
  )
  page.replaceChildren(h('h1', {}, 'Questions about your lamp?'), form)
}

async function signIn(event) {
  event.preventDefault()
  const name = new FormData(event.target).get('name')
  const response = await fetch('/sign-in', { method: 'POST', body: JSON.stringify({ name }) })
  if (response.ok) await start()
  else event.target.append(h('p', { class: 'problem', role: 'alert' }, (await response.json()).error))
}

async function signOut() {
  await fetch('/sign-out', { method: 'POST' })
  await start()
}

function leave() {
  talking?.stop()
  talking = null
}

const whoIsSignedIn = async () => (await fetch('/session')).json()

/** The token that the page was given, and a new one shortly before it ends. */
function freshToken(session) {
  let { token } = session
  let until = Date.now() + 50 * 60_000
  return async () => {
    if (Date.now() > until) {
      token = (await whoIsSignedIn()).token
      if (!token) location.reload() // signed out meanwhile: the page asks who it is
      until = Date.now() + 50 * 60_000
    }
    return token
  }
}

/** Only in the sandbox: its console shows every call. */
function reporter(url) {
  if (!url) return undefined
  return (call) => void fetch(url, { method: 'POST', mode: 'no-cors', body: JSON.stringify(call) }).catch(() => {})
}

void start()
