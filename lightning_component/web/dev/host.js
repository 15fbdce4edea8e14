// The page around the container: the real component, with an Apex that the dev server plays.
import { startAuraHost } from './aura-host.js'

const { bundle, containerUrl, socketUrl, options } = await (await fetch('/setup.json' + location.search)).json()
const frame = /** @type {HTMLIFrameElement} */ (document.querySelector('iframe'))
const footer = /** @type {HTMLElement} */ (document.querySelector('footer'))
const seen = { messages: /** @type {any[]} */ ([]), records: /** @type {any[]} */ ([]) }
Object.assign(window, { seen })

/** @param {string} method */
const apex = (method) => async (/** @type {object} */ params) => {
  const answer = await fetch(`/apex/${method}`, { method: 'POST', body: JSON.stringify(params) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text)
}

const host = startAuraHost({
  bundle,
  frame,
  apex: { session: apex('session'), history: apex('history'), cases: apex('cases') },
  ...options,
  onLabel: (label) => (footer.textContent = label),
  onHighlight: (highlighted) => footer.classList.toggle('highlighted', highlighted),
  onRecord: (recordId, how) => seen.records.push([recordId, how]),
  adjust: (message) => (message.type === 'session' && socketUrl ? { ...message, socketUrl } : message),
  onMessage: (direction, message) => seen.messages.push([direction, message.type]),
})
Object.assign(window, { host })
frame.src = containerUrl
