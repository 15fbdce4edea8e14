import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { hasChromium, openBrowser, type Browser } from '../dev/browser'
import { RoomServer } from './support/room-server'
import { until } from './support/waiting'

const CASE = '5005g00000XyZaBAAV'
const LI = '0055g00000AbCdEAAV'
const DIST = resolve(import.meta.dirname, '../dist/customer')

const PAGE = `<!doctype html><link rel="stylesheet" href="/customer-chat.css"><div id="chat"></div>
<script type="module" src="/page.js"></script>`
const script = (login: object) => `import { mountCustomerChat } from '/customer-chat.js'
document.querySelector('#chat').style.height = '500px'
mountCustomerChat(document.querySelector('#chat'), {
  login: ${JSON.stringify(login)}, groupId: '${CASE}', locales: ['en'],
  renew: async () => (${JSON.stringify(login)}), onEnded: () => { document.title = 'ended' },
})`

/** The module that a customer's page takes, as built. */
describe.skipIf(!hasChromium)("the customer's page", { timeout: 30_000 }, () => {
  let browser: Browser
  let rooms: RoomServer
  let server: Server
  let page: Page

  beforeAll(async () => {
    rooms = await RoomServer.start()
    rooms.open(CASE, 'My lamp is dark', { bob: 'Bob' })
    const files: Record<string, [string, () => string | Buffer]> = {
      '/': ['text/html', () => PAGE],
      '/page.js': ['text/javascript', () => script(rooms.login('bob'))],
      '/customer-chat.js': ['text/javascript', () => readFileSync(resolve(DIST, 'customer-chat.js'))],
      '/customer-chat.css': ['text/css', () => readFileSync(resolve(DIST, 'customer-chat.css'))],
    }
    server = createServer(({ url = '' }, response) => {
      const [type, content] = files[url] ?? ['text/plain', () => '']
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(content())
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    browser = await openBrowser()
    ;({ page } = await browser.page(420, 600))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })

  afterAll(async () => {
    await browser.close()
    server.close()
    await rooms.stop()
  })

  it('sees an agent come, talks with him, and is told when the chat ends', async () => {
    await page.getByRole('textbox', { name: 'Write a message' }).fill('It is dark')
    await page.keyboard.press('Enter')
    await until(() => rooms.rooms.get(CASE)!.messages.length === 1)
    rooms.join(CASE, LI, 'Li Na')
    await page.getByText('Li Na joined').waitFor()
    rooms.say(CASE, LI, 'Switch it on')
    await page.getByRole('log').getByText('Switch it on').waitFor()
    expect(await page.getByRole('button', { name: 'Quick replies' }).count()).toBe(0)
    rooms.dismiss(CASE)
    await page.getByText('This chat has ended.').waitFor()
    expect(await page.title()).toBe('ended')
  })
})
