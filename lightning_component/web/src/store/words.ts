import type { Element } from '../chat/elements'
import type { Translate } from '../i18n'

/** A message in a few words: for the list, for the live region, for search. */
export function inWords(elements: readonly Element[], t: Translate): string {
  return elements.map((element) => elementInWords(element, t)).join(' ')
}

function elementInWords(element: Element, t: Translate): string {
  switch (element.MsgType) {
    case 'TIMTextElem':
      return element.MsgContent.Text
    case 'TIMFaceElem':
      return element.MsgContent.Data
    case 'TIMImageElem':
      return `[${t('image')}]`
    case 'TIMFileElem':
      return element.MsgContent.FileName || `[${t('file')}]`
    case 'TIMSoundElem':
      return t('voice', { n: element.MsgContent.Second })
    case 'TIMVideoFileElem':
      return `[${t('video')}]`
    case 'TIMCustomElem':
      return element.MsgContent.Desc || t('unknown')
    case 'other':
      return t('unknown')
  }
}

/** Only what was written. */
export function plainText(elements: readonly Element[]): string {
  return elements.map((one) => (one.MsgType === 'TIMTextElem' ? one.MsgContent.Text : '')).join(' ')
}

export interface Piece {
  text: string
  href?: string
  hit?: boolean
}

const LINK = /\bhttps?:\/\/[^\s<>"'.,;:!?()[\]{}，。；：！？（）【】][^\s<>"'，。；：！？（）【】]*/g
const BRACKETS: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

/** Text cut into plain parts, links, and what was searched for. */
export function pieces(text: string, search = ''): Piece[] {
  const parts: Piece[] = []
  let at = 0
  for (const match of text.matchAll(LINK)) {
    const link = withoutEnd(match[0])
    parts.push(...marked(text.slice(at, match.index), search), { text: link, href: link })
    at = match.index + link.length
  }
  return [...parts, ...marked(text.slice(at), search)].filter((piece) => piece.text)
}

/** What ends a sentence ends the link, too; so does a bracket that was opened before it. */
function withoutEnd(link: string): string {
  const open: Record<string, number> = { ')': 0, ']': 0, '}': 0 }
  let end = 0
  for (let at = 0; at < link.length; at++) {
    const sign = link[at]!
    const closing = BRACKETS[sign]
    if (closing) open[closing]! += 1
    if (sign in open ? open[sign]!-- > 0 : !'.,;:!?'.includes(sign)) end = at + 1
  }
  return link.slice(0, end)
}

function marked(text: string, search: string): Piece[] {
  if (!search) return [{ text }]
  const parts: Piece[] = []
  const low = text.toLowerCase()
  let at = 0
  for (let hit = low.indexOf(search); hit >= 0; hit = low.indexOf(search, at)) {
    parts.push({ text: text.slice(at, hit) }, { text: text.slice(hit, hit + search.length), hit: true })
    at = hit + search.length
  }
  return [...parts, { text: text.slice(at) }]
}
