import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve, sep } from 'node:path'

/** What the org answers; one that throws is an AuraHandledException. */
export interface Apex {
  session: () => unknown
  history: (params: { caseId: string; before: number | null }) => unknown
  cases: () => unknown
}

export interface HostOptions {
  apex: Apex
  /** Empty: the container uses the Tencent SDK. */
  socketUrl: string
  /** Hosts that pictures may come from. */
  pictures?: string
  options?: object
  port?: number
  /** Chromium denies a frame of another site its storage. */
  sameSite?: boolean
}

const HERE = import.meta.dirname
const BUNDLE = resolve(HERE, '../../main/aura/tim_utilities_bar')
const SITES = resolve(HERE, '../../main/cspTrustedSites')
const DIST = resolve(HERE, '../dist/tim_bar')
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/**
 * A page with the real component and the built container, each on an origin of its own, the container under a CSP as
 * strict as can be. Gives the page's address.
 */
export async function serveHost({
  apex,
  socketUrl,
  pictures = '',
  options = {},
  port = 0,
  sameSite = false,
}: HostOptions) {
  if (!existsSync(DIST)) throw new Error('there is no dist/tim_bar: run npm run build first')
  const container = createServer((request, response) => serveContainer(request, response, socketUrl, pictures))
  await listen(container, 0)
  const host = createServer((request, response) => {
    void serveHostPage(request, response, {
      apex,
      setup: () => ({
        bundle: { controller: bundleText('Controller.js'), helper: bundleText('Helper.js') },
        containerUrl: `http://127.0.0.1:${portOf(container)}/tim_bar/index.html`,
        socketUrl,
        options,
      }),
    })
  })
  await listen(host, port)
  return {
    url: `http://${sameSite ? '127.0.0.1' : 'localhost'}:${portOf(host)}/`,
    stop() {
      host.close()
      container.close()
      host.closeAllConnections()
      container.closeAllConnections()
    },
  }
}

/** Nothing inline, no eval, no workers, and only our socket, or the hosts that our metadata lets Salesforce allow. */
function policy(socketUrl: string, pictures: string): string {
  const hosts = socketUrl ? new URL(socketUrl).origin : trustedSites().join(' ')
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: ${pictures}`,
    `connect-src ${hosts}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function trustedSites(): string[] {
  const files = readdirSync(SITES).map((file) => readFileSync(join(SITES, file), 'utf8'))
  return files.map((text) => text.match(/<endpointUrl>(.*)<\/endpointUrl>/)![1]!)
}

function serveContainer({ url = '' }: IncomingMessage, response: ServerResponse, socketUrl: string, pictures: string) {
  const path = new URL(url, 'http://x').pathname.replace(/^\/tim_bar\//, '')
  const file = path === 'lcc.js' ? join(HERE, path) : resolve(DIST, path)
  const inside = path === 'lcc.js' || file.startsWith(DIST + sep)
  if (!inside || !existsSync(file)) return send(response, 404, 'text/plain', 'not there')
  const text = readFileSync(file, 'utf8')
  const page = path === 'index.html' ? text.replace('<head>', '<head><script src="lcc.js"></script>') : text
  response.setHeader('content-security-policy', policy(socketUrl, pictures))
  send(response, 200, TYPES[extname(file)] ?? 'application/octet-stream', page)
}

async function serveHostPage(
  request: IncomingMessage,
  response: ServerResponse,
  { apex, setup }: { apex: Apex; setup: () => object },
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://x')
  const pages: Record<string, string> = { '/': 'host.html', '/host.js': 'host.js', '/aura-host.js': 'aura-host.js' }
  const page = pages[pathname]
  if (page) return send(response, 200, TYPES[extname(page)]!, readFileSync(join(HERE, page), 'utf8'))
  if (pathname === '/setup.json') return send(response, 200, 'application/json', JSON.stringify(setup()))
  const method = pathname.match(/^\/apex\/(session|history|cases)$/)?.[1] as keyof Apex | undefined
  if (!method) return send(response, 404, 'text/plain', 'not there')
  try {
    const answer = await apex[method](JSON.parse((await body(request)) || '{}'))
    send(response, 200, 'application/json', JSON.stringify(answer))
  } catch (error) {
    send(response, 500, 'text/plain', (error as Error).message)
  }
}

async function body(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(text)
}

const bundleText = (name: string) => readFileSync(join(BUNDLE, `tim_utilities_bar${name}`), 'utf8')
const listen = (server: ReturnType<typeof createServer>, port: number) =>
  new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
const portOf = (server: ReturnType<typeof createServer>) => (server.address() as AddressInfo).port
