import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

import { expect, it } from 'vitest'

const SITES = resolve(import.meta.dirname, '../../main/cspTrustedSites')
const sdk = readFileSync(createRequire(import.meta.url).resolve('@tencentcloud/chat'), 'utf8')

const trusted = readdirSync(SITES).map((file) => {
  const [, url = ''] = readFileSync(resolve(SITES, file), 'utf8').match(/<endpointUrl>(.*)<\/endpointUrl>/) ?? []
  return url
})
// Hosts of Tencent's own developers, and addresses of last resort, which no CSP entry of Salesforce can name by host.
const notDialled = (url: string) => url.includes('-dev.') || /\/\/[\d.]+$/.test(url)
const covers = (pattern: string, url: string) =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replace('*', '[a-z0-9*.-]+')}$`).test(url)

it('the trusted sites cover every socket and statistics host in the SDK, of every region', () => {
  const dialled = [...new Set(sdk.match(/(?:wss|https):\/\/[a-z0-9*.-]+\.(?:com|cn)/g))].filter(
    (url) => !notDialled(url),
  )
  expect(dialled.length).toBeGreaterThan(30)
  expect(dialled.filter((url) => !trusted.some((pattern) => covers(pattern, url)))).toEqual([])
})

it('no trusted site is there for nothing', () => {
  const hosts = sdk.match(/[a-z0-9-]+(?:\.[a-z0-9-]+)+\.(?:com|cn)/g)!
  const needed = [...hosts, 'x.cos.ap-guangzhou.myqcloud.com', 'x.imrich.qcloud.com']
  const idle = trusted.filter(
    (pattern) => !needed.some((host) => covers(pattern, pattern.split('//')[0] + '//' + host)),
  )
  expect(idle).toEqual([])
})
