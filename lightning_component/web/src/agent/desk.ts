import { ChatError, type Page } from '../chat/client'
import type { CaseInfo } from '../store/conversation'
import type { Bridge } from './bridge'
import type { FromAura } from './protocol'

type Answer = Extract<FromAura, { type: 'cases' | 'history' | 'requestError' }>
type Request = { type: 'cases' } | { type: 'history'; caseId: string; before?: number }

const PATIENCE = 20_000

/** What Salesforce knows and the chat does not: asked of Apex through the Aura component. */
export class Desk {
  private readonly waiting = new Map<string, (answer: Answer | null) => void>()
  private next = 1

  constructor(private readonly bridge: Bridge) {
    bridge.on((message) => {
      if ('id' in message) this.waiting.get(message.id)?.(message)
    })
  }

  async cases(): Promise<CaseInfo[]> {
    const answer = await this.ask({ type: 'cases' })
    if (answer.type !== 'cases') throw new ChatError(0, 'no list of Cases', false)
    return answer.cases
  }

  async history(caseId: string, before?: number): Promise<Page> {
    const answer = await this.ask({ type: 'history', caseId, ...(before === undefined ? {} : { before }) })
    if (answer.type !== 'history') throw new ChatError(0, 'no history', false)
    return answer.page
  }

  private ask(request: Request): Promise<Answer> {
    const id = `r${this.next++}`
    return new Promise((resolve, reject) => {
      const done = (answer: Answer | null) => {
        clearTimeout(timer)
        this.waiting.delete(id)
        if (!answer) reject(new ChatError(0, 'Salesforce did not answer', true))
        else if (answer.type === 'requestError') reject(new ChatError(0, 'Salesforce refused', answer.retryable))
        else resolve(answer)
      }
      const timer = setTimeout(() => done(null), PATIENCE)
      this.waiting.set(id, done)
      this.bridge.send({ ...request, id })
    })
  }
}
