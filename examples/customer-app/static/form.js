// What the customer is asked before the chat begins; the names are those of the relay's caseInfo.

import { h } from './elements.js'

export function openForm(user, draft, onOpen) {
  const field = (label, name, attributes = {}) =>
    h('label', {}, label, h('input', { name, value: draft[name] ?? '', autocomplete: name, ...attributes }))
  const text = h('textarea', { name: 'desc', rows: 3, maxlength: 4000, placeholder: 'Since when? Which model?' })
  text.value = draft.desc ?? ''
  const subject = { required: true, maxlength: 255, placeholder: 'My lamp is dark', autocomplete: 'off' }
  return h('form', { class: 'card', onsubmit: submit },
    field('What is it about?', 'subject', subject),
    h('label', {}, 'Tell us more', text),
    h('div', { class: 'pair' },
      field('Name', 'name', { value: draft.name ?? user.name, maxlength: 80 }),
      field('E-mail', 'email', { type: 'email', placeholder: 'optional', maxlength: 80 })),
    h('label', {}, 'How urgent?', h('select', { name: 'priority' },
      ['Low', 'Medium', 'High'].map((each) => h('option', { selected: each === (draft.priority ?? 'Medium') }, each)))),
    h('button', { class: 'main' }, 'Start the chat'),
  )

  function submit(event) {
    event.preventDefault()
    const given = [...new FormData(event.target)].map(([name, value]) => [name, value.trim()])
    onOpen(Object.fromEntries(given.filter(([, value]) => value)))
  }
}
