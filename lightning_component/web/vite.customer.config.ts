import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// The chat of one ticket as a module for a customer's page: dist/customer/customer-chat.js and .css.
export default defineConfig({
  plugins: [vue()],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'es2020',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    outDir: 'dist/customer',
    chunkSizeWarningLimit: 1500,
    rollupOptions: { checks: { pluginTimings: false } }, // a slow machine is no warning
    lib: { entry: 'src/customer/index.ts', formats: ['es'], fileName: 'customer-chat', cssFileName: 'customer-chat' },
  },
})
