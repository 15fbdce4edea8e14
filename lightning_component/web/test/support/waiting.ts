/** Waits until it is so. */
export async function until(so: () => unknown, what = 'it', patience = 5_000): Promise<void> {
  const end = Date.now() + patience
  while (!so()) {
    if (Date.now() > end) throw new Error(`waited ${patience} ms, and still not: ${what} ${so.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
