import { nextTick, onBeforeUnmount, onMounted, ref, watch, type Ref } from 'vue'

import type { Conversation } from '../store/conversation'

const NEAR = 48

/** How a log scrolls: it stays at its end while one is there, and else where one looks. */
export function useScroll(
  log: Readonly<Ref<HTMLElement | null>>,
  content: Readonly<Ref<HTMLElement | null>>,
  room: () => Conversation,
  me: () => string,
  older: () => void,
) {
  const atBottom = ref(true)
  /** Something new came further down. */
  const below = ref(false)

  function scrolled(): void {
    const box = log.value
    if (!box) return
    atBottom.value = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR
    if (atBottom.value) below.value = false
    if (box.scrollTop < box.clientHeight && room().hasOlder) older()
  }

  function toBottom(): void {
    if (log.value) log.value.scrollTop = log.value.scrollHeight
  }

  async function toMessage(seq: number | null): Promise<void> {
    if (seq === null) return
    await nextTick()
    log.value?.querySelector(`[data-seq="${seq}"]`)?.scrollIntoView({ block: 'center' })
  }

  // Pictures come in, the panel changes its size.
  const observer = new ResizeObserver(() => {
    if (atBottom.value) toBottom()
  })
  onMounted(() => {
    for (const element of [log.value, content.value]) if (element) observer.observe(element)
    toBottom()
  })
  onBeforeUnmount(() => observer.disconnect())

  watch(
    () => room().groupId,
    async () => {
      atBottom.value = true
      below.value = false
      await nextTick()
      toBottom()
    },
  )
  watch(
    () => [room().lastSeq, room().pending.length] as const,
    async ([seq, pending], [seqBefore, pendingBefore]) => {
      const sent = pending > pendingBefore
      if (!atBottom.value && !sent) {
        if (seq > seqBefore && room().last?.from !== me()) below.value = true
        return
      }
      await nextTick()
      toBottom()
    },
  )
  // Messages come in above: the browser holds what one looks at in its place, except at the very top.
  watch(
    () => room().messages[0]?.seq,
    async () => {
      const box = log.value
      if (!box || box.scrollTop > 1 || atBottom.value) return
      const rest = box.scrollHeight - box.scrollTop
      await nextTick()
      box.scrollTop = box.scrollHeight - rest
    },
  )
  return { atBottom, below, scrolled, toBottom, toMessage }
}
