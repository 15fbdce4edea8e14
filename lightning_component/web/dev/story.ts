import { RoomServer } from '../test/support/room-server.ts'
import { serveHost, type Apex } from './serve.ts'

export const ME = '0055g00000AbCdEAAV'
const WEI = '0055g00000AbCdFAAV'

const CASES: [
  customer: string,
  subject: string,
  status: string,
  said: [minutesAgo: number, who: 'c' | 'a' | 'w' | 'r', text: string][],
][] = [
  [
    'Bob Miller',
    'My lamp is dark',
    'Working',
    [
      [64, 'c', 'Hello, the lamp I got last week does not work any more.'],
      [63, 'w', 'Hello Bob, I am sorry to hear that. Does the small light at its foot still blink?'],
      [61, 'c', 'No, nothing at all.'],
      [60, 'c', 'I tried another socket, too 🤔'],
      [58, 'w', 'Thank you. I am handing you over to my colleague Li Na, who knows these lamps best.'],
      [25, 'r', 'Li Na has joined the chat.'],
      [25, 'r', 'Wei Chen has left the chat.'],
      [22, 'a', 'Hi Bob, Li Na here. I have read everything above.'],
      [21, 'a', 'Please press the button for ten seconds. This is how: https://help.example.com/lamp/reset'],
      [9, 'c', 'It is on again! 🎉'],
      [8, 'c', 'But it is rather yellow now. Can I get the white light back?'],
    ],
  ],
  ['王伟', '发票抬头需要修改', 'New', [[3, 'c', '你好，我的发票抬头写错了，可以帮我改一下吗？']]],
  [
    'Aisha Khan',
    'Parcel 88213 has not arrived',
    'Working',
    [
      [95, 'c', 'It should have been here on Monday.'],
      [90, 'a', 'I am asking the carrier and come back to you today.'],
    ],
  ],
  [
    'Jonas Weber',
    'Cannot sign in after the update',
    'Escalated',
    [
      [130, 'c', 'The app says “unknown device”.'],
      [128, 'a', 'Which version do you see under Settings, About?'],
      [47, 'c', '4.2.1'],
    ],
  ],
  [
    'Maria Lopes',
    'Two charges for one order',
    'Working',
    [
      [1500, 'c', 'I was charged twice.'],
      [1490, 'a', 'The second one is on its way back to you.'],
      [1485, 'c', 'Perfect, thank you!'],
    ],
  ],
  [
    'Chen Yu',
    'Change of address',
    'Working',
    [
      [2900, 'c', 'I have moved.'],
      [2890, 'a', 'Done. Is there anything else?'],
    ],
  ],
]

export const caseId = (n: number) => `5005g00000${String(n).padStart(5, '0')}AAA`

/** A morning at the desk of the agent Li Na, for looking at the widget and for its pictures. */
export async function tellStory({
  cases = CASES.length,
  extra = 0,
  port = 0,
  sameSite = false,
  tencent = false,
  apex = {} as Partial<Apex>,
} = {}) {
  const rooms = await RoomServer.start()
  const now = Math.floor(Date.now() / 1000)
  const list: object[] = []
  for (let n = 0; n < cases; n++) {
    const [customer, subject, status, said] = CASES[n % CASES.length]!
    const id = caseId(n)
    const people = { [`c${n}`]: customer, [ME]: 'Li Na', [WEI]: 'Wei Chen' }
    rooms.open(id, subject, people)
    const from = { c: `c${n}`, a: ME, w: WEI, r: 'administrator' }
    for (let m = 0; n === 0 && m < extra; m++) {
      rooms.say(id, m % 3 ? `c${n}` : WEI, `Earlier message ${m + 1}`, { time: now - 90_000 + m * 60 })
    }
    const later = Math.floor(n / CASES.length) * 7
    for (const [ago, who, text] of said) rooms.say(id, from[who], text, { time: now - (ago + later) * 60 })
    const caseNumber = String(10_241 + n).padStart(8, '0')
    list.push({ id, caseNumber, subject, status, customer, ownerId: ME, ownerName: 'Li Na' })
  }
  const history: Apex['history'] = ({ caseId: id, before }) => {
    const older = rooms.rooms.get(id)!.messages.filter(({ seq }) => before === null || seq < before)
    return { messages: older.slice(-50), complete: true }
  }
  const { socketUrl, ...login } = rooms.login(ME)
  const host = await serveHost({
    apex: { session: () => login, cases: () => list, history, ...apex },
    socketUrl: tencent ? '' : socketUrl,
    pictures: `http://127.0.0.1:${rooms.port}`,
    port,
    sameSite,
  })
  return {
    rooms,
    host,
    async stop() {
      host.stop()
      await rooms.stop()
    },
  }
}
