import { isExpired, isRefused, ChatError, type ChatClient, type ChatEvent, type ChatLogin } from './client'

/** How far we are with being signed in; the banner shows it. */
export type SessionState =
  'starting' | 'slow' | 'ready' | 'reconnecting' | 'offline' | 'renewing' | 'elsewhere' | 'signedOut' | 'denied' | 'away' | 'refused'

/** Who has signatures to give: he answers with `signed` or `unsigned`, in his own time. */
export interface Signer {
  renew(): void
  /** The chat does not take what he gave, or does not work at all. */
  problem(code: number, detail: string): void
}

const LOOK_EVERY = 5_000
const FIRST_PAUSE = 2_000
const LONGEST_PAUSE = 60_000
const SLOW_AFTER = 10_000
const ANSWER_WITHIN = 30_000

/** Gets signatures, before they expire and when they are refused, and keeps the client signed in. */
export class Session {
  state: SessionState = 'starting'
  client: ChatClient | null = null
  login: ChatLogin | null = null
  /** Why it is not ready, in the words of whoever said no. */
  detail = ''
  /** Milliseconds; the next time to ask for a signature. */
  private renewAt = Infinity
  private pause = FIRST_PAUSE
  private connecting = false
  /** The client has signed in and looks after its connection itself. */
  private live = false
  private readonly started: number
  private readonly timer: ReturnType<typeof setInterval>

  constructor(
    private readonly signer: Signer,
    private readonly createClient: (login: ChatLogin) => ChatClient,
    private readonly changed: (state: SessionState) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.started = this.now()
    this.timer = setInterval(this.look, LOOK_EVERY)
    this.renewAt = this.now() + ANSWER_WITHIN
  }

  async signed(login: ChatLogin): Promise<void> {
    this.login = login
    this.pause = FIRST_PAUSE
    this.renewAt = this.now() + untilRenewal(login.expiresAt * 1000 - this.now())
    this.client ??= this.start(login)
    if (!this.live) return this.connect()
    await this.client.renew(login).catch((error: unknown) => this.failed(error))
  }

  /** There is no signature to be had. */
  unsigned(retryable: boolean, detail: string): void {
    this.detail = detail
    this.renewAt = this.now() + this.nextPause()
    if (!this.live) this.set(retryable ? 'away' : 'denied')
  }

  /** The user wants the chat here, after it was opened elsewhere; or does not want to wait. */
  resume(): void {
    if (this.state === 'elsewhere' && this.login) void this.connect()
    else this.ask()
  }

  stop(): void {
    clearInterval(this.timer)
    this.client?.close()
  }

  private start(login: ChatLogin): ChatClient {
    const client = this.createClient(login)
    client.on(this.heard)
    return client
  }

  private async connect(): Promise<void> {
    if (this.connecting || !this.login || !this.client) return
    this.connecting = true
    try {
      await this.client.connect(this.login)
      this.live = true
      this.pause = FIRST_PAUSE
      this.set('ready')
    } catch (error) {
      this.failed(error)
    } finally {
      this.connecting = false
    }
  }

  private readonly heard = (event: ChatEvent): void => {
    if (event.type === 'state') this.set(event.state)
    if (event.type === 'kicked') this.live = false
    if (event.type === 'kicked' && event.reason !== 'expired') this.set(event.reason)
    if (event.type === 'kicked' && event.reason === 'expired') {
      this.set('renewing')
      this.ask()
    }
  }

  private failed(error: unknown): void {
    if (!(error instanceof ChatError)) this.signer.problem(0, String(error))
    if (isExpired(error)) this.set('renewing')
    else if (isRefused(error)) this.refused(error as ChatError)
    else if (!this.live) this.set('slow')
    this.renewAt = this.now() + this.nextPause()
  }

  private refused(error: ChatError): void {
    this.detail = `${error.code} ${error.message}`
    this.set('refused')
    this.signer.problem(error.code, error.message)
  }

  private readonly look = (): void => {
    if (this.state === 'starting' && this.now() - this.started > SLOW_AFTER) this.set('slow')
    if (this.state !== 'elsewhere' && this.state !== 'signedOut' && this.now() >= this.renewAt) this.ask()
  }

  private ask(): void {
    this.renewAt = this.now() + ANSWER_WITHIN
    this.signer.renew()
  }

  private nextPause(): number {
    const pause = this.pause
    this.pause = Math.min(pause * 2, LONGEST_PAUSE)
    return pause
  }

  private set(state: SessionState): void {
    if (this.state === state) return
    this.state = state
    this.changed(state)
  }
}

/** A fifth of its life before it ends, at most ten minutes; a clock that is wrong must not make us ask without end. */
export function untilRenewal(left: number): number {
  return Math.max(left - Math.min(left / 5, 600_000), ANSWER_WITHIN)
}
