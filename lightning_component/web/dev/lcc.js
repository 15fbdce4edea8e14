// @ts-nocheck plain JavaScript of the platform that we play
// What Salesforce puts into a framed page: the global LCC. This one talks to dev/aura-host.js in the parent window.
// The page that serves the container adds <script src="lcc.js"></script> before the container's own script.
;(function () {
  var messageHandlers = []
  var errorHandlers = []

  window.addEventListener('message', function (event) {
    if (event.source !== window.parent || !event.data || event.data.lcc !== 'toContainer') return
    messageHandlers.slice().forEach(function (handler) {
      try {
        handler(event.data.payload)
      } catch (error) {
        errorHandlers.forEach(function (report) {
          report(String(error))
        })
        window.parent.postMessage({ lcc: 'error', payload: String(error) }, '*')
      }
    })
  })

  function without(handlers, handler) {
    var at = handlers.indexOf(handler)
    if (at >= 0) handlers.splice(at, 1)
  }

  window.LCC = {
    onlineSupport: {
      sendMessage: function (name, data) {
        if (name === 'containerUserMessage')
          window.parent.postMessage({ lcc: 'fromContainer', payload: data.payload }, '*')
      },
      addMessageHandler: function (handler) {
        messageHandlers.push(handler)
      },
      removeMessageHandler: function (handler) {
        without(messageHandlers, handler)
      },
      addErrorHandler: function (handler) {
        errorHandlers.push(handler)
      },
      removeErrorHandler: function (handler) {
        without(errorHandlers, handler)
      },
    },
  }
})()
