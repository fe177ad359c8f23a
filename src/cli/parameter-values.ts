/** What a person wrote after `--param name=`, as the value that the workflow asks for. */

type Schema = Record<string, unknown>
type Kind = 'string' | 'number' | 'boolean' | 'null' | 'composite'

/**
 * `text` as the property `name` of `schema` (JSON Schema) has it. What fits none of its types stays text, for the
 * service to say what is wrong with it. A property that the schema does not know is read by its looks: JSON, else text.
 */
export function coerced(text: string, schema: Schema, name: string): unknown {
  const property = propertyOf(schema, name, schema)
  const kinds = property === undefined ? undefined : kindsOf(property, schema)
  const value = parsed(text)
  const kind = kindOf(value)
  // "0042" in quotes is how a text that looks like a number was written before there was a schema to ask.
  if (kind === 'string') return kinds === undefined || kinds.has('string') ? value : text
  if (kinds === undefined || kinds.size === 0) return value ?? (kind === 'null' ? null : text)
  if (kind === 'null' && kinds.has('null')) return null
  if (kinds.has('string')) return text
  return kind !== undefined && kinds.has(kind) ? value : text
}

/** Undefined: no JSON, or a number that would come back rounded: 20 digits are somebody's number plate or card. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER ? undefined : value
  } catch {
    return undefined
  }
}

function kindOf(value: unknown): Kind | undefined {
  if (value === null) return 'null'
  if (typeof value === 'object') return 'composite'
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? (typeof value as Kind)
    : undefined
}

/** The schema of a property, in whichever part of its owner it stands. */
function propertyOf(schema: Schema, name: string, root: Schema): Schema | undefined {
  const owner = followed(schema, root)
  const own = (owner.properties as Record<string, Schema> | undefined)?.[name]
  if (own !== undefined) return own
  for (const part of partsOf(owner)) {
    const found = propertyOf(part, name, root)
    if (found !== undefined) return found
  }
  return undefined
}

/** Empty: any. */
function kindsOf(schema: Schema, root: Schema): Set<Kind> {
  const { type, enum: words, const: word, ...rest } = followed(schema, root)
  const types = [type].flat().filter((one) => typeof one === 'string')
  if (types.length > 0) return new Set(types.map(kindOfType))
  const values = [words, word].flat().filter((value) => value !== undefined)
  if (values.length > 0) return new Set(values.flatMap((value) => kindOf(value) ?? []))
  return new Set(partsOf(rest).flatMap((part) => [...kindsOf(part, root)]))
}

const kindOfType = (type: string): Kind => {
  if (type === 'integer') return 'number'
  return type === 'object' || type === 'array' ? 'composite' : (type as Kind)
}

function partsOf(schema: Schema): Schema[] {
  return [schema.anyOf, schema.oneOf, schema.allOf].flatMap((parts) => (parts as Schema[] | undefined) ?? [])
}

/** `#/$defs/X`; a schema that refers to nothing here is any. */
function followed(schema: Schema, root: Schema): Schema {
  const { $ref: ref } = schema
  if (typeof ref !== 'string') return schema
  const name = ref.replace(/^#\/\$defs\//, '')
  return (root.$defs as Record<string, Schema> | undefined)?.[name] ?? {}
}
