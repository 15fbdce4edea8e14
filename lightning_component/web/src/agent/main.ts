import { createApp } from 'vue'

import { installShims } from '../shims'
import AgentApp from './AgentApp.vue'
import { openBridge } from './bridge'

installShims()
createApp(AgentApp, { bridge: openBridge() }).mount('#app')
