import type { AddressInfo } from 'node:net'

import { WebSocketServer } from 'ws'

type Fields = Record<string, any>
type Send = (frame: Buffer) => void

/**
 * A stand-in for the socket that the real SDK opens. Its protocol is not documented; what is here was found by asking
 * the SDK, of this version, and is enough for: signing in, the list of groups, history, sending, receiving, read marks.
 * Everything else is answered with an empty OK.
 */
export class TencentSocket {
  readonly asked: { command: string; body: Fields }[] = []
  messages: Fields[] = []
  refuse: Record<string, Fields> = {}
  private reply: Send = () => undefined

  private constructor(
    private readonly server: WebSocketServer,
    readonly groupId: string,
  ) {
    server.on('connection', (socket) => {
      const hear = this.connected((frame) => socket.send(frame))
      socket.on('message', (data) => hear(String(data)))
    })
  }

  /** Somebody is on the line, whatever the line is; gives where to put what he says. */
  connected(send: Send): (frame: string) => void {
    this.reply = send
    return (frame) => this.hear(JSON.parse(frame))
  }

  static start(groupId: string): Promise<TencentSocket> {
    return new Promise((resolve) => {
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
      server.on('listening', () => resolve(new TencentSocket(server, groupId)))
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Somebody else says something. */
  say(From_Account: string, Text: string, more: Fields = {}): void {
    this.push({ GroupMsgArray: [this.post(From_Account, [{ MsgType: 'TIMTextElem', MsgContent: { Text } }], more)] })
  }

  /** `Event` 3 is a message in a group. */
  push(event: Fields, Event = 3): void {
    this.send({ servcmd: 'im_open_push.msg_push', seq: 1 }, { EventArray: [{ Event, ...event }] })
  }

  countOf = (command: string): number => this.asked.filter((one) => one.command.endsWith(command)).length

  stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private hear({ head, body }: { head: Fields; body: Fields }): void {
    const command = String(head.servcmd)
    this.asked.push({ command, body })
    const name = command.split('.')[1]!
    this.send(head, {
      ActionStatus: 'OK',
      ErrorCode: 0,
      ErrorInfo: '',
      ...(this.refuse[name] ?? this.answer(name, body)),
    })
  }

  private answer(name: string, body: Fields): Fields {
    switch (name) {
      case 'wslogin':
        return { A2Key: 'a2', TinyId: '144115198000000001', HelloInterval: 120, InstanceId: 1, TimeStamp: now() }
      case 'black_list_get':
        return { BlackListItem: [], StartIndex: 0 } // anything but 0 is asked for again
      case 'page_get':
        return { CompleteFlag: 1, SessionItem: [] }
      case 'get_joined_group_list':
        return { TotalCount: 1, GroupIdList: [this.group()] }
      case 'group_msg_recall':
        return { RecallRetList: [{ MsgSeq: body.MsgSeqList?.[0]?.MsgSeq ?? 0, RetCode: 0 }] }
      case 'get_group_member_info':
        return { MemberNum: 1, MemberList: [{ Member_Account: 'bob', Role: 'Member', NameCard: '' }] }
      case 'portrait_get_all':
        return { UserProfileItem: (body.UserItem as Fields[]).map(({ To_Account }) => profile(To_Account)) }
      case 'get_group_self_member_info':
        return { GroupInfo: [{ ErrorCode: 0, ...this.group() }] }
      case 'group_msg_get':
        return { IsFinished: 1, RspMsgList: this.before(body.ReqMsgSeq, body.ReqMsgNumber) }
      case 'send_group_msg': {
        const { MsgSeq, MsgTime } = this.post(body.From_Account, body.MsgBody, { MsgRandom: body.Random })
        return { MsgSeq, MsgTime }
      }
      default:
        return {}
    }
  }

  private group(): Fields {
    const SelfInfo = { Role: 'Member', MsgSeq: 0 }
    return {
      GroupId: this.groupId,
      Type: 'Public',
      Name: 'My lamp is dark',
      NextMsgSeq: this.messages.length + 1,
      SelfInfo,
    }
  }

  /** As group_msg_get_simple has it: up to and with this seq, the newest first. */
  private before(seq: number, count: number): Fields[] {
    return this.messages
      .filter(({ MsgSeq }) => MsgSeq <= seq)
      .slice(-count)
      .reverse()
  }

  private post(From_Account: string, MsgBody: Fields[], more: Fields = {}): Fields {
    const said = this.messages.find((one) => more.MsgRandom && one.MsgRandom === more.MsgRandom)
    if (said) return said
    const MsgSeq = this.messages.length + 1
    const times = { MsgTime: now(), MsgTimeStamp: now() }
    const message = { From_Account, ToGroupId: this.groupId, MsgSeq, MsgRandom: MsgSeq, ...times, MsgBody, ...more }
    this.messages.push(message)
    return message
  }

  private send(head: Fields, body: Fields): void {
    this.reply(Buffer.from(JSON.stringify({ head: { ...head, time: now() }, body })))
  }
}

const profile = (To_Account: string) => ({
  To_Account,
  ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: To_Account === 'bob' ? 'Bob' : 'Li Na' }],
})
const now = () => Math.floor(Date.now() / 1000)
