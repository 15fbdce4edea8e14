/**
 * Whether the agent sees us. Salesforce says when the utility is clicked, but not every way of hiding it; a frame that
 * is not displayed has nothing on the screen, and the browser tells that. Whoever spoke last is right.
 */
export function watchVisible(changed: (visible: boolean) => void) {
  let open = true
  const tell = () => changed(open && document.visibilityState === 'visible')
  const say = (now: boolean) => {
    open = now
    tell()
  }
  const observer = new IntersectionObserver((entries) => say(entries.at(-1)?.isIntersecting ?? open))
  document.addEventListener('visibilitychange', tell)
  return {
    say,
    look: (element: Element) => observer.observe(element),
    stop() {
      observer.disconnect()
      document.removeEventListener('visibilitychange', tell)
    },
  }
}
