import { crc32, deflateRawSync } from 'node:zlib'

export interface Entry {
  name: string
  data: Uint8Array
}

// 1980-01-01 00:00, the first moment a zip can name: the same files make the same zip.
const TIME = 0
const DATE = (0 << 9) | (1 << 5) | 1
const VERSION = 20
const DEFLATED = 8

/** A zip of these files: sorted, without times, owners or extras. */
export function zip(entries: Entry[]): Buffer {
  const files = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, data } of files) {
    const packed = deflateRawSync(data, { level: 9 })
    const path = Buffer.from(name)
    const common = header(path, data, packed)
    const local = Buffer.concat([signature(0x04034b50), common, path, packed])
    directory.push(Buffer.concat([signature(0x02014b50), u16(VERSION), common, fileTail(offset), path]))
    bodies.push(local)
    offset += local.length
  }
  const index = Buffer.concat(directory)
  return Buffer.concat([...bodies, index, end(files.length, index.length, offset)])
}

function header(path: Buffer, data: Uint8Array, packed: Buffer): Buffer {
  const flags = 0x0800 // names are UTF-8
  return Buffer.concat([
    ...[VERSION, flags, DEFLATED, TIME, DATE].map(u16),
    ...[crc32(data), packed.length, data.length].map(u32),
    ...[path.length, 0].map(u16),
  ])
}

function fileTail(offset: number): Buffer {
  return Buffer.concat([...[0, 0, 0].map(u16), u32(0), u32(offset)])
}

function end(count: number, size: number, offset: number): Buffer {
  return Buffer.concat([signature(0x06054b50), ...[0, 0, count, count].map(u16), u32(size), u32(offset), u16(0)])
}

const signature = u32

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
