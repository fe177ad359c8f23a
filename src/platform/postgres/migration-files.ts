import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface MigrationFile {
  /** `0001_hotel.sql` */
  name: string
  text: string
  /** sha-256 of the text with Unix line ends. */
  checksum: string
  /** Of earlier versions (`-- formerly: <sha-256>`) that left a database no worse off: having applied one of them will do. */
  former: string[]
  /** False: its statements run one by one, for what PostgreSQL refuses inside a transaction. */
  transactional: boolean
}

const FORMER = /^-- formerly: ([0-9a-f]{64})$/gm
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/

/** The `migrations` folder of this package, from source or from `dist`. */
export function migrationsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder)
      throw new Error('No package.json above the program: the migrations cannot be found.')
    folder = parent
  }
  return join(folder, 'migrations')
}

export function folderOf(directory: URL | string | undefined): string {
  if (directory === undefined) return migrationsFolder()
  return directory instanceof URL ? fileURLToPath(directory) : directory
}

/** Names in order. Files not called `NNNN_subject.sql` are not migrations. */
export async function migrationNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => NAME.test(name)).sort()
}

/** The files in order, with their texts; rejects when the folder cannot be read. */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = await migrationNames(folder)
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows may have turned the line ends; the migration is the same.
      const text = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      const checksum = createHash('sha256').update(text).digest('hex')
      const former = [...text.matchAll(FORMER)].map(([, one = '']) => one)
      return { name, text, checksum, former, transactional: !text.startsWith('-- migrate: no-transaction') }
    }),
  )
}

/** One piece of SQL that may hold a semicolon which ends nothing: comments, strings, names, dollar-quoted bodies. */
const OPAQUE = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/y

/** The statements of a script, without their semicolons; pieces of comments only are left out. */
export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let text = ''
  let code = ''
  const end = () => {
    if (code.trim() !== '') statements.push(text.trim())
    text = ''
    code = ''
  }
  for (let at = 0; at < script.length; ) {
    OPAQUE.lastIndex = at
    const piece = OPAQUE.exec(script)?.[0] ?? script.charAt(at)
    if (piece === ';') end()
    else {
      text += piece
      if (!piece.startsWith('--') && !piece.startsWith('/*')) code += piece
    }
    at += piece.length
  }
  end()
  return statements
}
