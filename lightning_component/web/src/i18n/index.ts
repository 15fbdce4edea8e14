import { computed, inject, ref, type InjectionKey, type Ref } from 'vue'

import { en, replies as enReplies, type Key, type Texts } from './en'
import { zh, replies as zhReplies } from './zh'

export type { Key } from './en'

interface Language {
  /** In its own language. */
  name: string
  texts: Texts
  replies: readonly string[]
}

/** To add one: a file beside en.ts, and its line here. */
export const languages: Record<string, Language> = {
  en: { name: 'English', texts: en, replies: enReplies },
  zh: { name: '中文', texts: zh, replies: zhReplies },
}

export type Fill = Record<string, string | number>
export type Translate = (key: Key, fill?: Fill) => string

export interface I18n {
  language: Ref<string>
  locale: Ref<string>
  t: Translate
}

/** The first of these locales that we speak, else English. `zh_CN`, `zh-Hans` and `zh` all mean zh. */
export function pickLanguage(wanted: readonly string[]): string {
  const spoken = wanted.map((locale) => locale.toLowerCase().split(/[-_]/)[0]!)
  return spoken.find((language) => language in languages) ?? 'en'
}

export function createI18n(wanted: readonly string[]): I18n {
  const language = ref(pickLanguage(wanted))
  const locale = computed(() => {
    const full = wanted.map((one) => one.replaceAll('_', '-'))
    return full.find((one) => one.toLowerCase().startsWith(language.value)) ?? language.value
  })
  const t: Translate = (key, fill = {}) => {
    const text = (languages[language.value] ?? languages.en)!.texts[key]
    return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(fill[name] ?? hole))
  }
  return { language, locale, t }
}

export const i18nKey: InjectionKey<I18n> = Symbol('i18n')

export function useI18n(): I18n {
  const i18n = inject(i18nKey)
  if (!i18n) throw new Error('no i18n: provide(i18nKey, createI18n(navigator.languages)) in the app')
  return i18n
}
