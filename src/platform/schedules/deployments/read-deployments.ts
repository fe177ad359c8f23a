import { readEntries } from './deployment-document.ts'
import { type Deployment, readEntry } from './deployment-entry.ts'
import { BadDeployments, type Fault } from './deployment-error.ts'
import type { DeploymentFile } from './deployment-files.ts'

/** What the files declare, in their order. Throws BadDeployments with all that is wrong in them. */
export function readDeployments(files: readonly DeploymentFile[]): Deployment[] {
  const faults: Fault[] = []
  const deployments: Deployment[] = []
  for (const file of files) {
    const { entries, faults: broken } = readEntries(file)
    faults.push(...broken)
    for (const entry of entries) {
      const read = readEntry(entry)
      if (Array.isArray(read)) faults.push(...read)
      else deployments.push(read)
    }
  }
  faults.push(...duplicates(deployments))
  if (faults.length > 0) throw new BadDeployments(faults)
  return deployments
}

function duplicates(deployments: readonly Deployment[]): Fault[] {
  const first = new Map<string, Deployment>()
  return deployments.flatMap((deployment) => {
    const { slug } = deployment.request
    const known = first.get(slug)
    if (known === undefined) {
      first.set(slug, deployment)
      return []
    }
    const { file, line } = known.fault(['slug'], '')
    return [deployment.fault(['slug'], `${slug} is declared in ${file}:${line} as well`)]
  })
}
