// A call in words, for those who look rather than read.

const TENCENT = {
  account_import: ({ Nick, UserID }, name) => `makes ${Nick || name(UserID)} known`,
  multiaccount_import: ({ AccountList = [] }, name) => `makes ${listed(AccountList.map((each) => each.Nick || name(each.UserID)))} known`,
  create_group: () => 'makes the chat room',
  add_group_member: ({ MemberList = [] }, name) => `lets ${listed(MemberList.map((each) => name(each.Member_Account)))} in`,
  delete_group_member: ({ MemberToDel_Account = [] }, name) => `takes ${listed(MemberToDel_Account.map(name))} out`,
  destroy_group: () => 'dismisses the room',
  send_group_msg: ({ MsgBody }) => spoken(MsgBody, 'says', 'sends'),
  get_group_info: () => 'looks at the room',
  get_group_member_info: () => 'asks who is in the room',
  group_msg_get_simple: () => 'reads what was said',
  modify_group_base_info: () => 'renames the room',
}
const RELAY = {
  '/createticket': ({ caseInfo }) => `opens a ticket: ${quote(caseInfo?.subject)}`,
  '/usersig': ({ userId }, name) => `asks for a chat login for ${name(userId)}`,
  '/history': () => 'asks what was said before',
  '/synccases': ({ cases = [] }, name) => `tells: ${cases.length === 1 ? state(cases[0], name) : `how ${cases.length} Cases are`}`,
  '/joingroup': ({ userId }, name) => `wants ${name(userId)} in`,
  '/leavegroup': ({ userId }, name) => `wants ${name(userId)} out`,
  '/deletegroup': () => 'wants the room to end',
}
const CALLBACK = {
  'Group.CallbackAfterSendMsg': ({ From_Account, MsgBody }, name) => `${name(From_Account)} ${spoken(MsgBody, 'said', 'sent')}`,
  'Group.CallbackAfterCreateGroup': () => 'the room was made',
  'Group.CallbackAfterNewMemberJoin': ({ NewMemberList = [] }, name) => `${listed(NewMemberList.map((each) => name(each.Member_Account)))} came in`,
  'Group.CallbackAfterMemberExit': ({ ExitMemberList = [] }, name) => `${listed(ExitMemberList.map((each) => name(each.Member_Account)))} went out`,
  'Group.CallbackAfterGroupDestroyed': () => 'the room was dismissed',
  'Group.CallbackAfterRecallMsg': () => 'a message was taken back',
  'State.StateChange': ({ Info = {} }, name) => `${name(Info.To_Account)} is ${Info.Action === 'Login' ? 'online' : 'offline'}`,
}
const SDK = {
  login: () => 'signs in to the chat',
  renew: () => 'renews the chat login',
  send: ({ elements }) => spoken(elements, 'says', 'sends'),
  history: () => 'reads the chat',
  groups: () => 'asks for the rooms',
  members: () => 'asks who is there',
  upload: ({ name: file }) => `uploads ${file}`,
  recall: () => 'takes a message back',
}

/** name: from an id to what people call it. */
export function meaning({ what, from, to, sent }, name) {
  const body = sent && typeof sent === 'object' ? sent : {}
  if (what.startsWith('SDK ')) return SDK[what.slice(4)]?.(body, name) ?? what
  const [, path = what] = what.split(' ')
  if (path === '/webhooks/im') return CALLBACK[body.CallbackCommand]?.(body, name) ?? String(body.CallbackCommand ?? 'a callback')
  if (to === 'tencent') return TENCENT[path.split('/').pop()]?.(body, name) ?? path
  if (to === 'relay') return path.startsWith('/tickets/') ? 'asks for the ticket' : (RELAY[path]?.(body, name) ?? path)
  if (from === 'agent') return saved(body, name)
  return to === 'salesforce' ? salesforce(what, path) : what
}

function salesforce(what, path) {
  if (path.endsWith('/oauth2/token')) return 'logs in'
  if (what.startsWith('POST') && path.endsWith('/sobjects/Case')) return 'makes the Case'
  if (path.includes('/sobjects/Case/') && !path.endsWith('/describe')) return what.startsWith('GET') ? 'reads the Case' : 'changes the Case'
  if (path.includes('/query')) return 'asks what has changed'
  if (path.endsWith('/describe')) return 'asks what the org has'
  if (what.startsWith('GET') && path.includes('/sobjects')) return `looks at ${path.split('/sobjects')[1].split('/')[1] ?? 'the org'}`
  if (path.includes('/ContentVersion')) return 'saves the transcript'
  if (path.includes('/FeedItem')) return 'writes to the Case feed'
  if (path.includes('/CaseComment')) return 'comments on the Case'
  return path.replace(/^\/services\/data\/v[\d.]+/, '')
}

function saved({ update, delete: deleted, undelete, merge, omni, expireSessions }, name) {
  const some = (ids) => (ids.length === 1 ? 'the Case' : `${ids.length} Cases`)
  if (update) {
    const [[field, value]] = Object.entries(update.values)
    if (field === 'OwnerId') return `gives ${some(update.caseIds)} to ${name(value)}`
    return value === 'Closed' ? `closes ${some(update.caseIds)}` : `sets ${field} to ${value}`
  }
  if (deleted) return `deletes ${some(deleted)}`
  if (undelete) return `takes ${some(undelete)} out of the bin`
  if (merge) return 'merges Cases'
  if (omni) return { assign: `lets Omni offer the Case to ${name(omni.userId)}`, accept: 'accepts', decline: 'declines' }[omni.action] ?? 'closes the work'
  return expireSessions ? 'ends all sessions' : 'saves'
}

function state({ agents = [], isClosed, isDeleted, mergedInto }, name) {
  if (mergedInto) return 'the Case is merged'
  if (isDeleted || isClosed) return `the Case is ${isDeleted ? 'deleted' : 'closed'}`
  return agents.length > 0 ? `${listed(agents.map((each) => each.name || name(each.id)))} has the Case` : 'nobody has the Case'
}
const SENT = { TIMImageElem: 'a picture', TIMSoundElem: 'a sound', TIMVideoFileElem: 'a video', TIMLocationElem: 'a place' }
function spoken(elements = [], says, sends) {
  const [first] = elements
  if (first?.MsgType === 'TIMFileElem') return `${sends} the file ${quote(first.MsgContent?.FileName)}`
  if (SENT[first?.MsgType]) return `${sends} ${SENT[first.MsgType]}`
  return `${says} ${quote(elements.map?.(({ MsgType, MsgContent = {} }) => MsgContent.Text ?? MsgContent.Desc ?? MsgType).join(' '))}`
}
const quote = (text = '') => `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`
const listed = (names) => names.join(', ') || 'nobody'
