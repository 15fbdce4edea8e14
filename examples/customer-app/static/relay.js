// The relay's routes for apps. token: an async function that gives the JWT which your own server signed.

const LONGEST_PAUSE = 10

/** What the relay says when something is wrong (RFC 9457), or `retryable` trouble of the network. */
export class RelayProblem extends Error {
  constructor({ title, detail, status = 0, code = '', retryable = false }) {
    super(detail || title)
    Object.assign(this, { title, status, code, retryable })
  }
}

export class Relay {
  constructor(url, token, { onCall } = {}) {
    this.url = url
    this.token = token
    this.onCall = onCall
  }

  /** Open a ticket. The same key again gives the same ticket, so whatever happened, trying again is right. */
  async createTicket(userId, caseInfo, key, told = {}) {
    const answer = await this.withPatience(
      () => this.call('POST', '/createticket', { userId, caseInfo }, { 'Idempotency-Key': key }),
      told.onTrouble,
    )
    if (answer.status !== 202) return answer.body
    told.onPending?.()
    return this.ticket(answer.body.ticketId, told)
  }

  /** The ticket as it is now; waits while it is pending, and while the relay is away. told: {onPending, onTrouble}. */
  async ticket(ticketId, told = {}) {
    for (;;) {
      const answer = await this.withPatience(() => this.call('GET', `/tickets/${ticketId}`), told.onTrouble)
      if (answer.status !== 202) return answer.body
      told.onPending?.()
      await sleep(answer.retryAfter ?? 2)
    }
  }

  /** What was said in the group, the newest 50 or those before a number. */
  async history(groupId, before) {
    return (await this.call('POST', '/history', { groupId, ...(before === undefined ? {} : { before }) })).body
  }

  /** A fresh login to the chat, before the old one expires. */
  async userSig(userId) {
    return (await this.call('POST', '/usersig', { userId })).body
  }

  async call(method, path, body, headers = {}) {
    const began = performance.now()
    const report = (status, got) => this.onCall?.({ method, path, status, seconds: (performance.now() - began) / 1000, sent: body, got })
    let response
    try {
      response = await fetch(this.url + path, {
        method,
        headers: {
          Authorization: `Bearer ${await this.token()}`,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
          ...headers,
        },
        body: body && JSON.stringify(body),
      })
    } catch {
      report(0)
      throw new RelayProblem({ title: 'The service cannot be reached.', retryable: true })
    }
    const answer = await response.json().catch(() => notTheRelays(response.status))
    report(response.status, answer)
    const retryAfter = Number(response.headers.get('Retry-After')) || undefined
    if (!response.ok) throw Object.assign(new RelayProblem({ ...answer, status: response.status }), { retryAfter })
    return { status: response.status, body: answer, retryAfter }
  }

  /** Again and again while the relay is away; a refusal is final. */
  async withPatience(attempt, onTrouble) {
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await attempt()
      } catch (problem) {
        if (!problem.retryable) throw problem
        onTrouble?.(problem)
        await sleep(problem.retryAfter ?? pause)
      }
    }
  }
}

/** A proxy before the relay answers in its own words when it is asked too often, or the relay is not there. */
const notTheRelays = (status) => ({ title: `HTTP ${status}`, retryable: [429, 502, 503, 504].includes(status) })

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))
