const FIRST = 500
const LONGEST = 15_000

/** Pauses between tries: each twice the last, spread by chance, cut short when the browser says it is online. */
export class Pauses {
  private length = FIRST
  private wake: (() => void) | null = null

  next(): Promise<void> {
    const length = this.length * (0.5 + Math.random() / 2)
    this.length = Math.min(this.length * 2, LONGEST)
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        globalThis.removeEventListener?.('online', done)
        this.wake = null
        resolve()
      }
      const timer = setTimeout(done, length)
      globalThis.addEventListener?.('online', done)
      this.wake = done
    })
  }

  reset(): void {
    this.length = FIRST
  }

  stop(): void {
    this.wake?.()
  }
}
