// The real Aura component for one agent, with Apex behind it; what it does to the utility bar goes to the console.

import { startAuraHost } from '/aura/aura-host.js'

const agentId = new URLSearchParams(location.search).get('agent')
const { bundle, containerUrl, socketUrl } = await (await fetch('/aura.json')).json()
const frame = document.querySelector('iframe')
const tell = (message) => parent.postMessage({ utility: agentId, ...message }, location.origin)
let isOpen = true

const host = startAuraHost({
  bundle,
  frame,
  apex: { session: () => apex('session'), history: (wish) => apex('history', wish), cases: () => apex('cases') },
  isOpen: () => isOpen,
  onLabel: (label) => tell({ label }),
  onHighlight: (isHighlighted) => tell({ isHighlighted }),
  onRecord: (recordId) => tell({ recordId }),
  adjust: (message) => (message.type === 'session' ? { ...message, socketUrl } : message),
})
frame.src = containerUrl

window.addEventListener('message', ({ origin, data }) => {
  if (origin !== location.origin || typeof data?.isOpen !== 'boolean') return
  isOpen = data.isOpen
  host.clicked(isOpen)
})

async function apex(method, params = {}) {
  let answer
  try {
    const body = JSON.stringify({ as: agentId, method, params })
    answer = await (await fetch('/aura', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).json()
  } catch {
    throw Object.assign(new Error('no answer'), { incomplete: true })
  }
  if (answer.state !== 'SUCCESS') throw new Error(answer.error?.[0]?.message)
  return answer.returnValue
}
