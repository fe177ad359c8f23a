/** What a deploy does, for people: one line for each schedule, and more where somebody should know more. */
import { isDeepStrictEqual } from 'node:util'
import { timingText } from '../schedule-list.ts'
import type { DeployStep, FieldChange, Known } from './deployment-plan.ts'

/** `+ assign_cleaning  0 7 * * * (Asia/Ho_Chi_Minh)`; lines below it are indented. */
export function stepText(step: DeployStep): string {
  const { slug } = step
  switch (step.kind) {
    case 'create': {
      const { definition, active } = step.declared
      return `+ ${slug}  ${timingText(step.declared)}${definition.workflow === slug ? '' : `, ${definition.workflow}`}${active ? '' : ', paused'}`
    }
    case 'change':
      return lines(`~ ${slug}${pauseOf(step.known)}`, [
        ...step.changes.map(changeText),
        ...step.drift.map(driftText),
      ])
    case 'keep':
      return lines(`= ${slug}${pauseOf(step.known)}`, step.drift.map(driftText))
    case 'conflict':
      return `! ${slug}  was made by hand and is left alone: give the file's another slug, or delete it first`
    case 'deleted':
      return `= ${slug}  was deleted by ${whoOf(step.known.deleted?.by)} and stays deleted (--force makes it again)`
    case 'over':
      return `= ${slug}  has no time ahead any more: left as it is`
    case 'refused':
      return `! ${slug}  is left as it is, since a person changed it (--force takes the file's): ${step.message}`
    case 'remove':
      return `- ${slug}  ${step.prune ? 'is in no file any more' : 'is in no file any more (would be removed with --prune)'}`
  }
}

function lines(first: string, more: readonly string[]): string {
  return [first, ...more.map((line) => `    ${line}`)].join('\n')
}

function pauseOf({ paused }: Known): string {
  if (paused === null) return ''
  const note = paused.note === null ? '' : ` (${paused.note})`
  return `  paused by ${whoOf(paused.by)}${note}: stays paused`
}

function whoOf(by: string | null | undefined): string {
  return by ?? 'somebody'
}

/** `schedule.cron: "0 7 * * *" → "0 6 * * *"`. */
export function changeText(change: FieldChange): string {
  return parts(change)
    .map(({ name, from, to }) => `${name}: ${valueText(from)} → ${valueText(to)}`)
    .join(', ')
}

function driftText(change: FieldChange): string {
  return parts(change)
    .map(
      ({ name, from, to }) =>
        `${name}: ${valueText(to)} by hand, ${valueText(from)} in the file: stays (--force takes the file's)`,
    )
    .join(', ')
}

/** Of an object, the members that differ; `workflow` by the files' name. */
function parts({ field, from, to }: FieldChange): { name: string; from: unknown; to: unknown }[] {
  const name = field === 'workflow' ? 'flow' : field
  if (!isObject(from) || !isObject(to)) return [{ name, from, to }]
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((member) => !isDeepStrictEqual(from[member], to[member]))
    .map((member) => ({ name: `${name}.${member}`, from: from[member], to: to[member] }))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
