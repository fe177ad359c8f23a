/** The part of autocannon that is used here: it ships no types of its own. */
declare module 'autocannon' {
  interface Result {
    duration: number
    errors: number
    requests: { total: number }
    statusCodeStats?: Record<string, { count: number }>
  }
  interface Options {
    url: string
    connections: number
    duration: number
    requests: object[]
  }
  const run: (options: Options) => Promise<Result>
  // biome-ignore lint/style/noDefaultExport: it is the library's
  export default run
}
