import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

import type { Plugin } from 'vite'

import { zip, type Entry } from './zip.ts'

export interface PackOptions {
  name: string
  /** What Salesforce takes as one static resource, in bytes. */
  most: number
  /** Above this somebody should look why it grew. */
  expected: number
}

/** After a build, makes one zip of it, next to it. */
export function pack({ name, most, expected }: PackOptions): Plugin {
  let folder = ''
  return {
    name: 'pack',
    apply: 'build',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir)
    },
    closeBundle() {
      const bytes = zip(files(folder))
      if (bytes.length > most) this.error(`${name} has ${bytes.length} bytes; a static resource may have ${most}`)
      if (bytes.length > expected) this.warn(`${name} has ${bytes.length} bytes, more than the ${expected} expected`)
      writeFileSync(join(dirname(folder), name), bytes)
      this.info(`${name}: ${bytes.length} bytes`)
    },
  }
}

function files(folder: string): Entry[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ name: relative(folder, path).split(sep).join('/'), data: readFileSync(path) }))
}
