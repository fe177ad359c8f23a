/** The hotel's LLM service: writes messages and reads requests. Schemas of the wire: `wire.ts`. */
export interface WrittenEmail {
  subject: string
  /** Plain text. */
  body: string
}

export interface RequestClass {
  /** `towels`, `maintenance`, `food`, ... the service's own words. */
  category: string
  /** A department of the hotel: `Housekeeping`, `Engineering`, ... */
  department: string
  urgency: 'low' | 'normal' | 'high'
  /** 0..1 */
  confidence: number
}

export interface Llm {
  generateEmail(
    ask: { template_type: string; variables: Record<string, string>; language: string },
    call: { key: string; signal: AbortSignal },
  ): Promise<WrittenEmail>
  classifyRequest(
    ask: { text: string; language: string; departments: readonly string[] },
    call: { key: string; signal: AbortSignal },
  ): Promise<RequestClass>
}
