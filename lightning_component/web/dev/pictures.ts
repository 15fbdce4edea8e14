import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import { openBrowser } from './browser.ts'
import { caseId, tellStory } from './story.ts'

const FOLDER = resolve(import.meta.dirname, '../../../docs/pictures')
const MOST = 150_000

const pictures = [
  { name: 'agent-wide', width: 900, height: 600, dark: false, open: true },
  { name: 'agent-list', width: 400, height: 560, dark: false, open: false },
  { name: 'agent-dark', width: 400, height: 560, dark: true, open: true },
]

/** npm run pictures: those of docs/agents.md. */
export async function main(): Promise<void> {
  const browser = await openBrowser()
  for (const { name, width, height, dark, open } of pictures) {
    const { rooms, host, stop } = await tellStory()
    const { page } = await browser.page(width, height, dark)
    await page.goto(host.url)
    const chat = page.frameLocator('iframe')
    await chat.getByRole('button', { name: /Bob Miller/ }).waitFor()
    if (open) {
      await chat.getByRole('button', { name: /Bob Miller/ }).click()
      await chat.getByRole('log').getByText('white light back').waitFor()
      rooms.tell(caseId(0), { event: 'typing', groupId: caseId(0), userId: 'c0' })
    }
    await page.waitForTimeout(600)
    const path = resolve(FOLDER, `${name}.png`)
    await page.screenshot({ path })
    if (statSync(path).size > MOST) throw new Error(`${path} is larger than ${MOST} bytes`)
    console.log(path)
    await page.close()
    await stop()
  }
  await browser.close()
}
