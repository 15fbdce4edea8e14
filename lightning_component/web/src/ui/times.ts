import type { Translate } from '../i18n'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export function clock(time: number, locale: string): string {
  return new Date(time * 1000).toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' })
}

export function fullTime(time: number, locale: string): string {
  return new Date(time * 1000).toLocaleString(locale)
}

export function dayName(time: number, locale: string, t: Translate, now = Date.now()): string {
  const day = new Date(time * 1000)
  if (day.toDateString() === new Date(now).toDateString()) return t('today')
  if (day.toDateString() === new Date(now - DAY * 1000).toDateString()) return t('yesterday')
  return day.toLocaleDateString(locale, { weekday: 'long', day: 'numeric', month: 'long' })
}

/** For the list: the time today, else the date. */
export function shortTime(time: number, locale: string, now = Date.now()): string {
  const day = new Date(time * 1000)
  if (day.toDateString() === new Date(now).toDateString()) return clock(time, locale)
  return day.toLocaleDateString(locale, { day: 'numeric', month: 'short' })
}

export function howLong(seconds: number, t: Translate): string {
  if (seconds < MINUTE) return t('now')
  if (seconds < HOUR) return t('minutes', { n: Math.floor(seconds / MINUTE) })
  if (seconds < DAY) return t('hours', { n: Math.floor(seconds / HOUR) })
  return t('days', { n: Math.floor(seconds / DAY) })
}

export function fileSize(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), units.length - 1)
  const format = {
    style: 'unit',
    unit: units[step]!,
    unitDisplay: step ? 'short' : 'long', // short is "13 byte"
    maximumFractionDigits: step > 1 ? 1 : 0,
  } as const
  return new Intl.NumberFormat(locale, format).format(bytes / 1024 ** step)
}
