/** Small things kept over reloads; where the browser forbids that, kept until the page is closed. */
export class Memory {
  private readonly here = new Map<string, string>()

  constructor(
    private readonly prefix: string,
    private readonly storage: () => Storage = () => window.localStorage,
  ) {}

  get<T>(key: string, otherwise: T): T {
    try {
      const text = this.here.get(key) ?? this.storage().getItem(this.prefix + key)
      return text === null ? otherwise : (JSON.parse(text) as T)
    } catch {
      return otherwise
    }
  }

  /** `undefined` forgets it. */
  set(key: string, value: unknown): void {
    const text = JSON.stringify(value)
    if (value === undefined) this.here.delete(key)
    else this.here.set(key, text)
    try {
      if (value === undefined) this.storage().removeItem(this.prefix + key)
      else this.storage().setItem(this.prefix + key, text)
    } catch {
      // Blocked or full: it stays in `here`.
    }
  }
}
