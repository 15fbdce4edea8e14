// The buttons that break things, by whom they hit, and the one that mends all.

import { h, post } from './dom.js'

const GROUPS = {
  relay: { relayKilled: 'kill -9' },
  tencent: { tencentAway: 'away', tencentSlow: 'slow', chatCut: 'cut chat', callbacksLost: 'lose callbacks', callbacksShuffled: 'shuffle' },
  salesforce: { salesforceAway: 'away', salesforceSlow: 'slow', calloutsLost: 'lose callouts' },
}
const NAMES = { relay: 'Relay', tencent: 'Tencent', salesforce: 'Salesforce' }

export function showTrouble(box, trouble, agentId) {
  const known = new Map(trouble.map((each) => [each.name, each]))
  const expire = h('button', { class: 'break', title: 'Every Salesforce session ends', onclick: () => post('/org', { as: agentId, expireSessions: true }) }, 'expire sessions')
  const isBroken = trouble.some((each) => each.isOn)
  const mend = isBroken && h('button', { class: 'mend', onclick: () => post('/trouble', {}) }, 'Mend everything')
  box.replaceChildren(...Object.entries(GROUPS).map(([who, buttons]) =>
    h('div', { role: 'group', 'aria-label': `Trouble for ${NAMES[who]}` }, h('b', { class: who }, NAMES[who]),
      Object.entries(buttons).filter(([name]) => known.has(name)).map(([name, text]) => button(known.get(name), text)),
      who === 'salesforce' && expire, who === 'relay' && mend)))
}

function button({ name, title, isOn }, text) {
  const label = isOn && name === 'relayKilled' ? 'start it again' : text
  return h('button', { class: 'break', title, 'aria-pressed': String(isOn), onclick: () => post('/trouble', { name, on: !isOn }) }, label)
}

export function showHealth(box, { is, detail }) {
  const text = { ready: 'the relay is ready', unready: detail?.detail ?? 'the relay is not ready', away: 'the relay is gone', unknown: 'asking the relay …' }[is]
  box.dataset.is = is
  box.textContent = text
}
