import { caseId, ME, tellStory } from './story.ts'

/** npm run look: the widget in a browser, without Salesforce and Tencent. */
export async function main([port = '5180', cases = '6', extra = '0']: string[]): Promise<void> {
  const { rooms, host } = await tellStory({ port: Number(port), cases: Number(cases), extra: Number(extra) })
  console.log(`${host.url}  (stop with Ctrl-C; each Enter lets the first customer say something)`)
  process.stdin.on('data', (line) => rooms.say(caseId(0), 'c0', String(line).trim() || 'Are you there?'))
  console.log(`You are ${ME}.`)
}
