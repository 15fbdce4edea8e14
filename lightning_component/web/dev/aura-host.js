// Runs the real Aura controller and helper of tim_utilities_bar outside Salesforce, around a real container in an iframe.
// It is as much of the Aura framework as that component uses, and an error for everything else.
//
//   const host = startAuraHost({ bundle: { controller, helper }, apex, frame })
//
// bundle   the texts of tim_utilities_barController.js and tim_utilities_barHelper.js
// apex     { session(), history({caseId, before}), cases() }: what the Apex class ChatSession answers, each a promise. One
//          that rejects is an AuraHandledException: its message is what the component sees ({message, retryable} as JSON);
//          one that rejects with an error whose `incomplete` is true is a Salesforce that cannot be reached
// frame    the <iframe> that loads the container, served with dev/lcc.js in front of its own script
// options  attributes   of the component, as the App Builder sets them: { chatLabel }
//          locale       of the user, 'en_US'
//          isConsole    whether the app has console navigation
//          isOpen       () => whether the panel is open
//          onLabel      (label) => the utility's label changed
//          onHighlight  (highlighted) => the utility is (not) highlighted
//          onRecord     (recordId, how) => a record is to be opened; how is 'tab' in a console, else 'page'
//          adjust       (message) => the message that really goes to the container, to add a socketUrl for instance
//          onMessage    (direction, message) => for whoever looks on; direction is 'toContainer' or 'fromContainer'
//
// host     clicked(open)  the user opened or closed the panel;  stop()  the component is destroyed

/**
 * @typedef {{ [method: string]: (params: any) => Promise<any> }} Apex
 * @typedef {object} Options
 * @property {{ controller: string, helper: string }} bundle
 * @property {Apex} apex
 * @property {HTMLIFrameElement} frame
 * @property {Record<string, unknown>} [attributes]
 * @property {string} [locale]
 * @property {boolean} [isConsole]
 * @property {() => boolean} [isOpen]
 * @property {(label: string) => void} [onLabel]
 * @property {(highlighted: boolean) => void} [onHighlight]
 * @property {(recordId: string, how: 'tab' | 'page') => void} [onRecord]
 * @property {(message: any) => any} [adjust]
 * @property {(direction: 'toContainer' | 'fromContainer', message: any) => void} [onMessage]
 */

/** @param {Options} options */
export function startAuraHost(options) {
  const { bundle, frame, onMessage = () => {} } = options
  const clicks = /** @type {((click: object) => void)[]} */ ([])
  let valid = true
  const $A = createFramework(options)
  const controller = evaluate(bundle.controller, $A)
  const helper = evaluate(bundle.helper, $A)
  const parts = createParts(options, clicks)

  const component = {
    isValid: () => valid,
    /** @param {string} id */
    find: (id) => parts[id] ?? fail(`no aura:id ${id}`),
    /** @param {string} name */
    get(name) {
      if (name.startsWith('c.')) return $A.action(name.slice(2))
      return { chatLabel: 'Customer chat', ...options.attributes }[name.replace(/^v\./, '')]
    },
  }

  /** @param {MessageEvent} event */
  const heard = ({ source, data }) => {
    if (source !== frame.contentWindow || !valid) return
    if (data?.lcc === 'fromContainer') {
      onMessage('fromContainer', data.payload)
      controller.handleMessage(component, { getParams: () => ({ payload: data.payload }) }, helper)
    }
    if (data?.lcc === 'error') controller.handleError(component, { getParams: () => data.payload }, helper)
  }
  window.addEventListener('message', heard)
  controller.doInit(component, {}, helper)

  return {
    component,
    /** @param {boolean} open */
    clicked: (open) => clicks.forEach((click) => click({ panelVisible: open })),
    stop() {
      valid = false
      window.removeEventListener('message', heard)
    },
  }
}

/** @param {Options} options */
function createFramework({ apex, locale = 'en_US' }) {
  return {
    /** @param {string} name */
    get: (name) => (name === '$Locale.langLocale' ? locale : fail(`no ${name}`)),
    /** @template F @param {F} callback */
    getCallback: (callback) => callback,
    /** @param {{ run: () => void }} action */
    enqueueAction: (action) => action.run(),
    /** @param {string} method */
    action: (method) => createAction(apex[method] ?? fail(`ChatSession has no ${method}`)),
  }
}

/** What goes to Apex and comes from it is data: copies, as over the wire. @param {Apex[string]} method */
function createAction(method) {
  let params = {}
  let state = 'NEW'
  let value = /** @type {unknown} */ (null)
  let errors = /** @type {{ message: string }[]} */ ([])
  let callback = /** @param {any} _action */ (_action) => {}
  const action = {
    setBackground() {},
    /** @param {object} given */
    setParams: (given) => (params = copy(given)),
    /** @param {object} scope @param {(action: any) => void} given */
    setCallback: (scope, given) => (callback = given.bind(scope)),
    getState: () => state,
    getReturnValue: () => value,
    getError: () => errors,
    async run() {
      try {
        value = copy(await method(params))
        state = 'SUCCESS'
      } catch (error) {
        const { message, incomplete } = /** @type {Error & { incomplete?: boolean }} */ (error)
        errors = [{ message }]
        state = incomplete ? 'INCOMPLETE' : 'ERROR'
      }
      callback(action)
    },
  }
  return action
}

/** The components of the markup, by aura:id. @param {Options} options @param {((click: object) => void)[]} clicks */
function createParts(options, clicks) {
  const { frame, adjust = (message) => message, onMessage = () => {} } = options
  const { isConsole = true, isOpen = () => true, onLabel = () => {}, onHighlight = () => {} } = options
  const { onRecord = () => {} } = options
  return /** @type {Record<string, any>} */ ({
    TIM_Bar: {
      /** @param {object} message */
      message(message) {
        const sent = adjust(copy(message))
        onMessage('toContainer', sent)
        frame.contentWindow?.postMessage({ lcc: 'toContainer', payload: sent }, '*')
      },
    },
    utilitybar: {
      getUtilityInfo: async () => ({ utilityVisible: isOpen() }),
      /** @param {{ eventHandler: (click: object) => void }} options */
      onUtilityClick: async ({ eventHandler }) => !!clicks.push(eventHandler),
      /** @param {{ label: string }} options */
      setUtilityLabel: async ({ label }) => (onLabel(label), true),
      /** @param {{ highlighted: boolean }} options */
      setUtilityHighlighted: async ({ highlighted }) => (onHighlight(highlighted), true),
    },
    workspace: {
      isConsoleNavigation: async () => isConsole,
      /** @param {{ recordId: string }} options */
      openTab: async ({ recordId }) => (onRecord(recordId, 'tab'), recordId),
    },
    navService: {
      /** @param {{ attributes: { recordId: string } }} options */
      navigate: ({ attributes }) => onRecord(attributes.recordId, 'page'),
    },
  })
}

/** A controller or helper is an object in parentheses. @param {string} text @param {object} $A */
function evaluate(text, $A) {
  return new Function('$A', `'use strict'; return (${text.trim().replace(/;$/, '')}\n)`)($A)
}

/** @template T @param {T} value @returns {T} */
const copy = (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value)))

/** @param {string} what @returns {never} */
function fail(what) {
  throw new Error(`tim_utilities_bar asked for something that is not there: ${what}`)
}
