import type { FastifyInstance } from 'fastify'

/** The methods that an address takes, sorted; none where there is nothing. */
export type MethodsAt = (path: string) => string[]

/** Notes every route that is registered after it. */
export function collectMethods(app: FastifyInstance): MethodsAt {
  const routes = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() }
    for (const one of [method].flat()) route.methods.add(one)
    routes.set(url, route)
  })
  return (path) => {
    const plain = path.replace(/(?<=.)\/$/, '')
    // What an address takes by its own name goes before what it takes as an id.
    const own = routes.get(plain)
    const at = own ? [own] : [...routes.values()].filter(({ pattern }) => pattern.test(plain))
    return [...new Set(at.flatMap(({ methods }) => [...methods]))].sort()
  }
}

/** `/runs/:id` takes any one segment, `*` anything at all. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
