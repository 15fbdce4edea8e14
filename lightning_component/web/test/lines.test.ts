import { expect, it } from 'vitest'

import { textElement } from '../src/chat/elements'
import { createI18n } from '../src/i18n'
import { Conversation } from '../src/store/conversation'
import { linesOf } from '../src/store/lines'
import { filtered, sorted, spokenWords, waitingSince } from '../src/store/rooms'

const LI = '0055g00000AbCdEAAV'
const NOON = new Date(2026, 10, 20, 12).getTime() / 1000

function room(groupId: string, said: [from: string, time: number][]): Conversation {
  const one = new Conversation(groupId, LI)
  one.state = 'open'
  said.forEach(([from, time], at) => one.add({ seq: at + 1, from, time, elements: [textElement(`${from} ${at}`)] }))
  return one
}

it('puts days between messages, and together what somebody says without a pause', () => {
  const one = room('a', [
    ['bob', NOON],
    ['bob', NOON + 10],
    ['bob', NOON + 900],
    [LI, NOON + 901],
    ['bob', NOON + 86_400],
  ])
  const lines = linesOf(one, LI)
  expect(lines.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'message', 'message', 'day', 'message'])
  const groups = lines.flatMap((line) =>
    line.kind === 'message' ? [`${line.first ? '(' : ''}${line.last ? ')' : ''}`] : [],
  )
  expect(groups).toEqual(['(', ')', '()', '()', '()'])
})

it('shows who came and went where it happened', () => {
  const one = room('a', [['bob', NOON]])
  one.note('joined', [{ userId: LI, name: 'Li' }], NOON + 1)
  one.add({ seq: 2, from: LI, time: NOON + 2, elements: [] })
  expect(linesOf(one, LI).map(({ kind }) => kind)).toEqual(['day', 'message', 'notice', 'message'])
})

it('shows what the relay says as a line, once, and does not take it for the customer', () => {
  const one = room('a', [
    ['bob', NOON],
    [LI, NOON + 1],
  ])
  one.members = [{ userId: LI, name: 'Li Na' }]
  one.note('joined', [{ userId: 'x', name: 'Wei Chen' }], NOON + 60)
  one.add({ seq: 3, from: 'administrator', time: NOON + 62, elements: [textElement('Wei Chen has joined the chat.')] })
  one.note('left', [{ userId: LI, name: '' }], NOON + 500)
  const lines = linesOf(one, LI)
  expect(lines.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'line', 'notice'])
  expect(filtered([one], 'waiting', '')).toEqual([])
  expect(one.countUnread()).toBe(0)
})

it('takes for a line what an administrator of another name says, and never the words of somebody who was here', () => {
  const one = room('a', [
    ['bob', NOON],
    ['relay-bot', NOON + 1],
    [LI, NOON + 2],
  ])
  one.add({ seq: 4, from: 'ann', name: 'Ann, who left before', time: NOON + 3, elements: [textElement('Bye')] })
  one.add({ seq: 5, from: 'c7', time: NOON + 4, elements: [textElement('I came and went')] })
  const kinds = () => linesOf(one, LI).flatMap(({ kind }) => (kind === 'day' || kind === 'notice' ? [] : [kind]))
  one.members = [{ userId: LI, name: 'Li Na' }] // seen coming; nobody has asked who else is there
  expect(kinds()).toEqual(Array(5).fill('message'))
  one.note('left', [{ userId: 'c7', name: '' }], NOON + 5)
  one.members = [
    { userId: LI, name: 'Li Na' },
    { userId: 'bob', name: '' },
  ]
  one.membersKnown = true
  expect(kinds()).toEqual(['message', 'line', 'message', 'message', 'message'])
  one.readSeq = 1
  one.add({ seq: 6, from: 'relay-bot', time: NOON + 6, elements: [textElement('Wei Chen has joined the chat.')] })
  expect(one.countUnread()).toBe(2)
})

it('shows above what was said in the room that was merged into this one, and that it goes on here', () => {
  const one = room('a', [['bob', NOON + 60]])
  const words = (seq: number, time: number) => ({ seq, from: 'bob', time, elements: [textElement('Hello?')] })
  one.past = [words(1, NOON), words(2, NOON + 60)] // the last is in both
  const lines = linesOf(one, LI)
  expect(lines.map(({ kind }) => kind)).toEqual(['day', 'message', 'notice', 'message'])
  expect(new Set(lines.map(({ key }) => key)).size).toBe(4)
  expect(lines[2]).toMatchObject({ notice: { what: 'moved' } })
})

