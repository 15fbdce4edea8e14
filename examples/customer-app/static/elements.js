// A message's elements as DOM nodes. Text is always set as text, addresses only if they are http(s).

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else if (value === true) node.setAttribute(name, '')
    else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value)
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return node
}

const SVG = 'http://www.w3.org/2000/svg'
const ICONS = {
  attach: 'M20 11.5l-7.8 7.8a5 5 0 0 1-7-7L13 4.5a3.3 3.3 0 0 1 4.7 4.7l-7.8 7.7a1.7 1.7 0 0 1-2.4-2.4l7-6.9',
  back: 'M15 5l-7 7 7 7',
  down: 'M6 9l6 6 6-6',
  file: 'M13 3H7a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V8l-5-5zM13 3v5h5',
  send: 'M12 19V6M6 11.5L12 5.5l6 6',
}

/** Drawn, because not every computer has every sign in its fonts. */
export function icon(name) {
  const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS(SVG, tag))
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}

export function contentOf(message) {
  if (message.recalled) return [h('em', { class: 'gone' }, 'This message was taken back')]
  return message.elements.map(({ MsgType, MsgContent }) => (SHOWN[MsgType] ?? unknown)(MsgContent, MsgType))
}

const SHOWN = {
  TIMTextElem: ({ Text }) => text(Text),
  TIMFaceElem: ({ Data }) => text(Data || '🙂'),
  TIMCustomElem: ({ Desc, Data }) => text(Desc || Data || ''),
  TIMImageElem({ ImageInfoArray = [] }) {
    const { URL: url } = ImageInfoArray[0] ?? {}
    if (!safe(url)) return unknown(null, 'picture')
    const link = h('a', { href: url, ...ELSEWHERE },
      h('img', { class: 'picture', src: url, alt: 'Picture', loading: 'lazy', onerror: () => link.replaceWith(unknown(null, 'a picture that cannot be loaded')) }))
    return link
  },
  TIMFileElem: ({ Url, FileName, FileSize }) =>
    h(safe(Url) ? 'a' : 'span', { class: 'file', ...(safe(Url) && { href: Url, download: FileName, ...ELSEWHERE }) },
      icon('file'), h('span', { class: 'file-name' }, FileName), h('small', {}, sizeOf(FileSize))),
}

const ELSEWHERE = { target: '_blank', rel: 'noopener noreferrer' }
const LINK = /\bhttps?:\/\/[^\s<>"'.,;:!?()[\]{}，。；：！？（）【】][^\s<>"'，。；：！？（）【】]*/g
const BRACKETS = { '(': ')', '[': ']', '{': '}' }

/** With its links; dir: each message runs in the direction of its own script. */
function text(words = '') {
  const parts = []
  let at = 0
  for (const { 0: found, index } of words.matchAll(LINK)) {
    const url = withoutEnd(found)
    parts.push(words.slice(at, index), h('a', { href: url, ...ELSEWHERE }, url))
    at = index + url.length
  }
  return h('span', { class: 'text', dir: 'auto' }, ...parts, words.slice(at))
}

/** What ends a sentence ends the link, too; so does a bracket that was opened before it. */
function withoutEnd(url) {
  const open = { ')': 0, ']': 0, '}': 0 }
  let end = 0
  for (let at = 0; at < url.length; at++) {
    const sign = url[at]
    if (BRACKETS[sign]) open[BRACKETS[sign]] += 1
    if (sign in open ? open[sign]-- > 0 : !'.,;:!?'.includes(sign)) end = at + 1
  }
  return url.slice(0, end)
}

const unknown = (_, type) => h('em', { class: 'gone' }, `(${type})`)
const safe = (url) => /^https?:\/\//.test(url ?? '')
const sizeOf = (bytes) => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`)
