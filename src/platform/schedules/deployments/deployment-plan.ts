/**
 * What a deploy does, from what the files declare and what there is. Pure. For each field of a schedule:
 *
 *   as the file has it?            ── nothing
 *   the file changed it?           ── the file's, whatever a person made of it since
 *   a person changed it?           ── stays, and is told as drift; with `force` the file's
 *
 * "Changed" is against the definition that a file last applied, which the schedule remembers.
 */
import { isDeepStrictEqual } from 'node:util'
import { ScheduleDefinition, type ScheduleOrigin } from '../../contract/schedule.ts'

export interface Declared {
  slug: string
  definition: ScheduleDefinition
  /** Of a schedule that is made; one that is there is paused and resumed by people. */
  active: boolean
}

export interface Known {
  id: string
  slug: string
  origin: ScheduleOrigin
  version: number
  definition: ScheduleDefinition
  /** What a file last made it; null: unknown, and then what is there counts as the file's. */
  applied: ScheduleDefinition | null
  paused: { by: string | null; note: string | null } | null
  /** By a person, while a file declared it. */
  deleted: { by: string | null; at: Date } | null
}

export interface FieldChange {
  field: keyof ScheduleDefinition
  from: unknown
  to: unknown
}

/** `drift`: from what the file declares, to what a person made of it. */
export type DeployStep = { slug: string } & (
  | { kind: 'create'; declared: Declared }
  | { kind: 'change'; known: Known; declared: Declared; changes: FieldChange[]; drift: FieldChange[] }
  | { kind: 'keep'; known: Known; declared: Declared; drift: FieldChange[] }
  /** Made by hand under this slug: left alone. */
  | { kind: 'conflict'; known: Known }
  /** A person deleted it: not made again without `force`. */
  | { kind: 'deleted'; known: Known }
  /** It would not fire any more. */
  | { kind: 'over'; declared: Declared }
  /** What the file changed does not go with what a person changed: left as it is. Only `force` helps. */
  | { kind: 'refused'; message: string }
  /** No file declares it any more: it goes only with `prune`. */
  | { kind: 'remove'; known: Known; prune: boolean }
)

export interface PlanOptions {
  /** Undoes what people changed or deleted; never their pauses. */
  force: boolean
  prune: boolean
  /** Whether there is a time ahead. */
  fires(slug: string, definition: ScheduleDefinition): boolean
}

const FIELDS = Object.keys(ScheduleDefinition.shape) as (keyof ScheduleDefinition)[]

/** In the order of the slugs. */
export function planDeployment(
  declared: readonly Declared[],
  known: readonly Known[],
  options: PlanOptions,
): DeployStep[] {
  const there = new Map(known.map((each) => [each.slug, each]))
  const slugs = new Set(declared.map(({ slug }) => slug))
  const gone = known.filter(({ slug, origin, deleted }) => origin === 'file' && !deleted && !slugs.has(slug))
  return [
    ...declared.map((each) => stepOf(each, there.get(each.slug), options)),
    ...gone.map(
      (each): DeployStep => ({ slug: each.slug, kind: 'remove', known: each, prune: options.prune }),
    ),
  ].sort((a, b) => (a.slug < b.slug ? -1 : 1))
}

function stepOf(declared: Declared, known: Known | undefined, { force, fires }: PlanOptions): DeployStep {
  const { slug } = declared
  if (known?.deleted && !force) return { slug, kind: 'deleted', known }
  if (known === undefined || known.deleted) {
    const kind = fires(slug, declared.definition) ? 'create' : 'over'
    return { slug, kind, declared }
  }
  if (known.origin === 'hand') return { slug, kind: 'conflict', known }
  const { changes, drift } = compared(declared.definition, known, force)
  if (changes.length === 0) return { slug, kind: 'keep', known, declared, drift }
  if (!fires(slug, withChanges(known.definition, changes))) {
    if (!fires(slug, declared.definition)) return { slug, kind: 'over', declared }
    return { slug, kind: 'refused', message: 'together they have no time ahead' }
  }
  return { slug, kind: 'change', known, declared, changes, drift }
}

function compared(file: ScheduleDefinition, { definition, applied }: Known, force: boolean) {
  const changes: FieldChange[] = []
  const drift: FieldChange[] = []
  const before = applied ?? definition
  for (const field of FIELDS) {
    const is = definition[field]
    if (isDeepStrictEqual(file[field], is)) continue
    if (force || !isDeepStrictEqual(file[field], before[field]))
      changes.push({ field, from: is, to: file[field] })
    else drift.push({ field, from: file[field], to: is })
  }
  return { changes, drift }
}

function withChanges(definition: ScheduleDefinition, changes: readonly FieldChange[]): ScheduleDefinition {
  return { ...definition, ...Object.fromEntries(changes.map(({ field, to }) => [field, to])) }
}
