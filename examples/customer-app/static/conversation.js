// One conversation: what was said, merged by number from the relay's history and the chat, and what is on its way.

const LOOK_AHEAD = 5 * 60 // seconds before its end that a signature is renewed
const PAGE = 50 // messages that the relay gives at once
const QUIET = new Set([10007, 10010]) // no longer a member, or no group any more

export class Conversation {
  people = new Map()
  typing = new Map()
  state = 'connecting'
  isOver = false
  complete = false
  #past
  #former = []
  #messages = new Map()
  #notes = []
  #seen = new Set()
  #outgoing = []
  #timer

  /** user: {id, name}; changed: called after every change; ended: called when the room went; past: lines to begin with. */
  constructor({ relay, client, user, groupId, changed, ended, past = [] }) {
    Object.assign(this, { relay, client, user, groupId, changed, ended })
    this.#past = past
    this.stopListening = client.on((event) => this.#heard(event))
  }

  async start(login) {
    this.#renewBefore(login)
    for (let pause = 1; ; pause = Math.min(pause * 2, 8)) {
      try {
        await this.client.connect(login)
        return
      } catch (error) {
        if (error.code !== 9) throw error
        this.#set('reconnecting')
        await new Promise((done) => setTimeout(done, pause * 1000))
      }
    }
  }

  stop() {
    this.changed = () => {}
    clearTimeout(this.#timer)
    this.stopListening()
    this.client.close()
  }

  /** Messages, comings and goings, and what was not sent yet, in the order to show them in. */
  get lines() {
    const said = [...this.#messages.values()].sort((a, b) => a.seq - b.seq)
    const lines = said.map((message) => ({ kind: 'message', at: message.seq, message }))
    for (const note of this.#notes.filter((each) => !this.#isSaid(each))) {
      const next = lines.findIndex((line) => line.at > note.after)
      lines.splice(next < 0 ? lines.length : next, 0, { kind: 'note', at: note.after, text: note.text })
    }
    const past = this.#past.filter((line) => !said.some((message) => isSame(message, line.message)))
    return [...past, ...this.#former, ...lines, ...this.#outgoing.map((each) => ({ kind: 'outgoing', ...each }))]
  }

  get helpers() {
    return [...this.people.values()].filter((person) => person.userId.startsWith('005'))
  }

  /**
   * The relay's own words: it speaks as an administrator of any name (TENCENT_ADMIN_ID), who is never a member and has no
   * name; a customer has been seen here, or has the name that his ticket gave him.
   */
  isLine = ({ from, name, elements }) => from === 'administrator' || elements[0]?.MsgType === 'TIMCustomElem'
    || (!name && from !== this.user.id && !from.startsWith('005') && !this.#seen.has(from))

  async older() {
    const first = Math.min(...this.#messages.keys())
    await this.#read(Number.isFinite(first) ? first : undefined)
  }

  /** The chat was opened somewhere else, or was ended by an administrator, and is wanted here. */
  resume = () => this.#renew()

  say = (text) => this.#send({ text })
  sendFile = (file) => this.#send({ file })

  /** The same random makes a repeated attempt the same message. */
  async #send(what) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0]
    const Text = what.text ?? what.file.name
    const outgoing = { random, what, elements: [{ MsgType: 'TIMTextElem', MsgContent: { Text } }], failed: false }
    outgoing.retry = () => this.#attempt(outgoing)
    this.#outgoing.push(outgoing)
    await this.#attempt(outgoing)
  }

  async #attempt(outgoing) {
    outgoing.failed = false
    this.changed()
    try {
      const { seq, time, elements } = await this.client.send(this.groupId, outgoing.what, outgoing.random)
      this.#outgoing = this.#outgoing.filter((each) => each !== outgoing)
      this.#add({ seq, time, from: this.user.id, random: outgoing.random, elements })
    } catch (error) {
      outgoing.failed = true
      if (QUIET.has(error.code)) this.#end()
    }
    this.changed()
  }

  async #heard(event) {
    if (event.type === 'state') this.#set(event.state)
    if (event.type === 'state' && event.state === 'ready') await this.#catchUp()
    if (event.type === 'kicked' && event.reason === 'expired') await this.#renew()
    if (event.type === 'kicked' && event.reason !== 'expired') this.#rest(event.reason)
    if (event.groupId !== this.groupId) return
    if (this.isOver && (event.type === 'message' || event.type === 'joined')) this.#goOn()
    if (event.type === 'message') this.#add(event.message)
    if (event.type === 'joined') this.#came(event.users)
    if (event.type === 'left') this.#went(event.users)
    if (event.type === 'dismissed') this.#end()
    if (event.type === 'recalled') this.#recalled(event.seq)
    if (event.type === 'typing') this.#types(event.userId)
    this.changed()
  }

  /** Opened elsewhere, or signed out by an administrator: until the customer says so, nothing is done about it. */
  #rest(reason) {
    clearTimeout(this.#timer)
    this.#set(reason)
  }

  async #catchUp() {
    try {
      const there = new Map((await this.client.members(this.groupId)).map((person) => [person.userId, person]))
      this.#went([...this.people.values()].filter((person) => !there.has(person.userId)))
      if (this.people.size > 0) this.#came([...there.values()].filter((person) => !this.people.has(person.userId)))
      this.people = there
      there.forEach((_, userId) => this.#seen.add(userId))
    } catch (error) {
      if (QUIET.has(error.code)) this.#end()
    }
    await this.#read()
    for (const each of this.#outgoing.filter((one) => one.failed)) await this.#attempt(each)
    this.changed()
  }

  /** The relay keeps all, from before the group was last made under numbers below 1; the chat what it is told now. */
  async #read(before) {
    const sources = before === undefined || before > 1 ? [this.relay, this.client] : [this.relay]
    const pages = await Promise.all(sources.map((source) => source.history(this.groupId, before).catch(() => null)))
    for (const page of pages) page?.messages.forEach((message) => this.#add(message))
    if (pages[0]) this.complete ||= pages[0].messages.length < PAGE
  }

  #add(message) {
    if (message.seq < 1) this.#former = []
    const known = this.#messages.get(message.seq)
    if (known?.recalled) return
    this.#messages.set(message.seq, { ...known, ...message })
    this.#outgoing = this.#outgoing.filter((each) => each.random !== message.random)
    this.typing.delete(message.from)
  }

  #came(users) {
    for (const person of users) {
      if (person.userId !== this.user.id && !this.people.has(person.userId)) this.#note('has joined', nameOf(person))
      this.people.set(person.userId, person)
      this.#seen.add(person.userId)
    }
  }

  #went(users) {
    for (const person of users) {
      if (this.people.delete(person.userId)) this.#note('has left', nameOf(person))
    }
  }

  #end() {
    if (this.isOver) return
    this.#note('This conversation has ended')
    this.isOver = true
    clearTimeout(this.#timer)
    this.ended?.()
  }

  /** The room was made again, because its Case was opened again: the numbers in it begin anew. */
  #goOn() {
    this.#former = this.lines.filter((line) => line.kind !== 'outgoing' && !this.#past.includes(line))
    this.#messages.clear()
    this.#notes = []
    this.people.clear()
    this.complete = this.isOver = false
    this.#note('This conversation goes on')
    void this.#renew()
    void this.#catchUp()
  }

