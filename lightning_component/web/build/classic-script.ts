import type { Plugin } from 'vite'

/** Vite writes a module script; in a frame with an opaque origin only a classic one is loaded. */
export function classicScript(): Plugin {
  return {
    name: 'classic-script',
    enforce: 'post',
    transformIndexHtml: (html) =>
      html
        .replace('<script type="module" crossorigin', '<script defer')
        .replace('<link rel="stylesheet" crossorigin', '<link rel="stylesheet"'),
  }
}
