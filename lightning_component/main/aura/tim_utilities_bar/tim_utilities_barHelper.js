({
    /*
     * The go-between of the chat in its frame and Salesforce. What comes from the frame is not trusted: its type picks
     * one of the functions below, and each looks at what it uses. The protocol: web/src/agent/protocol.ts.
     */
    receive: function (component, message) {
        var type = message && message.type;
        if (type === 'ready') {
            this.tellWhetherOpen(component);
            this.giveSession(component);
        } else if (type === 'renew') {
            this.giveSession(component);
        } else if (type === 'cases') {
            this.giveCases(component, message);
        } else if (type === 'history') {
            this.giveHistory(component, message);
        } else if (type === 'unread') {
            this.showUnread(component, message.count);
        } else if (type === 'openCase') {
            this.openCase(component, message.caseId);
        } else if (type === 'error') {
            this.report(String(message.code), message.detail);
        }
    },

    giveSession: function (component) {
        var self = this;
        this.ask(component, 'session', {}, function (login, problem) {
            if (problem) {
                self.send(component, { type: 'sessionError', retryable: problem.retryable, detail: problem.message });
                return;
            }
            self.send(component, {
                type: 'session',
                sdkAppId: login.sdkAppId,
                userId: login.userId,
                userSig: login.userSig,
                expiresAt: login.expiresAt,
                locale: $A.get('$Locale.langLocale')
            });
        });
    },

    giveCases: function (component, request) {
        var self = this;
        if (!this.isRequestId(request.id)) {
            return;
        }
        this.ask(component, 'cases', {}, function (cases, problem) {
            self.send(component, problem ? self.refusal(request, problem) :
                { type: 'cases', id: request.id, cases: cases });
        });
    },

    giveHistory: function (component, request) {
        var self = this;
        var before = request.before;
        var isBefore = before === undefined || before === null || (typeof before === 'number' && isFinite(before));
        if (!this.isRequestId(request.id) || !this.isCaseId(request.caseId) || !isBefore) {
            return;
        }
        var wish = { caseId: request.caseId, before: typeof before === 'number' ? Math.floor(before) : null };
        this.ask(component, 'history', wish, function (page, problem) {
            self.send(component, problem ? self.refusal(request, problem) :
                { type: 'history', id: request.id, messages: page.messages, complete: page.complete });
        });
    },

    refusal: function (request, problem) {
        return { type: 'requestError', id: request.id, retryable: problem.retryable, detail: problem.message };
    },

    /* Calls Apex; done(value, problem) gets one of the two. */
    ask: function (component, method, wish, done) {
        var self = this;
        var action = component.get('c.' + method);
        action.setParams(wish);
        // A callout may take seconds: in the background it does not hold up what the page around us asks for.
        action.setBackground();
        action.setCallback(this, function (answer) {
            if (!component.isValid()) {
                return;
            }
            if (answer.getState() === 'SUCCESS') {
                done(answer.getReturnValue());
            } else {
                done(null, self.problemOf(answer));
            }
        });
        $A.enqueueAction(action);
    },

    /* Our Apex says {message, retryable} as JSON in the message; what it does not say so is Salesforce's own refusal. */
    problemOf: function (answer) {
        var errors = answer.getError();
        var message = errors && errors[0] && errors[0].message;
        if (answer.getState() === 'INCOMPLETE') {
            return { message: 'Salesforce cannot be reached', retryable: true };
        }
        try {
            var problem = JSON.parse(message);
            return { message: String(problem.message), retryable: problem.retryable === true };
        } catch (error) {
            return { message: String(message), retryable: false };
        }
    },

    send: function (component, message) {
        component.find('TIM_Bar').message(message);
    },

    watchPanel: function (component) {
        var self = this;
        component.find('utilitybar').onUtilityClick({
            eventHandler: $A.getCallback(function (click) {
                if (component.isValid()) {
                    self.send(component, { type: 'visible', open: click.panelVisible === true });
                }
            })
        }).catch(this.reporter('utilitybar'));
    },

    tellWhetherOpen: function (component) {
        var self = this;
        component.find('utilitybar').getUtilityInfo().then($A.getCallback(function (utility) {
            if (component.isValid()) {
                self.send(component, { type: 'visible', open: utility.utilityVisible === true });
            }
        })).catch(this.reporter('utilitybar'));
    },

    showUnread: function (component, count) {
        if (typeof count !== 'number' || !isFinite(count) || count < 0) {
            return;
        }
        var label = component.get('v.chatLabel');
        var utilityBar = component.find('utilitybar');
        var shown = count > 99 ? '99+' : String(Math.floor(count));
        utilityBar.setUtilityLabel({ label: count ? label + ' (' + shown + ')' : label })
            .catch(this.reporter('utilitybar'));
        utilityBar.setUtilityHighlighted({ highlighted: count > 0 }).catch(this.reporter('utilitybar'));
    },

    openCase: function (component, caseId) {
        if (!this.isCaseId(caseId)) {
            return;
        }
        var workspace = component.find('workspace');
        workspace.isConsoleNavigation().then($A.getCallback(function (isConsole) {
            if (!component.isValid()) {
                return undefined;
            }
            if (isConsole) {
                return workspace.openTab({ recordId: caseId, focus: true });
            }
            return component.find('navService').navigate({
                type: 'standard__recordPage',
                attributes: { recordId: caseId, objectApiName: 'Case', actionName: 'view' }
            });
        })).catch(this.reporter('workspace'));
    },

    isCaseId: function (value) {
        return typeof value === 'string' && /^500[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?$/.test(value);
    },

    isRequestId: function (value) {
        return typeof value === 'string' && value.length > 0 && value.length <= 64;
    },

    reporter: function (where) {
        var self = this;
        return $A.getCallback(function (error) {
            self.report(where, error);
        });
    },

    /* For whoever looks at the browser's console; the agent is told by the chat itself. */
    report: function (where, detail) {
        console.warn('tim_utilities_bar', where, detail);
    }
})
