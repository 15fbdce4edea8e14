/** An element with attributes (on… are listeners) and children; text is always text. */
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
  chat: 'M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z',
  down: 'M6 9l6 6 6-6',
  up: 'M6 15l6-6 6 6',
  file: 'M13 3H7a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V8l-5-5zM13 3v5h5',
  feed: 'M4 5h16M4 10h16M4 15h10M4 20h6',
}

/** Drawn, because not every computer has every sign in its fonts. */
export function icon(name) {
  const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS(SVG, tag))
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}

/** A menu that does something with what is chosen, once; then it lets go of the keyboard, so that it can be redrawn. */
export function picker(label, options, chosen, onChoose) {
  let done = chosen
  const choose = () => {
    if (select.value === done) return
    done = select.value
    select.blur()
    onChoose(done)
  }
  const select = h('select', { 'aria-label': label, onchange: choose },
    options.map(([value, text]) => h('option', { value, selected: value === chosen }, text)))
  return select
}

export function toast(text) {
  const box = document.getElementById('toast')
  box.textContent = text
  box.hidden = false
  clearTimeout(toast.timer)
  toast.timer = setTimeout(() => (box.hidden = true), 7000)
}

/** Asks the console's server; what is wrong is shown. */
export async function post(path, body) {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    const answer = await response.json()
    if (answer.error && !answer.state) toast(answer.error)
    return answer
  } catch {
    toast('The sandbox does not answer. Is `make demo` still running?')
    return {}
  }
}

export const initials = (name) => name.split(/\s+/).map((word) => word[0]).slice(0, 2).join('').toUpperCase()
