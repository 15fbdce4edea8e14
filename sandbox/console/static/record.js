// One Case: what an agent changes, who is in its room, what was written about it.

import { h, icon, initials, picker } from './dom.js'

const opened = new Set()
const STATUSES = ['New', 'Working', 'Escalated', 'Closed']
const PRIORITIES = ['High', 'Medium', 'Low']

export function showRecord(box, { state, row, as, agentId }) {
  if (!row) return box.replaceChildren(h('p', { class: 'empty' }, 'A Case that is opened shows here.'))
  const update = (values) => as({ update: { caseIds: [row.Id], values } })
  const active = state.agents.filter((agent) => agent.isActive)
  const owners = [...active, ...state.queues].map(({ id, name }) => [id, name])
  if (!owners.some(([id]) => id === row.OwnerId)) owners.unshift([row.OwnerId, state.owners[row.OwnerId] ?? row.OwnerId])
  const same = (values) => values.map((value) => [value, value])
  const field = (label, control) => h('label', {}, h('span', {}, label), control)
  box.replaceChildren(
    h('div', { class: 'title' }, h('span', { class: 'case-icon', 'aria-hidden': 'true' }),
      h('div', {}, h('small', {}, `Case ${row.CaseNumber}`), h('h3', {}, row.Subject)),
      row.IsDeleted
        ? h('button', { class: 'small', onclick: () => as({ undelete: [row.Id] }) }, 'Undelete')
        : h('button', { class: 'small', onclick: () => as({ delete: [row.Id] }) }, 'Delete')),
    row.IsDeleted
      ? h('p', { class: 'gone' }, row.MasterRecordId ? `Merged into ${number(state, row.MasterRecordId)}` : 'In the recycle bin')
      : h('div', { class: 'fields' },
        field('Owner', picker('Owner', owners, row.OwnerId, (OwnerId) => update({ OwnerId }))),
        field('Status', picker('Status', same(STATUSES), row.Status, (Status) => update({ Status }))),
        field('Priority', picker('Priority', same(PRIORITIES), row.Priority, (Priority) => update({ Priority }))),
        field('Omni-Channel', picker('Omni-Channel', [['', 'offer to …'], ...active.map(({ id, name }) => [id, name])], '', (userId) =>
          as({ omni: { caseId: row.Id, userId, action: 'assign' } })))),
    h('dl', {}, [['Customer', [row.SuppliedName, row.SuppliedEmail].filter(Boolean).join(' · ')], ['Description', row.Description]]
      .filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    room(state.rooms[row.Id], agentId, row),
    related(state, row.Id))
}

function room(found, agentId, row) {
  if (!row.ChatTicket__c) return h('p', { class: 'room none' }, 'This Case has no chat.')
  if (!found) return h('p', { class: 'room none' }, row.IsClosed || row.IsDeleted ? 'The chat room is dismissed.' : 'There is no chat room yet.')
  return h('div', { class: 'room' }, h('small', {}, 'In the chat room'),
    found.members.map(({ id, name, isOnline }) =>
      h('span', { class: `member ${id.startsWith('005') ? 'agent' : 'app'}${id === agentId ? ' me' : ''}`, title: isOnline ? 'online' : 'offline' },
        h('i', { class: `face${isOnline ? ' online' : ''}` }, initials(name)), name)),
    h('small', {}, found.messages === 1 ? '1 message' : `${found.messages} messages`))
}

function related({ files, feed }, caseId) {
  const mine = (each) => each.caseId === caseId
  const written = [...files.filter(mine).map(({ title, text }) => ['file', title, text]), ...feed.filter(mine).map(({ text }) => ['feed', 'Feed', text])]
  if (written.length === 0) return ''
  return h('div', { class: 'related' }, written.map(([sign, title, text]) =>
    h('details', { open: opened.has(caseId + title), ontoggle: ({ target }) => opened[target.open ? 'add' : 'delete'](caseId + title) },
      h('summary', {}, icon(sign), title), h('pre', { tabindex: 0 }, plain(text) || '(no text)'))))
}

/** A rich feed entry without its tags. */
const plain = (text) => new DOMParser().parseFromString((text ?? '').replace(/<\/(p|li)>|<br\s*\/?>/g, '\n'), 'text/html').body.textContent.trim()
const number = ({ cases }, id) => cases.find((row) => row.Id === id)?.CaseNumber ?? id
