import type { Element } from './elements'
import type { SocketLine } from './socket-line'

const FORMATS: Record<string, number> = { 'image/jpeg': 1, 'image/gif': 2, 'image/png': 3, 'image/bmp': 4 }
const OTHER_FORMAT = 255
/** Tencent's Download_Flag: the file is at its URL. A message without it is refused. */
const BY_URL = 2
const PATIENCE = 120_000

/** Sends a file as one frame, and gives the element that shows it. */
export async function uploadFile(line: SocketLine, file: File, progress: (part: number) => void): Promise<Element> {
  const data = await base64(file)
  const before = line.unsent
  const answer = line.ask({ do: 'upload', name: file.name, type: file.type, data }, PATIENCE)
  const total = Math.max(line.unsent - before, 1)
  const timer = setInterval(() => progress(1 - Math.min(line.unsent / total, 1)), 100)
  try {
    const { url, uuid, size } = await answer
    progress(1)
    return element(file, String(url), String(uuid), Number(size) || file.size)
  } finally {
    clearInterval(timer)
  }
}

function element(file: File, url: string, UUID: string, size: number): Element {
  if (!file.type.startsWith('image/')) {
    const content = { Url: url, UUID, FileSize: size, FileName: file.name, Download_Flag: BY_URL }
    return { MsgType: 'TIMFileElem', MsgContent: content }
  }
  const image = (Type: number) => ({ Type, Size: size, Width: 0, Height: 0, URL: url })
  const ImageFormat = FORMATS[file.type] ?? OTHER_FORMAT
  return { MsgType: 'TIMImageElem', MsgContent: { UUID, ImageFormat, ImageInfoArray: [1, 2, 3].map(image) } }
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 0x8000) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)))
  }
  return btoa(parts.join(''))
}
