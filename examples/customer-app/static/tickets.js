// The user's tickets as this browser remembers them: each with its Idempotency-Key, from before it was first sent.

const KEPT = 20

export class Tickets {
  #name
  #data

  constructor(userId) {
    this.#name = `tickets.${userId}`
    this.#data = read(this.#name)
  }

  all = () => this.#data.tickets.filter((ticket) => ticket.ticketId)
  current = () => this.#data.tickets.find((ticket) => ticket.key === this.#data.current)
  draft = () => this.#data.draft ?? {}

  /** Written down before anything is sent: a reload then sends the same key, which makes no second ticket. */
  begin(caseInfo) {
    const ticket = { key: crypto.randomUUID(), caseInfo, openedAt: Date.now() }
    this.#data.tickets = [ticket, ...this.#data.tickets].slice(0, KEPT)
    return this.open(ticket)
  }

  open(ticket) {
    this.#data.current = ticket.key
    this.#write()
    return ticket
  }

  opened(ticket, ticketId) {
    Object.assign(ticket, { ticketId })
    this.#write()
  }

  /** A refusal is final for its key; the text is kept, to be corrected. */
  failed(ticket, problem) {
    if (problem.retryable || ticket.ticketId) return
    this.#data.draft = ticket.caseInfo
    this.forget(ticket)
  }

  forget(ticket) {
    this.#data.tickets = this.#data.tickets.filter((each) => each !== ticket)
    if (this.#data.current === ticket.key) this.#data.current = null
    this.#write()
  }

  /** What was typed into its conversation and not sent. Beside the rest, which another tab may have changed meanwhile. */
  unsent = (ticket) => quietly(() => localStorage.getItem(unsentOf(ticket))) ?? ''
  keepUnsent = (ticket, text) => quietly(() => (text ? localStorage.setItem(unsentOf(ticket), text) : localStorage.removeItem(unsentOf(ticket))))

  close() {
    this.#data.current = null
    this.#write()
  }

  #write() {
    quietly(() => localStorage.setItem(this.#name, JSON.stringify(this.#data)))
  }
}

const unsentOf = ({ key }) => `unsent.${key}`
const read = (name) => ({ tickets: [], current: null, ...quietly(() => JSON.parse(localStorage.getItem(name))) })

/** Where there is no storage the page works; it only forgets. */
function quietly(act) {
  try {
    return act()
  } catch {
    return undefined
  }
}
