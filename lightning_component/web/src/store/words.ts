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

const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}，。；：！？）】]/g

/** Text cut into plain parts, links, and what was searched for. */
export function pieces(text: string, search = ''): Piece[] {
  const parts: Piece[] = []
  let at = 0
  for (const match of text.matchAll(LINK)) {
    parts.push(...marked(text.slice(at, match.index), search), { text: match[0], href: match[0] })
    at = match.index + match[0].length
  }
  return [...parts, ...marked(text.slice(at), search)].filter((piece) => piece.text)
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
