/** Tidies the generated document: a reader should meet each schema once, by its own name, and no unused ones. */

interface Tidied {
  components?: { schemas?: Record<string, unknown> }
  paths?: Record<string, unknown>
}

const PREFIX = '#/components/schemas/'

/**
 * The generator writes every schema twice, as it comes in (`XInput`) and as it goes out (`X`). What nothing refers to
 * is dropped, and what only comes in takes the plain name. A body that may be null is one that may be missing.
 */
export function tidyDocument<Document extends object>(document: Document): Document {
  const tidied = structuredClone(document) as Document & Tidied
  const schemas = tidied.components?.schemas ?? {}
  const used = reachable(tidied.paths, schemas)
  const kept = Object.fromEntries([...used].sort().map((name) => [name, schemas[name]]))
  tidied.components = { ...tidied.components, schemas: kept }
  for (const operations of Object.values(tidied.paths ?? {})) {
    for (const operation of Object.values(operations as Record<string, Operation>)) allowNoBody(operation)
  }
  return renameInputs(tidied, used)
}

interface Operation {
  requestBody?: { required?: boolean; content?: Record<string, { schema?: { anyOf?: { type?: string }[] } }> }
}

function allowNoBody({ requestBody }: Operation): void {
  for (const media of Object.values(requestBody?.content ?? {})) {
    const options = media.schema?.anyOf
    const [only, none] = options ?? []
    if (requestBody === undefined || options?.length !== 2 || none?.type !== 'null' || only === undefined)
      continue
    media.schema = only as object
    requestBody.required = false
  }
}

function reachable(from: unknown, schemas: Record<string, unknown>): Set<string> {
  const found = new Set<string>()
  const open: unknown[] = [from]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (part === null || typeof part !== 'object') continue
    const ref = '$ref' in part ? part.$ref : undefined
    if (typeof ref === 'string' && ref.startsWith(PREFIX)) {
      const name = ref.slice(PREFIX.length)
      if (!found.has(name)) open.push(schemas[name])
      found.add(name)
    }
    open.push(...Object.values(part).filter((member) => typeof member === 'object'))
  }
  return found
}

function renameInputs<Document extends object>(document: Document, used: ReadonlySet<string>): Document {
  let text = JSON.stringify(document)
  for (const name of used) {
    const plain = name.replace(/Input$/, '')
    if (plain === name || used.has(plain)) continue
    text = text
      .replaceAll(`"${PREFIX}${name}"`, `"${PREFIX}${plain}"`)
      .replaceAll(`"${name}":`, `"${plain}":`)
  }
  return JSON.parse(text) as Document
}
