import type { ChatLogin, Page } from '../chat/client'
import { readHistory } from '../chat/messages'
import type { CaseInfo } from '../store/conversation'

/** What the container says to the Aura component. Requests have an id, which their answer repeats. */
export type ToAura =
  | { type: 'ready' }
  | { type: 'renew' }
  | { type: 'unread'; count: number }
  | { type: 'openCase'; caseId: string }
  | { type: 'error'; code: string; detail?: string }
  | { type: 'cases'; id: string }
  | { type: 'history'; id: string; caseId: string; before?: number }

/** What the Aura component says to the container. */
export type FromAura =
  | { type: 'session'; login: ChatLogin; locale: string }
  | { type: 'sessionError'; retryable: boolean; detail: string }
  | { type: 'visible'; open: boolean }
  | { type: 'cases'; id: string; cases: CaseInfo[] }
  | { type: 'history'; id: string; page: Page }
  | { type: 'requestError'; id: string; retryable: boolean }

type Fields = Record<string, unknown>

/** A message from the Aura component, checked; null for what is none of the above. */
export function readFromAura(value: unknown): FromAura | null {
  if (!isFields(value)) return null
  const { type, id } = value
  if (type === 'session') return readSession(value)
  if (type === 'sessionError') return { type, retryable: value.retryable === true, detail: text(value.detail) }
  if (type === 'visible') return typeof value.open === 'boolean' ? { type, open: value.open } : null
  if (typeof id !== 'string') return null
  if (type === 'cases') return Array.isArray(value.cases) ? { type, id, cases: readCases(value.cases) } : null
  if (type === 'history') return Array.isArray(value.messages) ? { type, id, page: readHistory(value) } : null
  if (type === 'requestError') return { type, id, retryable: value.retryable === true }
  return null
}

function readSession(value: Fields): FromAura | null {
  const { sdkAppId, userId, userSig, expiresAt, socketUrl, locale } = value
  if (!Number.isInteger(sdkAppId) || !isText(userId) || !isText(userSig) || !Number.isFinite(expiresAt)) return null
  const login: ChatLogin = { sdkAppId: sdkAppId as number, userId, userSig, expiresAt: expiresAt as number }
  if (socketUrl !== undefined) {
    if (!isLocalSocket(socketUrl)) return null
    login.socketUrl = socketUrl
  }
  return { type: 'session', login, locale: isText(locale) ? locale : '' }
}

function readCases(values: unknown[]): CaseInfo[] {
  return values
    .filter(isFields)
    .filter((value) => isCaseId(value.id))
    .map((value) => ({
      id: value.id as string,
      caseNumber: text(value.caseNumber),
      subject: text(value.subject),
      status: text(value.status),
      customer: text(value.customer),
    }))
}

export const isCaseId = (value: unknown): value is string =>
  typeof value === 'string' && /^500[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?$/.test(value)

/** The sandbox's socket is on this machine; a session that names any other place is not believed. */
export function isLocalSocket(value: unknown): value is string {
  if (!isText(value)) return false
  try {
    const { protocol, hostname } = new URL(value)
    return /^wss?:$/.test(protocol) && /^(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)$/.test(hostname)
  } catch {
    return false
  }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
