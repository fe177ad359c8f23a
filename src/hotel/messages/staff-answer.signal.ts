import { z } from 'zod'

const LONGEST = 100

/** A name or an id, as text; null: not said. A hotel may number its people. */
const Name = z
  .union([z.string(), z.number()], { error: 'must be the name or the id of a person' })
  .nullish()
  .transform((given) => `${given ?? ''}`.trim().slice(0, LONGEST) || null)
  .meta({ description: 'Name or id of whoever did it' })

/**
 * What a person answers to "it is done": who did it, at `field`. People send it by hand: without a payload, or as
 * anything else that is no object, it counts all the same, and nobody is named.
 */
export function staffAnswer<Field extends 'by' | 'finished_by'>(field: Field) {
  const shape = { [field]: Name } as Record<Field, typeof Name>
  return z.preprocess((given) => (isObject(given) ? given : {}), z.object(shape))
}

const isObject = (given: unknown) => typeof given === 'object' && given !== null && !Array.isArray(given)
