// Asks before Cases are merged, which a bin does not undo: which one stays.

import { h } from './dom.js'

/** rows: the Cases, chosen: the id of the one that stays unless another is taken; onMerge gets {master, losers}. */
export function askMerge(rows, chosen, onMerge) {
  const master = h('select', { 'aria-label': 'Merge into' },
    rows.map((row) => h('option', { value: row.Id, selected: row.Id === chosen }, `${row.CaseNumber} ${row.Subject}`)))
  const dialog = h('dialog', { 'aria-labelledby': 'merge-title', onclose: () => dialog.remove() },
    h('form', { method: 'dialog', onsubmit: merge },
      h('h2', { id: 'merge-title' }, `Merge ${rows.length} Cases`),
      h('label', {}, 'The one that stays', master),
      h('p', {}, 'The others go to the recycle bin, and their customers come into its chat.'),
      h('p', { class: 'buttons' }, h('button', { type: 'button', class: 'small', onclick: () => dialog.close() }, 'Cancel'),
        h('button', { class: 'accept' }, 'Merge'))))
  document.body.append(dialog)
  dialog.showModal()

  function merge() {
    onMerge({ master: master.value, losers: rows.map(({ Id }) => Id).filter((id) => id !== master.value) })
  }
}
