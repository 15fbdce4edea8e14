import { onBeforeUnmount, onMounted, type Ref } from 'vue'

/** Closes a popup when something outside it is pressed; the button that opened it closes it by itself. */
export function useOutside(popup: Ref<HTMLElement | undefined>, close: () => void): void {
  const pressed = ({ target }: Event) => {
    if (!(target instanceof Element) || popup.value?.contains(target)) return
    if (!target.closest('[aria-expanded="true"]')) close()
  }
  onMounted(() => document.addEventListener('pointerdown', pressed))
  onBeforeUnmount(() => document.removeEventListener('pointerdown', pressed))
}

/** Closes it with Esc, wherever the focus is, and nothing else with the same stroke; the focus is where it was before. */
export function useEscape(close: () => void): void {
  const before = document.activeElement
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.isComposing) return
    event.stopPropagation()
    if (before instanceof HTMLElement) before.focus()
    close()
  }
  onMounted(() => document.addEventListener('keydown', pressed, true))
  onBeforeUnmount(() => document.removeEventListener('keydown', pressed, true))
}
