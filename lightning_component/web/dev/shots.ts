import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Page } from 'playwright-core'

import { openBrowser } from './browser.ts'
import { caseId, ME, tellStory } from './story.ts'

type Story = Awaited<ReturnType<typeof tellStory>>

const frame = (page: Page) => page.frameLocator('iframe')
const openFirst = (page: Page) =>
  frame(page)
    .getByRole('button', { name: /Bob Miller/ })
    .first()
    .click()

interface Shot {
  name: string
  width: number
  height?: number
  dark?: boolean
  story?: Parameters<typeof tellStory>[0]
  act?: (page: Page, story: Story) => Promise<unknown>
}

const shots: Shot[] = [
  { name: 'list', width: 400 },
  {
    name: 'chat',
    width: 400,
    act: async (page, { rooms }) => {
      await openFirst(page)
      await frame(page).getByRole('log').getByText('white light back').waitFor()
      rooms.tell(caseId(0), { event: 'typing', groupId: caseId(0), userId: 'c0' })
    },
  },
  { name: 'dark', width: 400, dark: true, act: openFirst },
  { name: 'narrow', width: 320, act: openFirst },
  { name: 'narrow-list', width: 320, dark: true },
  { name: 'wide', width: 940, act: openFirst },
  { name: 'many', width: 400, story: { cases: 200 } },
  { name: 'long', width: 400, story: { extra: 1000 }, act: openFirst },
  {
    name: 'failed',
    width: 400,
    act: async (page, { rooms }) => {
      await openFirst(page)
      rooms.refuse = { do: 'send', with: { code: 80001, info: 'Message was blocked' } }
      await frame(page).getByRole('textbox', { name: 'Write a message' }).fill('One moment please')
      await page.keyboard.press('Enter')
      await frame(page).getByText('Not sent').waitFor()
    },
  },
  {
    name: 'replies',
    width: 400,
    act: async (page) => {
      await openFirst(page)
      await frame(page).getByRole('textbox', { name: 'Write a message' }).fill('/')
    },
  },
  {
    name: 'emoji',
    width: 320,
    act: async (page) => {
      await openFirst(page)
      await frame(page).getByRole('button', { name: 'Emoji' }).click()
    },
  },
  {
    name: 'search',
    width: 400,
    act: async (page) => {
      await openFirst(page)
      await page.keyboard.press('Control+k')
      await page.keyboard.type('light')
    },
  },
  { name: 'settings', width: 400, act: (page) => frame(page).getByRole('button', { name: 'Settings' }).click() },
  {
    name: 'denied',
    width: 400,
    story: {
      apex: {
        session: () => {
          throw new Error(
            JSON.stringify({ message: 'You need the permission set Chat Relay Agent.', retryable: false }),
          )
        },
      },
    },
  },
  {
    name: 'away',
    width: 400,
    story: {
      apex: {
        session: () => {
          throw new Error(JSON.stringify({ message: 'The relay does not answer.', retryable: true }))
        },
      },
    },
  },
  {
    name: 'files',
    width: 400,
    act: async (page) => {
      await openFirst(page)
      const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 200 } })
      await frame(page)
        .locator('input[type=file]')
        .setInputFiles([
          { name: 'lamp.png', mimeType: 'image/png', buffer: picture },
          { name: 'Manual of the lamp, third edition.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(345_678) },
        ])
    },
  },
  {
    name: 'handed-over',
    width: 400,
    act: async (page, { rooms }) => {
      await openFirst(page)
      await frame(page).getByRole('log').getByText('white light back').waitFor()
      rooms.join(caseId(0), '0055g00000AbCdGAAV', 'Sofia Rossi')
      rooms.leave(caseId(0), ME)
    },
  },
  {
    name: 'ended',
    width: 400,
    dark: true,
    act: async (page, { rooms }) => {
      await openFirst(page)
      await frame(page).getByRole('log').getByText('white light back').waitFor()
      rooms.dismiss(caseId(0))
      await frame(page).getByRole('log').hover()
      await page.mouse.wheel(0, -5000)
    },
  },
  {
    name: 'reconnecting',
    width: 400,
    act: async (page, { rooms }) => {
      await openFirst(page)
      await rooms.stop()
      await frame(page).getByRole('textbox', { name: 'Write a message' }).fill('One moment please')
      await page.keyboard.press('Enter')
    },
  },
  {
    name: 'chinese',
    width: 400,
    act: async (page) => {
      await frame(page).getByRole('button', { name: 'Settings' }).click()
      await frame(page).getByRole('button', { name: '中文' }).click()
      await page.keyboard.press('Escape')
      await openFirst(page)
    },
  },
  { name: 'empty', width: 400, story: { cases: 0 } },
]

/** node dev/run.mjs shots FOLDER [name...]: pictures of every state, to look at. */
export async function main([folder = 'shots', ...names]: string[]): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const browser = await openBrowser()
  for (const { name, width, height = 640, dark, story: setting, act } of shots) {
    if (names.length && !names.includes(name)) continue
    const story = await tellStory(setting)
    const { page, errors } = await browser.page(width, height, dark)
    await page.goto(story.host.url)
    await page.waitForTimeout(700)
    await act?.(page, story)
    await page.waitForTimeout(500)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    console.log(name, errors.length ? errors : 'ok')
    await page.close()
    await story.stop()
  }
  await browser.close()
}
