// Runs a TypeScript file of this folder: node dev/run.mjs look
import { runnerImport } from 'vite'

const [name = 'look', ...args] = process.argv.slice(2)
const { module } = await runnerImport(new URL(`./${name}.ts`, import.meta.url).pathname, { configFile: false })
await module.main(args)
