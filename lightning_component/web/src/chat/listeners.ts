import type { ChatEvent } from './client'

export class Listeners {
  private readonly all = new Set<(event: ChatEvent) => void>()

  add(listener: (event: ChatEvent) => void): () => void {
    this.all.add(listener)
    return () => this.all.delete(listener)
  }

  tell(event: ChatEvent): void {
    for (const listener of [...this.all]) listener(event)
  }
}