it('tells the end once, where the relay has told it', () => {
  const one = room('a', [['bob', NOON]])
  one.note('closed', [], NOON + 5)
  expect(linesOf(one, LI).map(({ kind }) => kind)).toEqual(['day', 'message', 'notice'])
  one.add({ seq: 2, from: 'administrator', time: NOON + 2, elements: [textElement('This case has been closed.')] })
  expect(linesOf(one, LI).map(({ kind }) => kind)).toEqual(['day', 'message', 'line'])
})

it('says aloud who spoke and where, and of a line of the relay only where', () => {
  const { t } = createI18n(['en'])
  const one = room('a', [])
  one.about = { id: 'a', caseNumber: '1', subject: 'My lamp flickers', status: 'New', customer: 'Bob Miller' }
  const line = { seq: 1, from: 'administrator', time: 1, elements: [textElement('Maria has joined the chat.')] }
  const words = { seq: 2, from: 'bob', name: 'Bob Miller', time: 2, elements: [textElement('Hello?')] }
  expect(spokenWords(one, line, true, t)).toBe('Maria has joined the chat.')
  expect(spokenWords(one, line, false, t)).toBe('My lamp flickers: Maria has joined the chat.')
  expect(spokenWords(one, line, true, createI18n(['zh']).t)).toBe('Maria 加入了聊天。')
  expect(spokenWords(one, words, true, t)).toBe('Bob Miller: Hello?')
  expect(spokenWords(one, words, false, t)).toBe('Bob Miller, My lamp flickers: Hello?')
})

it('sorts by what people said, not by who came and went', () => {
  const [old, young] = [room('old', [['bob', 10]]), room('young', [['bob', 20]])]
  old.add({ seq: 2, from: 'administrator', time: 30, elements: [textElement('Wei has joined the chat.')] })
  old.note('left', [{ userId: LI, name: 'Li' }], 40)
  expect(sorted([old, young])).toEqual([young, old])
  expect(old.lastSaid?.from).toBe('bob')
})

it('sorts chats one can write in first, then by what happened last', () => {
  const rooms = [room('old', [['bob', 10]]), room('over', [['bob', 99]]), room('new', [['bob', 20]])]
  rooms[1]!.state = 'closed'
  expect(sorted(rooms).map(({ groupId }) => groupId)).toEqual(['new', 'old', 'over'])
})

it('finds chats by their Case, their customer and what was said', () => {
  const one = room('a', [['bob', 1]])
  one.about = { id: 'a', caseNumber: '00001026', subject: 'My lamp is dark', status: 'New', customer: 'Bob Miller' }
  const rooms = [one, room('b', [[LI, 1]])]
  for (const search of ['1026', 'LAMP', 'miller dark', 'bob 0']) {
    expect(
      filtered(rooms, 'all', search).map(({ groupId }) => groupId),
      search,
    ).toEqual(['a'])
  }
  expect(filtered(rooms, 'all', 'lamp parcel')).toEqual([])
})

it('knows who waits for an answer, and since when', () => {
  const one = room('a', [
    ['bob', 1],
    [LI, 2],
    ['bob', 5],
    ['bob', 9],
  ])
  expect(
    filtered(
      [
        one,
        room('b', [
          ['bob', 1],
          [LI, 2],
        ]),
      ],
      'waiting',
      '',
    ),
  ).toEqual([one])
  expect(waitingSince(one)).toBe(5)
})

it('counts as unread what others said after we last read or wrote', () => {
  const one = room('a', [
    ['bob', 1],
    [LI, 2],
    ['bob', 3],
    ['bob', 4],
  ])
  expect(one.countUnread()).toBe(2)
  one.readSeq = 3
  expect(one.countUnread()).toBe(1)
})

it('lists those who wait by how long, whoever spoke last', () => {
  const short = room('a', [['bob', 8]])
  const long = room('b', [
    [LI, 2],
    ['ann', 3],
    ['ann', 9],
  ])
  expect(filtered(sorted([short, long]), 'waiting', '')).toEqual([long, short])
  expect(filtered(sorted([short, long]), 'all', '')).toEqual([long, short])
  const later = room('c', [['eve', 20]])
  expect(filtered(sorted([long, later]), 'all', '')).toEqual([later, long])
  expect(filtered(sorted([long, later]), 'waiting', '')).toEqual([long, later])
})
