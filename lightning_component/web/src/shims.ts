/**
 * Two things that a frame of lightning:container may lack, and that the Tencent SDK uses without asking:
 * web storage (a third-party frame may be denied it; reading it then throws), and workers made of Blobs (the SDK hangs
 * without a word when the CSP has no `worker-src blob:`; without Worker it keeps its socket on the page).
 */
export function installShims(page: typeof globalThis = globalThis): void {
  for (const name of ['localStorage', 'sessionStorage'] as const) {
    if (!works(() => page[name])) define(page, name, memoryStorage())
  }
  define(page, 'Worker', undefined)
}

function works(storage: () => Storage): boolean {
  try {
    storage().getItem('')
    return true
  } catch {
    return false
  }
}

function define(page: object, name: string, value: unknown): void {
  Object.defineProperty(page, name, { configurable: true, writable: true, value })
}

export function memoryStorage(): Storage {
  const kept = new Map<string, string>()
  return {
    get length() {
      return kept.size
    },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (key) => kept.get(String(key)) ?? null,
    setItem: (key, value) => void kept.set(String(key), String(value)),
    removeItem: (key) => void kept.delete(String(key)),
    clear: () => kept.clear(),
  }
}
