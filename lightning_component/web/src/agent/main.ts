import './shims-first'

import { createApp } from 'vue'

import '../styles/base.css'
import '../styles/page.css'

import { TencentChatClient } from '../chat/tencent'
import AgentApp from './AgentApp.vue'
import { openBridge } from './bridge'

createApp(AgentApp, { bridge: openBridge(), createClient: () => new TencentChatClient() }).mount('#app')
