// The console: what the server tells goes to three panes.

import { Salesforce } from './salesforce.js'
import { TimelineView } from './timeline.js'
import { Tour } from './tour.js'
import { showHealth, showTrouble } from './trouble.js'

const at = (id) => document.getElementById(id)
const timeline = new TimelineView(at('timeline'))
const salesforce = new Salesforce({ head: at('sf-head'), cases: at('cases'), record: at('record'), utility: at('utility') })
const tour = new Tour(at('tour'))
let troubled = ''

const stream = new EventSource('/stream')
stream.addEventListener('call', ({ data }) => {
  const call = JSON.parse(data)
  timeline.add(call)
  tour.hear(call)
})
stream.addEventListener('state', ({ data }) => show(JSON.parse(data)))
stream.addEventListener('error', () => showHealth(at('health'), { is: 'away', detail: {} }))

function show(state) {
  if (at('customer').src !== `${state.customerUrl}/`) {
    at('customer').src = `${state.customerUrl}/`
    at('customer-link').href = state.customerUrl
  }
  timeline.learn(state)
  tour.see(state)
  showHealth(at('health'), state.relay)
  salesforce.show(state)
  const trouble = JSON.stringify([state.trouble, salesforce.agentId])
  if (trouble !== troubled) showTrouble(at('trouble'), state.trouble, salesforce.agentId)
  troubled = trouble
}
