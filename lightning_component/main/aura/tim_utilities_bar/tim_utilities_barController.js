({
    doInit: function (component, event, helper) {
        helper.watchPanel(component);
    },

    handleMessage: function (component, event, helper) {
        helper.receive(component, event.getParams().payload);
    },

    handleError: function (component, event, helper) {
        helper.report('container', event.getParams());
    }
})
