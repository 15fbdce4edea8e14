import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect, it } from 'vitest'

import { readElements, textElement } from '../src/chat/elements'
import { createI18n, languages, pickLanguage } from '../src/i18n'
import { en } from '../src/i18n/en'
import { relayLine } from '../src/store/relay-lines'
import { inWords, pieces } from '../src/store/words'
import { fileSize } from '../src/ui/times'

const SOURCE = resolve(import.meta.dirname, '../src')
const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort()
const { t } = createI18n(['en'])

it.each(Object.keys(languages))('%s has every text, with the same holes to fill', (language) => {
  const { texts, replies } = languages[language]!
  expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort())
  for (const [key, text] of Object.entries(en)) {
    expect(holes(texts[key as keyof typeof en]), `${language}.${key}`).toEqual(holes(text))
    expect(texts[key as keyof typeof en].trim()).not.toBe('')
  }
  expect(replies.length).toBeGreaterThan(0)
})

it('no text is there for nothing', () => {
  const source = [...readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })].filter((file) =>
    /\.(vue|ts)$/.test(file),
  )
  const used = source.filter((file) => !file.startsWith('i18n')).map((file) => readFileSync(join(SOURCE, file), 'utf8'))
  expect(Object.keys(en).filter((key) => !used.some((text) => text.includes(`'${key}'`)))).toEqual([])
})

it.each([
  [['zh_CN'], 'zh'],
  [['zh-Hans-CN', 'en'], 'zh'],
  [['fr-FR', 'en-US'], 'en'],
  [['fr'], 'en'],
  [[], 'en'],
])('%j is answered in %s', (wanted, language) => expect(pickLanguage(wanted)).toBe(language))

it('fills in what belongs into a text', () => {
  expect(t('unreadCount', { n: 3 })).toBe('3 unread')
})

it('makes links of addresses, without the dot behind them, and of nothing else', () => {
  expect(pieces('See https://a.example/b?c=1. Or javascript:alert(1)')).toEqual([
    { text: 'See ' },
    { text: 'https://a.example/b?c=1', href: 'https://a.example/b?c=1' },
    { text: '. Or javascript:alert(1)' },
  ])
})

it.each([
  [13, 'en', '13 bytes'],
  [1, 'en', '1 byte'],
  [20_000, 'en', '20 kB'],
  [13, 'zh', '13字节'],
])('writes %d bytes in %s as %s', (bytes, locale, text) => expect(fileSize(bytes, locale)).toBe(text))

it.each([
  ['https://a.example/wiki/Lamp_(bulb)', 'https://a.example/wiki/Lamp_(bulb)'],
  ['(see https://a.example/b)', 'https://a.example/b'],
  ['(see https://a.example/wiki/Lamp_(bulb)).', 'https://a.example/wiki/Lamp_(bulb)'],
  ['https://a.example/?q[]=1&r=[x]', 'https://a.example/?q[]=1&r=[x]'],
  ['[https://a.example/b]!', 'https://a.example/b'],
  ['https://a.example/a)b', 'https://a.example/a)b'],
  ['请看https://a.example/b，谢谢', 'https://a.example/b'],
  ['（https://a.example/b）', 'https://a.example/b'],
])('of %s, the link is %s', (text, link) => {
  expect(pieces(text).filter(({ href }) => href)).toEqual([{ text: link, href: link }])
})

it('no address is no link', () => {
  expect(pieces('http://) https://...')).toEqual([{ text: 'http://) https://...' }])
})

it("tells the relay's lines in the language of who reads, and what an operator worded himself as it is", () => {
  const zh = createI18n(['zh']).t
  expect(relayLine('Maria Santos has joined the chat.', zh)).toBe('Maria Santos 加入了聊天。')
  expect(relayLine('Li (Tier 2) has left the chat.', zh)).toBe('Li (Tier 2) 离开了聊天。')
  expect(relayLine('This case has been closed.', zh)).toBe('此个案已关闭。')
  expect(relayLine('This case has been closed.', t)).toBe('This case has been closed.')
  expect(relayLine('Maria ist jetzt da.', zh)).toBe('Maria ist jetzt da.')
})

it('knows the lines that the relay writes unless it is told others', () => {
  const settings = readFileSync(resolve(import.meta.dirname, '../../../relay/settings.py'), 'utf8')
  const lines = [...settings.matchAll(/"RELAY_(?:JOINED|LEFT|CLOSED)_LINE", "([^"]+)"/g)].map(([, line]) => line)
  expect(lines).toEqual([en.lineJoined, en.lineLeft, en.lineClosed])
})

it('marks what was searched for', () => {
  expect(pieces('Light, light!', 'light').filter(({ hit }) => hit)).toHaveLength(2)
})

it('shows elements that it does not know as such, and sends no browser to a bad address', () => {
  const elements = readElements([
    { MsgType: 'TIMRelayElem', MsgContent: {} },
    { MsgType: 'TIMFileElem', MsgContent: { Url: 'javascript:alert(1)', FileName: 'a.pdf', FileSize: 3 } },
    null,
  ])
  expect(elements.map(({ MsgType }) => MsgType)).toEqual(['other', 'TIMFileElem', 'other'])
  expect(elements[1]).toMatchObject({ MsgContent: { Url: '', FileName: 'a.pdf' } })
  expect(readElements('nonsense')).toEqual([])
})

it('says a message in words', () => {
  expect(inWords([textElement('Hello'), { MsgType: 'other', MsgContent: { was: 'x' } }], t)).toMatch(/^Hello This kind/)
})
