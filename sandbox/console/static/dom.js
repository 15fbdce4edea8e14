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
