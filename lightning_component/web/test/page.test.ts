import { inflateRawSync } from 'node:zlib'

import { expect, it } from 'vitest'

import { zip } from '../build/zip'
import { installShims, memoryStorage } from '../src/shims'
import { Memory } from '../src/store/memory'

const blocked = (): Storage => {
  throw new DOMException('denied', 'SecurityError')
}

it('gives the SDK a storage where the browser denies it one, and takes its workers away', () => {
  const page = Object.defineProperty({ Worker: class {} }, 'localStorage', { get: blocked, configurable: true })
  installShims(page as unknown as typeof globalThis)
  const { localStorage, Worker } = page as unknown as { localStorage: Storage; Worker: unknown }
  localStorage.setItem('a', '1')
  expect([localStorage.getItem('a'), localStorage.getItem('b'), localStorage.length]).toEqual(['1', null, 1])
  expect(Worker).toBeUndefined()
})

it('leaves a storage that works alone', () => {
  const localStorage = memoryStorage()
  const page = { localStorage, sessionStorage: memoryStorage(), Worker: undefined }
  installShims(page as unknown as typeof globalThis)
  expect(page.localStorage).toBe(localStorage)
})

it('keeps a draft over a reload, and till the end of the page where nothing may be stored', () => {
  const storage = memoryStorage()
  new Memory('li.', () => storage).set('draft.a', 'half a sen')
  const reloaded = new Memory('li.', () => storage)
  expect(reloaded.get('draft.a', '')).toBe('half a sen')
  reloaded.set('draft.a', undefined)
  expect(new Memory('li.', () => storage).get('draft.a', '')).toBe('')

  const denied = new Memory('li.', blocked)
  denied.set('draft.a', 'half a sen')
  expect(denied.get('draft.a', '')).toBe('half a sen')
})

it('does not stumble over what somebody else has stored', () => {
  const storage = memoryStorage()
  storage.setItem('li.replies', '{not json')
  expect(new Memory('li.', () => storage).get('replies', ['default'])).toEqual(['default'])
})

it('makes the same zip of the same files, whatever order they come in', () => {
  const files = ['index.html', 'app.js'].map((name) => ({ name, data: Buffer.from(name.repeat(20)) }))
  const packed = zip(files)
  expect(packed.equals(zip(files.reverse()))).toBe(true)
  expect(packed.indexOf('app.js')).toBeLessThan(packed.indexOf('index.html'))
  const start = 30 + 'app.js'.length
  const data = packed.subarray(start, start + packed.readUInt32LE(18))
  expect(String(inflateRawSync(data))).toBe('app.js'.repeat(20))
})
