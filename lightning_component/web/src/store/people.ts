/** Salesforce User ids; customers may not have such ids. */
const AGENT = /^005[a-zA-Z0-9]{12}([a-zA-Z0-9]{3})?$/
export const isAgent = (userId: string): boolean => AGENT.test(userId)

/** No customer may have these: the App administrator, by his default name, and Tencent itself. */
const SYSTEM = new Set(['', 'administrator', '@TIM#SYSTEM'])
export const isSystem = (userId: string): boolean => SYSTEM.has(userId)
