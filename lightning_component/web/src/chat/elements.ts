/** The parts of a message, shaped and named as Tencent Chat does it. */
export type Element =
  | { MsgType: 'TIMTextElem'; MsgContent: { Text: string } }
  | { MsgType: 'TIMFaceElem'; MsgContent: { Index: number; Data: string } }
  | { MsgType: 'TIMImageElem'; MsgContent: { UUID: string; ImageFormat: number; ImageInfoArray: ImageInfo[] } }
  | { MsgType: 'TIMFileElem'; MsgContent: FileContent }
  | { MsgType: 'TIMSoundElem'; MsgContent: { Url: string; Second: number } }
  | { MsgType: 'TIMVideoFileElem'; MsgContent: { VideoUrl: string; VideoSecond: number } }
  | { MsgType: 'TIMCustomElem'; MsgContent: { Data: string; Desc: string } }
  | { MsgType: 'other'; MsgContent: { was: string } }

export interface FileContent {
  Url: string
  UUID: string
  FileSize: number
  FileName: string
  Download_Flag?: number
}

export interface ImageInfo {
  /** 1 original, 2 large, 3 thumbnail */
  Type: number
  Size: number
  Width: number
  Height: number
  URL: string
}

type Fields = Record<string, unknown>

export const textElement = (Text: string): Element => ({ MsgType: 'TIMTextElem', MsgContent: { Text } })

/** Whatever came from outside, as elements; what we cannot show becomes `other` instead of an error. */
export function readElements(value: unknown): Element[] {
  return Array.isArray(value) ? value.map(readElement) : []
}

function readElement(value: unknown): Element {
  const { MsgType, MsgContent } = fields(value)
  const content = fields(MsgContent)
  switch (MsgType) {
    case 'TIMTextElem':
      return textElement(text(content.Text))
    case 'TIMFaceElem':
      return { MsgType, MsgContent: { Index: number(content.Index), Data: text(content.Data) } }
    case 'TIMImageElem':
      return { MsgType, MsgContent: readImage(content) }
    case 'TIMFileElem':
      return { MsgType, MsgContent: readFile(content) }
    case 'TIMSoundElem':
      return { MsgType, MsgContent: { Url: address(content.Url), Second: number(content.Second) } }
    case 'TIMVideoFileElem':
      return {
        MsgType,
        MsgContent: { VideoUrl: address(content.VideoUrl), VideoSecond: number(content.VideoSecond) },
      }
    case 'TIMCustomElem':
      return { MsgType, MsgContent: { Data: text(content.Data), Desc: text(content.Desc) } }
    default:
      return { MsgType: 'other', MsgContent: { was: text(MsgType) } }
  }
}

function readImage(content: Fields) {
  const images = Array.isArray(content.ImageInfoArray) ? content.ImageInfoArray.map(fields) : []
  return {
    UUID: text(content.UUID),
    ImageFormat: number(content.ImageFormat),
    ImageInfoArray: images.map((image) => ({
      Type: number(image.Type),
      Size: number(image.Size),
      Width: number(image.Width),
      Height: number(image.Height),
      URL: address(image.URL),
    })),
  }
}

function readFile(content: Fields) {
  return {
    Url: address(content.Url),
    UUID: text(content.UUID),
    FileSize: number(content.FileSize),
    FileName: text(content.FileName),
  }
}

/** An address that a browser may be sent to: no javascript:, no data:. */
export function address(value: unknown): string {
  try {
    const url = new URL(text(value))
    return ['https:', 'http:', 'blob:'].includes(url.protocol) ? url.href : ''
  } catch {
    return ''
  }
}

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
