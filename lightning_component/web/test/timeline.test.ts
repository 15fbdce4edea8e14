import { describe, expect, it } from 'vitest'

import type { ChatMessage, Page } from '../src/chat/client'
import { textElement } from '../src/chat/elements'
import { Timeline } from '../src/store/timeline'

const message = (seq: number): ChatMessage => ({ seq, from: 'bob', time: seq, elements: [textElement(`${seq}`)] })
const seqs = (timeline: Timeline) => timeline.messages.map(({ seq }) => seq)

describe('a timeline', () => {
  it('keeps the order of seq, whatever order messages come in, and each once', () => {
    const timeline = new Timeline()
    expect([3, 1, 2, 3].map((seq) => timeline.add(message(seq)))).toEqual([true, true, true, false])
    expect(seqs(timeline)).toEqual([1, 2, 3])
  })

  it('sees a hole between a page and a live message, and none once the page between is there', () => {
    const timeline = new Timeline()
    timeline.addPage({ messages: [message(4), message(5)], complete: false })
    timeline.add(message(9))
    expect(timeline.hole).toBe(9)
    timeline.addPage({ messages: [5, 6, 7].map(message), complete: false }, 9)
    expect(timeline.hole).toBeUndefined()
    expect(timeline.older).toBe(4)
  })

  it('takes numbers that are no messages for known once a page went over them', () => {
    const timeline = new Timeline()
    timeline.add(message(2))
    timeline.add(message(6))
    timeline.addPage({ messages: [], complete: true }, 6)
    expect(timeline.hole).toBeUndefined()
    expect(timeline.older).toBeUndefined()
  })

  it('goes on below 1, where a group was made again, without a hole at the seam', () => {
    const timeline = new Timeline()
    timeline.addPage({ messages: [message(-1), message(0)], complete: false })
    timeline.add(message(2))
    expect(timeline.hole).toBe(2)
    timeline.addPage({ messages: [message(0), message(1)], complete: false }, 2)
    expect(timeline.hole).toBeUndefined()
    expect(timeline.older).toBe(-1)
    timeline.addPage({ messages: [message(-2)], complete: true }, -1)
    expect(timeline.older).toBeUndefined()
    expect(seqs(timeline)).toEqual([-2, -1, 0, 1, 2])
  })

  it('never takes back that a message was recalled', () => {
    const timeline = new Timeline()
    timeline.add(message(1))
    timeline.recall(1)
    timeline.addPage({ messages: [message(1)], complete: true })
    expect(timeline.messages[0]).toMatchObject({ seq: 1, recalled: true, elements: [] })
  })

  it('ends with everything said, from any mixture of lost, doubled and shuffled deliveries', () => {
    for (let seed = 1; seed <= 400; seed++) play(seed)
  })
})

/** One made-up room, perhaps made again: some numbers are notices; live messages get lost; pages come whenever. */
function play(seed: number): void {
  const chance = random(seed)
  const former = chance() < 0.5 ? 0 : Math.floor(chance() * 60)
  const said = Array.from({ length: 1 + Math.floor(chance() * 120) }, (_, i) => i + 1 - former).filter(() => chance() < 0.85)
  const server = (known: number[], before?: number): Page => {
    const limit = 1 + Math.floor(chance() * 12)
    const older = known.filter((seq) => before === undefined || seq < before)
    return { messages: older.slice(-limit).map(message), complete: older.length <= limit }
  }
  const timeline = new Timeline()
  const late: number[] = []
  said.forEach((seq, i) => {
    if (chance() < 0.7) chance() < 0.2 ? late.push(seq) : timeline.add(message(seq))
    if (chance() < 0.1) timeline.addPage(server(said.slice(0, i + 1)))
    if (chance() < 0.1 && timeline.hole !== undefined)
      timeline.addPage(server(said.slice(0, i + 1), timeline.hole), timeline.hole)
    if (chance() < 0.2 && late.length) timeline.add(message(late.pop()!))
  })
  timeline.addPage(server(said))
  for (let step = 0; (timeline.hole ?? timeline.older) !== undefined; step++) {
    expect(step, `seed ${seed} does not come to an end`).toBeLessThan(300)
    const before = timeline.hole ?? timeline.older!
    timeline.addPage(server(said, before), before)
  }
  expect(seqs(timeline), `seed ${seed}`).toEqual(said)
}

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}
