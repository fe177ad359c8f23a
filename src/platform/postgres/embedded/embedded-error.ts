/** What the file system answers that somebody can mend, and how it reads. */
const FILE_TROUBLE: Readonly<Record<string, string>> = {
  EROFS: 'it is on a read-only file system',
  EACCES: 'this account may not write there',
  EPERM: 'this account may not do that there',
  // What Node says of a folder that cannot be made on a read-only file system.
  ENOENT: 'it cannot be made there',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENOSPC: 'its disk is full',
  EDQUOT: "this account's share of the disk is used up",
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
}

/** The line in which PostgreSQL's programs say what is wrong, of all that they write, without time and process. */
export function complaintIn(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const line =
    lines.find((one) => /(FATAL|ERROR|PANIC|error):/.test(one)) ?? lines.at(-1) ?? 'it said nothing'
  return line.replace(/^.*?(FATAL|ERROR|PANIC|error):\s*/, '')
}

/** An error of the file system under `dataDir` as a line for whoever chose it; anything else as it is. */
export function asDataDirError(error: unknown, dataDir: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException
  const why = code === undefined ? undefined : FILE_TROUBLE[code]
  if (error instanceof EmbeddedPostgresError || why === undefined) return error
  const where = path === undefined || path === dataDir ? '' : `, at ${path}`
  return new EmbeddedPostgresError(
    `DATA_DIR cannot hold the database: ${dataDir}: ${why} (${code}${where}). Choose another DATA_DIR, or set DATABASE_URL.`,
    { cause: error },
  )
}

/** The embedded PostgreSQL cannot be had here. The message says why, and what to change. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code = 'embedded_postgres'
}
