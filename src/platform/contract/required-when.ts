import type { z } from 'zod'

interface Condition {
  /** For `.superRefine`: names each field that is missing, with why it is asked for. */
  check(value: object, context: z.RefinementCtx): void
  /** For `.meta`: the same, as JSON Schema has it. */
  jsonSchema: { if: object; then: object }
}

interface Needed {
  required?: string[]
  properties?: Record<string, Needed>
}

/**
 * Fields that an object must have only when its member `field` is `word`, declared once: a reader of the OpenAPI document
 * and the check know the same. `needed`: dotted path -> why.
 */
export function requiredWhen(
  field: string,
  word: string,
  needed: Readonly<Record<string, string>>,
): Condition {
  const paths = Object.entries(needed).map(([path, why]) => ({ path: path.split('.'), why }))
  return {
    check(value, context) {
      if (memberAt(value, [field]) !== word) return
      for (const { path, why } of paths) {
        if (memberAt(value, path) !== undefined) continue
        context.addIssue({ code: 'custom', path, message: `is required for a ${word}: ${why}` })
      }
    },
    jsonSchema: {
      if: { properties: { [field]: { const: word } }, required: [field] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: schemaOf(paths.map(({ path }) => path)),
    },
  }
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], value)
}

function schemaOf(paths: readonly (readonly string[])[]): Needed {
  const required = [...new Set(paths.flatMap(([name]) => name ?? []))]
  const properties: Record<string, Needed> = {}
  for (const name of required) {
    const below = paths.filter((path) => path[0] === name && path.length > 1).map((path) => path.slice(1))
    if (below.length > 0) properties[name] = schemaOf(below)
  }
  return Object.keys(properties).length > 0 ? { required, properties } : { required }
}
