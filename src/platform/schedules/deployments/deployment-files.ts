/** The files of a folder of deployments. */
import { readdir, readFile } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { BadDeployments } from './deployment-error.ts'

export interface DeploymentFile {
  /** As people are told it: from where they stand, if it lies below. */
  name: string
  text: string
}

const YAML = /^[^.].*\.ya?ml$/

/** Every `*.yaml` and `*.yml` that lies directly in the folder, by name. Throws BadDeployments. */
export async function readDeploymentFiles(folder: string): Promise<DeploymentFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  const files = names.filter((name) => YAML.test(name)).sort()
  return Promise.all(files.map((name) => read(join(folder, name))))
}

async function read(path: string): Promise<DeploymentFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return { name: shown(path), text }
}

function unreadable(path: string, error: unknown): BadDeployments {
  const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return new BadDeployments([{ file: shown(path), field: '', message }])
}

function shown(path: string): string {
  const below = relative(process.cwd(), path)
  return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below
}
