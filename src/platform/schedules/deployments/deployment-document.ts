/** YAML as values that know their lines. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type YAMLError,
} from 'yaml'
import type { Fault } from './deployment-error.ts'
import type { DeploymentFile } from './deployment-files.ts'

/** One thing that a file declares. */
export interface Entry {
  file: string
  value: unknown
  /** Of the deepest part of the path that is there. */
  lineOf(path: readonly PropertyKey[]): number
}

/** A document is one entry, or a list of them; one without anything in it is none. */
export function readEntries({ name, text }: DeploymentFile): { entries: Entry[]; faults: Fault[] } {
  const lines = new LineCounter()
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, stringKeys: true }),
  ] as Document.Parsed[]
  const broken = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])
  const faults = broken.map((error) => faultOf(name, error))
  if (faults.length > 0) return { entries: [], faults }
  try {
    return { entries: documents.flatMap((document) => entriesOf(name, document, lines)), faults }
  } catch (error) {
    // Aliases of aliases: more values than anybody meant.
    if (!(error instanceof ReferenceError)) throw error
    return {
      entries: [],
      faults: [{ file: name, line: 1, field: '', message: `is not usable: ${error.message}` }],
    }
  }
}

function entriesOf(file: string, document: Document.Parsed, lines: LineCounter): Entry[] {
  const root: ParsedNode | null = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return []
  const nodes = isSeq(root) ? (root.items as Node[]) : [root as Node]
  return nodes.map((node) => ({
    file,
    value: node.toJS(document) as unknown,
    lineOf: (path) => lineOf(node, path, document, lines),
  }))
}

function lineOf(
  entry: Node,
  path: readonly PropertyKey[],
  document: Document.Parsed,
  lines: LineCounter,
): number {
  let offset = entry.range?.[0] ?? 0
  let node: unknown = entry
  for (const part of path) {
    const inside = isAlias(node) ? node.resolve(document) : node
    if (isSeq(inside)) {
      node = inside.items[Number(part)]
    } else if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && key.value === part)
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset
      node = pair?.value
      continue
    } else break
    offset = (node as Node | undefined)?.range?.[0] ?? offset
  }
  return lines.linePos(offset).line
}

/** The library's message, without the picture of the line that it draws below. */
function faultOf(file: string, { message, linePos }: YAMLError): Fault {
  const [first = message] = message.split(/ at line \d+|\n/)
  return { file, line: linePos?.[0].line, field: '', message: `is not YAML: ${first}` }
}
