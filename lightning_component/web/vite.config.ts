import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

import { classicScript } from './build/classic-script.ts'
import { pack } from './build/pack.ts'

// lightning:container takes one static resource with index.html at its root, and runs it under a CSP that allows
// nothing but files of the resource: hence one classic script, one style sheet, relative addresses.
export default defineConfig({
  base: './',
  plugins: [vue(), classicScript(), pack({ name: 'tim_bar.zip', most: 5_000_000, expected: 500_000 })],
  build: {
    target: 'es2020',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    outDir: 'dist/tim_bar',
    rollupOptions: {
      checks: { pluginTimings: false }, // a slow machine is no warning
      output: { format: 'iife', entryFileNames: 'app.js', assetFileNames: '[name][extname]' },
    },
  },
  test: { include: ['test/**/*.test.ts'], testTimeout: 15_000 },
})