  #recalled(seq) {
    const message = this.#messages.get(seq)
    if (message) this.#messages.set(seq, { ...message, elements: [], recalled: true })
  }

  #types(userId) {
    this.typing.set(userId, Date.now())
    setTimeout(() => {
      if (Date.now() - (this.typing.get(userId) ?? 0) < 3500) return
      this.typing.delete(userId)
      this.changed()
    }, 4000)
  }

  #note(what, name = '') {
    this.#notes.push({ name, text: `${name} ${what}`.trim(), after: Math.max(0, ...this.#messages.keys()) })
  }

  /** The relay writes lines of its own about who comes and goes, if it is set to; they stay, so ours are for when not. */
  #isSaid({ name, after }) {
    const near = [1, 2, 3].map((step) => this.#messages.get(after + step)).filter((each) => each && this.isLine(each))
    return name !== '' && near.some((each) => each.elements.some(({ MsgContent }) => MsgContent.Text?.includes(name)))
  }

  #renewBefore({ expiresAt }) {
    const left = expiresAt - Date.now() / 1000
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#renew(), Math.max(left - Math.min(left / 5, LOOK_AHEAD), 5) * 1000)
  }

  async #renew() {
    try {
      const login = await this.relay.userSig(this.user.id)
      await this.client.renew(login)
      this.#renewBefore(login)
    } catch {
      this.#timer = setTimeout(() => this.#renew(), 5000)
    }
  }

  #set(state) {
    this.state = state
    this.changed()
  }
}

const isSame = (a, b) => b !== undefined && a.from === b.from && a.time === b.time
export const nameOf = (person) => person?.name || person?.userId || 'Somebody'
