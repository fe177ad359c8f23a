declare module 'openapi-sampler' {
  /** A value that fits `schema`; `document` is where its `$ref`s point. */
  export function sample(schema: object, options: object, document: object): unknown
}
