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

export function contentOf(message) {
  if (message.recalled) return [h('em', { class: 'gone' }, 'This message was taken back')]
  return message.elements.map(({ MsgType, MsgContent }) => (SHOWN[MsgType] ?? unknown)(MsgContent, MsgType))
}

const SHOWN = {
  TIMTextElem: ({ Text }) => h('span', { class: 'text' }, Text),
  TIMFaceElem: ({ Data }) => h('span', { class: 'text' }, Data || '🙂'),
  TIMCustomElem: ({ Desc, Data }) => h('span', { class: 'text' }, Desc || Data || ''),
  TIMImageElem({ ImageInfoArray = [] }) {
    const { URL: url } = ImageInfoArray[0] ?? {}
    return safe(url) ? h('img', { class: 'picture', src: url, alt: 'Picture', loading: 'lazy' }) : unknown(null, 'picture')
  },
  TIMFileElem: ({ Url, FileName, FileSize }) =>
    h('a', { class: 'file', href: safe(Url) ? Url : '#', download: FileName, target: '_blank', rel: 'noopener' },
      h('span', { class: 'file-name' }, FileName), h('small', {}, sizeOf(FileSize))),
}

const unknown = (_, type) => h('em', { class: 'gone' }, `(${type})`)
const safe = (url) => /^https?:\/\//.test(url ?? '')
const sizeOf = (bytes) => (bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`)
