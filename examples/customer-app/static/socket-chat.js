// The sandbox's chat socket. It comes back by itself when the connection was lost.

import { ChatError } from './chat-client.js'

const PATIENCE = 15_000
const LONGEST_PAUSE = 8_000
const CUT = 9

export class SocketChat {
  #url
  #listeners = new Set()
  #waiting = new Map()
  #made = new Map()
  #ref = 0
  #socket
  #login
  #closed = false
  #isComingBack = false
  #isOut = false // put out by the service, until a new signature comes

  constructor(url) {
    this.#url = url
  }

  on(listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async connect(login) {
    this.#login = login
    await this.#open()
  }

  async renew(login) {
    this.#login = login
    if (this.#closed) return
    if (this.#socket?.readyState === WebSocket.OPEN) await this.#ask({ do: 'renew', userSig: login.userSig })
    else await this.#open()
  }

  history = (groupId, before) => this.#ask({ do: 'history', groupId, ...(before === undefined ? {} : { before }) })
  members = async (groupId) => (await this.#ask({ do: 'members', groupId })).members
  groups = async () => (await this.#ask({ do: 'groups' })).groups
  typing = (groupId) => this.#tell({ do: 'typing', groupId })

  async send(groupId, what, random) {
    const elements = this.#made.get(random) ?? (what.file ? [await this.#upload(what.file)] : [text(what.text)])
    this.#made.set(random, elements)
    const { seq, time } = await this.#ask({ do: 'send', groupId, elements, random })
    this.#made.delete(random)
    return { seq, time, elements }
  }

  async #upload(file) {
    const bytes = new Uint8Array(await file.arrayBuffer())
    let binary = ''
    for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768))
    const { url, uuid, size } = await this.#ask({ do: 'upload', name: file.name, type: file.type, data: btoa(binary) })
    const isImage = file.type.startsWith('image/') && file.type !== 'image/svg+xml'
    return isImage
      ? { MsgType: 'TIMImageElem', MsgContent: { UUID: uuid, ImageFormat: 255, ImageInfoArray: [{ Type: 1, Size: size, Width: 0, Height: 0, URL: url }] } }
      : { MsgType: 'TIMFileElem', MsgContent: { Url: url, UUID: uuid, FileSize: size, FileName: file.name, Download_Flag: 2 } }
  }

  close() {
    this.#closed = true
    this.#socket?.close()
  }

  async #open() {
    const socket = new WebSocket(this.#url)
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = () => reject(new ChatError(CUT, 'The chat cannot be reached.'))
    })
    if (this.#closed) return socket.close()
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data))
    socket.onclose = () => this.#lost(socket)
    const { sdkAppId, userId, userSig } = this.#login
    await this.#ask({ do: 'login', sdkAppId, userId, userSig })
    this.#isOut = false
    this.#emit({ type: 'state', state: 'ready' })
  }

  #heard(frame) {
    if (frame.event === 'kicked') {
      this.#isOut = true
      this.#emit({ type: 'kicked', reason: frame.reason })
    } else if (frame.event) {
      const { event, ...rest } = frame
      this.#emit({ type: event, ...rest })
    } else {
      const waiting = this.#waiting.get(frame.ref)
      this.#waiting.delete(frame.ref)
      if (frame.ok) waiting?.resolve(frame)
      else waiting?.reject(new ChatError(frame.code, frame.info))
    }
  }

  #lost(socket) {
    for (const { reject } of this.#waiting.values()) reject(new ChatError(CUT, 'The connection was lost.'))
    this.#waiting.clear()
    if (this.#closed || this.#isOut || socket !== this.#socket) return
    this.#emit({ type: 'state', state: 'reconnecting' })
    if (this.#isComingBack) return
    this.#isComingBack = true
    void this.#comeBack().finally(() => (this.#isComingBack = false))
  }

  async #comeBack() {
    for (let pause = 500; !this.#closed; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      await new Promise((done) => setTimeout(done, pause * (0.7 + Math.random() * 0.6)))
      try {
        return await this.#open()
      } catch (error) {
        if (error.code !== CUT) return this.#emit({ type: 'kicked', reason: 'expired' })
      }
    }
  }

  #tell(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  #ask(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new ChatError(CUT, 'Not connected.'))
    const ref = ++this.#ref
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#waiting.delete(ref) && reject(new ChatError(CUT, 'No answer.')), PATIENCE)
      const done = (settle) => (value) => (clearTimeout(late), settle(value))
      this.#waiting.set(ref, { resolve: done(resolve), reject: done(reject) })
      this.#tell({ ...frame, ref })
    })
  }

  #emit(event) {
    for (const listener of this.#listeners) listener(event)
  }
}

const text = (Text) => ({ MsgType: 'TIMTextElem', MsgContent: { Text } })
