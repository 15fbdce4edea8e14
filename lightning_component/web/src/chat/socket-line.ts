import { ChatError } from './client'

export type Frame = Record<string, unknown>

interface Waiting {
  resolve: (answer: Frame) => void
  reject: (error: ChatError) => void
  timer: ReturnType<typeof setTimeout>
}

const PATIENCE = 15_000
const CUT_OFF = 9
// What says "later", not "no": too many requests, and the line itself.
const PASSING = new Set([60020, 60007, 60008, CUT_OFF])

/** One WebSocket: requests with numbers, answers, events. It does not reconnect. */
export class SocketLine {
  private readonly waiting = new Map<number, Waiting>()
  private next = 1

  private constructor(
    private readonly socket: WebSocket,
    onEvent: (event: Frame) => void,
    onClose: (code: number) => void,
  ) {
    socket.onmessage = ({ data }) => {
      const frame = parse(data)
      if (frame && 'event' in frame) onEvent(frame)
      else if (frame) this.answered(frame)
    }
    socket.onclose = ({ code }) => {
      this.fail()
      onClose(code)
    }
  }

  static open(url: string, onEvent: (event: Frame) => void, onClose: (code: number) => void): Promise<SocketLine> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url)
      const timer = setTimeout(() => socket.close(), PATIENCE)
      socket.onopen = () => {
        clearTimeout(timer)
        resolve(new SocketLine(socket, onEvent, onClose))
      }
      socket.onclose = () => {
        clearTimeout(timer)
        reject(cutOff())
      }
    })
  }

  /** Bytes that were handed over and have not left yet. */
  get unsent(): number {
    return this.socket.bufferedAmount
  }

  tell(frame: Frame): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame))
  }

  ask(frame: Frame, patience = PATIENCE): Promise<Frame> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.reject(cutOff())
    const ref = this.next++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.give(ref)?.reject(cutOff()), patience)
      this.waiting.set(ref, { resolve, reject, timer })
      this.socket.send(JSON.stringify({ ...frame, ref }))
    })
  }

  close(): void {
    this.socket.close()
  }

  private answered(frame: Frame): void {
    const waiting = this.give(Number(frame.ref))
    if (!waiting) return
    if (frame.ok === true) return waiting.resolve(frame)
    const code = Number(frame.code) || 0
    waiting.reject(new ChatError(code, String(frame.info ?? ''), PASSING.has(code)))
  }

  private give(ref: number): Waiting | undefined {
    const waiting = this.waiting.get(ref)
    clearTimeout(waiting?.timer)
    this.waiting.delete(ref)
    return waiting
  }

  private fail(): void {
    for (const ref of [...this.waiting.keys()]) this.give(ref)?.reject(cutOff())
  }
}

const cutOff = (): ChatError => new ChatError(CUT_OFF, 'the connection was lost', true)

function parse(data: unknown): Frame | null {
  try {
    const frame: unknown = JSON.parse(String(data))
    return typeof frame === 'object' && frame !== null ? (frame as Frame) : null
  } catch {
    return null
  }
}
