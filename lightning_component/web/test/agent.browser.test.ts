import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

import type { Frame, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { hasChromium, openBrowser, type Browser } from '../dev/browser'
import { scrollUp } from '../dev/measure'
import { caseId, ME, tellStory } from '../dev/story'
import { TencentSocket } from './support/tencent-socket'
import { until } from './support/waiting'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
const BOB = caseId(0)
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p7jQWQAAAABJRU5ErkJggg==',
  'base64',
)

/** The built container under a strict CSP, with the real controller and helper around it. */
describe.skipIf(!hasChromium)('in the browser', { timeout: 40_000 }, () => {
  let browser: Browser
  let story: Awaited<ReturnType<typeof tellStory>>
  let page: Page
  let errors: string[]

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    await page.close()
    await story.stop()
  })

  async function open(setting: Parameters<typeof tellStory>[0] = {}, before?: (page: Page) => Promise<unknown>) {
    story = await tellStory(setting)
    ;({ page, errors } = await browser.page(400, 640))
    await before?.(page)
    await page.goto(story.host.url)
    await chat().getByRole('searchbox').waitFor()
    await chat().locator('li').first().waitFor()
  }

  const chat = () => page.frameLocator('iframe')
  const frame = (): Frame => page.frames().find((one) => one.url().includes('/tim_bar/'))!
  const log = () => chat().getByRole('log')
  const composer = () => chat().getByRole('textbox', { name: 'Write a message' })
  const row = (name: RegExp) => chat().getByRole('button', { name }).first()
  const said = () => story.rooms.rooms.get(BOB)!.messages.map(({ elements }) => (elements[0] as any).MsgContent.Text)
  const seen = (what: 'records' | 'messages') => page.evaluate((key) => (window as any).seen[key], what)
  const openBob = async () => {
    await row(/Bob Miller/).click()
    await log().getByText('white light back').waitFor()
  }

  const findings = async () => {
    await frame().evaluate(axe)
    const { violations } = await frame().evaluate(() =>
      (window as any).axe.run(document, { resultTypes: ['violations'] }),
    )
    return violations
      .filter(({ impact }: any) => ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }: any) => [id, nodes[0].html])
  }

  it('both talk, and nothing breaks the CSP', async () => {
    await open()
    await openBob()
    await composer().fill('Hold it for five seconds')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('then let go.')
    await page.keyboard.press('Enter')
    await until(() => said().at(-1) === 'Hold it for five seconds\nthen let go.')
    story.rooms.say(BOB, 'c0', 'White again, thank you!')
    await log().getByText('White again').waitFor()
    expect(errors.filter((error) => !error.includes('404'))).toEqual([])
  })

  it('shows in the utility bar what is unread, and opens the Case', async () => {
    await open()
    await page.getByText('Customer chat (5)').waitFor()
    await openBob()
    await page.getByText('Customer chat (3)').waitFor()
    await chat().getByRole('button', { name: 'Open Case' }).click()
    await until(async () => (await seen('records')).length)
    expect(await seen('records')).toEqual([[BOB, 'tab']])
  })

  it('can be used with the keyboard alone', async () => {
    await open()
    await chat().getByRole('searchbox').focus()
    await page.keyboard.type('lamp')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await composer().waitFor()
    await page.keyboard.type('/wait')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await until(() => said().at(-1) === 'Thank you for waiting.')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('yellow')
    await chat().getByText('1 of 1').waitFor()
    await page.keyboard.press('Escape')
    await composer().focus()
    await page.keyboard.press('Escape')
    await chat().getByRole('searchbox', { name: 'Search chats' }).waitFor()
    expect(await frame().evaluate(() => document.activeElement?.textContent)).toContain('Bob Miller')
  })

  it('opens and closes with keys one thing at a time, and the focus is where it was', async () => {
    await open()
    const focused = () => frame().evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await chat().getByRole('button', { name: 'Settings' }).click()
    await chat().getByRole('button', { name: 'Light', exact: true }).click()
    await page.keyboard.press('Escape')
    await chat().getByText('Appearance').waitFor({ state: 'hidden' })
    expect(await focused()).toBe('Settings')
    await openBob()
    for (const name of ['Emoji', 'Quick replies']) {
      await chat().getByRole('button', { name }).click()
      await chat().locator('.popup').waitFor()
      await page.keyboard.press('Escape')
      await chat().locator('.popup').waitFor({ state: 'hidden' })
      expect(await focused()).toBe('Write a message')
    }
    await chat().getByRole('button', { name: 'Quick replies' }).click()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    expect(await composer().inputValue()).toBe('Could you tell me a bit more about what happens?')
    await composer().fill('')
    await chat().locator('input[type=file]').setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: PIXEL })
    await log().getByRole('button', { name: 'Picture' }).click()
    await page.keyboard.press('Escape')
    await chat().getByRole('dialog').waitFor({ state: 'hidden' })
    await composer().waitFor()
    expect(await log().count()).toBe(1)
    await composer().focus()
    await page.keyboard.press('Escape')
    await log().waitFor({ state: 'hidden' })
  })

  it('sends a picture and a file, and shows those that come', async () => {
    await open()
    await openBob()
    await chat()
      .locator('input[type=file]')
      .setInputFiles([
        { name: 'lamp.png', mimeType: 'image/png', buffer: PIXEL },
        { name: 'manual.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(200_000) },
      ])
    const link = log().getByRole('link', { name: 'Download manual.pdf' })
    await link.waitFor()
    expect(await link.getAttribute('href')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files\//)
    await until(() =>
      frame().evaluate(() => [...document.querySelectorAll('img')].some((one) => one.naturalWidth === 1)),
    )
    await chat().getByRole('button', { name: 'Picture', exact: true }).click()
    await chat().getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    expect(await chat().getByRole('dialog').count()).toBe(0)
  })

  it.each(['en', 'zh'])('keeps everything inside a panel of 320 px, %s', async (language) => {
    const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(3)
    await open({ cases: 120, sameSite: true }, (narrow) => narrow.setViewportSize({ width: 320, height: 560 }))
    await frame().evaluate((now) => localStorage.setItem('tim.language', JSON.stringify(now)), language)
    await page.reload()
    page.setDefaultTimeout(5_000)
    const field = chat().locator('textarea')
    const steps: Record<string, () => Promise<unknown>> = {
      list: () => row(/Bob Miller/).waitFor(),
      settings: () => chat().locator('.top .tool').click(),
      'nothing found': async () => {
        await chat().locator('.settings .close').click()
        await chat().getByRole('searchbox').fill(long)
      },
      chat: async () => {
        await chat().getByRole('searchbox').fill('')
        await row(/Bob Miller/).click()
        story.rooms.join(BOB, 'c999', long)
        story.rooms.say(BOB, 'c0', `https://example.com/${long}`)
        story.rooms.say(BOB, 'c999', long)
        story.rooms.say(BOB, 'administrator', `${long} has left the chat.`)
        await log().getByText(/has left the chat|离开了聊天/).last().waitFor()
      },
      'quick replies': () => field.fill('/'),
      emoji: async () => {
        await field.fill(long)
        await chat().locator('.composer .tool').first().click()
      },
      'not sent': async () => {
        story.rooms.refuse = { do: 'send', with: { code: 80001, info: long } }
        await field.press('Escape')
        await field.press('Enter')
        await chat().locator('.failed').waitFor()
      },
      search: () => page.keyboard.press('Control+k'),
      'taken off': async () => {
        story.rooms.leave(BOB, ME)
        await chat().locator('.read-only').waitFor()
      },
      elsewhere: async () => {
        story.rooms.kick('elsewhere')
        await chat().locator('.banner button').waitFor()
      },
    }
    const found: Record<string, string[]> = {}
    for (const [name, step] of Object.entries(steps)) {
      await step()
      found[name] = await frame().evaluate(outside)
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(steps).map((name) => [name, []])))
  })

  it('refuses a file that is too large, and says so', async () => {
    await open()
    await openBob()
    const buffer = Buffer.alloc(9 * 1024 * 1024)
    await chat()
      .locator('input[type=file]')
      .setInputFiles([{ name: 'film.bin', mimeType: 'application/x', buffer }])
    await chat().getByText('film.bin is larger than').waitFor()
  })

  it('runs the real Tencent SDK, from the signature to an answer', async () => {
    const tencent = await TencentSocket.start(BOB)
    const dialled: string[] = []
    const apex = { history: () => ({ messages: [], complete: true }) }
    await open({ tencent: true, cases: 1, apex }, (routed) =>
      routed.routeWebSocket(/.*/, (line) => {
        dialled.push(new URL(line.url()).host)
        const hear = tencent.connected((data) => line.send(data))
        line.onMessage((data) => hear(String(data)))
      }),
    )
    await row(/Bob Miller/).click()
    tencent.say('c0', 'It is dark', { GroupInfo: { GroupId: BOB, From_AccountNick: 'Bob', GroupType: 'Public' } })
    await log().getByText('It is dark').waitFor()
    await composer().fill('Switch it on')
    await page.keyboard.press('Enter')
    await until(() => tencent.messages.at(-1)?.MsgBody[0].MsgContent.Text === 'Switch it on')
    await log().getByText('Switch it on').waitFor()
    expect(dialled).toEqual(['1400000000w4c.my-imcloud.com'])
    // There is no network here: the SDK looks for its error texts on one host after the other.
    const broken = errors.filter(
      (error) => error.includes('Content Security Policy') && !error.includes('error-message'),
    )
    expect(broken).toEqual([])
    await tencent.stop()
  })

  it('keeps a draft over a reload', async () => {
    await open({ sameSite: true })
    await openBob()
    await composer().fill('half a sen')
    await page.reload()
    await chat().getByText('half a sen').first().waitFor()
  })

  it('works where storage is blocked', async () => {
    await open({}, (blocked) =>
      blocked.addInitScript(() => {
        const get = () => {
          throw new DOMException('blocked', 'SecurityError')
        }
        for (const name of ['localStorage', 'sessionStorage'])
          Object.defineProperty(window, name, { get, configurable: true })
      }),
    )
    await openBob()
    await composer().fill('still here')
    await page.keyboard.press('Enter')
    await until(() => said().at(-1) === 'still here')
  })

  it('signs in again when the signature expires in the middle of a chat, and loses nothing', async () => {
    await open()
    await openBob()
    story.rooms.kick('expired')
    story.rooms.say(BOB, 'c0', 'said meanwhile')
    await log().getByText('said meanwhile').waitFor()
    const messages: string[][] = await seen('messages')
    expect(messages.filter(([, type]) => type === 'renew').length).toBeGreaterThan(0)
  })

  it('tells an agent that he was taken off, and lets him only read', async () => {
    await open()
    await openBob()
    expect(await chat().locator('header .status').count()).toBe(1)
    story.rooms.leave(BOB, ME)
    await log().getByText('You were taken off this Case').waitFor()
    await chat().getByText('You are no longer in this chat.').waitFor()
    expect(await composer().count()).toBe(0)
    expect(await chat().locator('header .status').count(), 'a status that nobody tells any more').toBe(0)
  })

  it('speaks Chinese when told to, at once and after a reload', async () => {
    await open({ sameSite: true })
    await chat().getByRole('button', { name: 'Settings' }).click()
    await chat().getByRole('button', { name: '中文' }).click()
    await chat().getByRole('searchbox', { name: '搜索聊天' }).waitFor()
    await page.reload()
    await chat().getByRole('searchbox', { name: '搜索聊天' }).waitFor()
  })

  it('offers the quick replies of the language that was chosen, while there are none of the agent himself', async () => {
    await open()
    await chat().getByRole('button', { name: 'Settings' }).click()
    await chat().getByRole('button', { name: '中文' }).click()
    await page.keyboard.press('Escape')
    await openBob()
    await chat().getByRole('textbox').fill('/')
    await chat().getByText('感谢您的耐心等待。').waitFor()
  })

  it('takes the quick reply that is highlighted, be it by the keys or by the mouse', async () => {
    await open()
    await openBob()
    await composer().fill('/')
    await chat().getByRole('button', { name: 'Thank you for waiting.', exact: true }).hover()
    expect(await chat().locator('li.chosen').allInnerTexts()).toEqual(['Thank you for waiting.'])
    await page.keyboard.press('Enter')
    expect(await composer().inputValue()).toBe('Thank you for waiting.')
  })

  it('shows 200 Cases and scrolls a thousand messages without a hitch', async () => {
    await open({ cases: 200, extra: 1000 })
    await until(() => frame().evaluate(() => document.querySelectorAll('nav li').length === 200), 'the list', 10_000)
    await openBob()
    const slowest = Math.max(...(await frame().evaluate(scrollUp, 1011)))
    const messages = await frame().evaluate(() => document.querySelectorAll('[data-seq]').length)
    expect(messages).toBe(1011)
    const numbers = await frame().evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[data-seq]')].map((one) => Number(one.dataset.seq)),
    )
    expect(numbers).toEqual(Array.from({ length: 1011 }, (_, n) => n + 1))
    expect(slowest).toBeLessThan(1000)
  })

  it.each(['light', 'dark'] as const)('has no serious finding of axe, %s', async (colorScheme) => {
    await open({}, (coloured) => coloured.emulateMedia({ colorScheme }))
    expect(await findings()).toEqual([])
    await chat().getByRole('button', { name: 'Settings' }).click()
    expect(await findings()).toEqual([])
    await page.keyboard.press('Escape')
    await openBob()
    await composer().fill('/')
    expect(await findings()).toEqual([])
    await composer().fill('')
    await chat().getByRole('button', { name: 'Emoji' }).click()
    expect(await findings()).toEqual([])
    await page.keyboard.press('Escape')
    await chat().locator('input[type=file]').setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: PIXEL })
    await log().getByRole('button', { name: 'Picture' }).click()
    expect(await findings()).toEqual([])
    await chat().getByRole('button', { name: 'Close' }).click()
    await chat().getByRole('button', { name: 'Search in this chat' }).click()
    await page.keyboard.type('light')
    await chat().getByText('1 of 2').waitFor()
    expect(await findings()).toEqual([])
    await page.keyboard.press('Escape')
    story.rooms.refuse = { do: 'send', with: { code: 80001, info: 'Message was blocked' } }
    await composer().fill('One moment')
    await page.keyboard.press('Enter')
    await log().getByText('Not sent').waitFor()
    await story.rooms.stop()
    await chat().getByText('Reconnecting').waitFor()
    expect(await findings()).toEqual([])
  })

  it.each(['light', 'dark'] as const)('has none where one may not chat, either, %s', async (colorScheme) => {
    const denied = () => {
      throw new Error(JSON.stringify({ message: 'You need the permission set Chat Relay Agent.', retryable: false }))
    }
    story = await tellStory({ apex: { session: denied } })
    ;({ page, errors } = await browser.page(320, 560))
    await page.emulateMedia({ colorScheme })
    await page.goto(story.host.url)
    await chat().getByText('You may not use the chat.').waitFor()
    expect(await findings()).toEqual([])
  })
})

/** What one would see beyond the edges, or could scroll sideways to; text that ends with an ellipsis is cut on purpose. */
function outside(): string[] {
  const isCut = (one: Element) => one.closest('.heard') || getComputedStyle(one).textOverflow === 'ellipsis'
  const seen = [...document.querySelectorAll('.tim *')].filter(
    (one) => !isCut(one) && !(one.parentElement && isCut(one.parentElement)),
  )
  const beyond = seen.filter((one) => {
    const { left, right, width } = one.getBoundingClientRect()
    return width > 0 && (left < -0.5 || right > innerWidth + 0.5)
  })
  const sideways = seen.filter(
    (one) =>
      one.tagName !== 'INPUT' &&
      one.scrollWidth > one.clientWidth + 1 &&
      getComputedStyle(one).overflowX !== 'visible',
  )
  return [...new Set([...beyond, ...sideways])].map(
    (one) => `${one.tagName}.${one.className} ${one.textContent?.slice(0, 40)}`,
  )
}
