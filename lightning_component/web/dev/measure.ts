import { openBrowser } from './browser.ts'
import { tellStory } from './story.ts'

/** Said in the story whatever else is. */
const TOLD = 11

interface Round {
  /** Milliseconds from the start of the page around the container until all Cases were painted. */
  list: number
  /** How many there were in the end. */
  cases: number
  messages: number
  /** Milliseconds between two frames while one scrolled. */
  frames: number[]
}

/** node dev/run.mjs measure 200 1000 3: prints what an agent waits for, a line of JSON for each round. */
export async function main([cases = '200', messages = '1000', rounds = '1']: string[]): Promise<void> {
  const browser = await openBrowser()
  try {
    for (let n = 0; n < Number(rounds); n++) {
      console.log(JSON.stringify(await measure(browser, Number(cases), Number(messages))))
    }
  } finally {
    await browser.close()
  }
}

async function measure(browser: Awaited<ReturnType<typeof openBrowser>>, cases: number, messages: number) {
  const story = await tellStory({ cases, extra: Math.max(messages - TOLD, 0) })
  const { page } = await browser.page(400, 640)
  try {
    await page.addInitScript(watchList, cases)
    await page.goto(story.host.url)
    const chat = page.frameLocator('iframe')
    await chat.locator(`nav li >> nth=${cases - 1}`).waitFor({ state: 'attached' })
    const frame = page.frames().find((one) => one.url().includes('/tim_bar/'))!
    await frame.waitForFunction(() => (window as any).paintedAt)
    const began = await page.evaluate(() => performance.timeOrigin)
    await chat
      .getByRole('button', { name: /Bob Miller/ })
      .first()
      .click()
    await chat.getByRole('log').getByText('white light back').waitFor()
    const round: Round = {
      list: (await frame.evaluate(() => (window as any).paintedAt)) - began,
      cases: await chat.locator('nav li').count(),
      frames: await frame.evaluate(scrollUp, messages),
      messages: await chat.locator('[data-seq]').count(),
    }
    return round
  } finally {
    await page.close()
    await story.stop()
  }
}

/** Runs in each frame before its own scripts: notes when the last Case had been painted, which is a frame after it came. */
function watchList(cases: number): void {
  let rows = 0
  const look = () => {
    if (rows >= cases) return Object.assign(window, { paintedAt: performance.timeOrigin + performance.now() })
    rows = document.querySelectorAll('nav li').length
    return requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** Runs in the container: scrolls to the very top as a reader does; gives the times between two frames. */
export async function scrollUp(messages: number): Promise<number[]> {
  const log = document.querySelector('[role=log]')!
  const frames: number[] = []
  let last = performance.now()
  for (let still = 0; still < 40; ) {
    const before = log.scrollTop
    log.scrollTop -= 400
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    frames.push(now - last)
    last = now
    const count = document.querySelectorAll('[data-seq]').length
    still = log.scrollTop === before || (count >= messages && log.scrollTop < 2) ? still + 1 : 0
  }
  return frames.slice(0, -40)
}
