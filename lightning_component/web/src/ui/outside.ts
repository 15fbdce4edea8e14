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
