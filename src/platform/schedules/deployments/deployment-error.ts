/** Where something wrong stands: the file as it was named, its line, and the field by the file's own names. */
export interface Fault {
  file: string
  line?: number | undefined
  /** `schedule.cron`, '' for the whole entry. */
  field: string
  message: string
}

/** Nothing was applied. A line for each fault: `deployments/hotel.yaml:12 schedule.cron must be ...`. */
export class BadDeployments extends Error {
  override readonly name = 'BadDeployments'
  readonly code = 'bad_deployments'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(textOf).join('\n'))
    this.faults = faults
  }
}

function textOf({ file, line, field, message }: Fault): string {
  const place = line === undefined ? file : `${file}:${line}`
  return [place, field, message].filter((part) => part !== '').join(' ')
}
