/** How long a call to a service may take, and how many run at once in one process (16 where nothing is said). */
export interface CallLimit {
  timeoutMs: number
  atOnce?: number
}

/** Of the services that the platform itself has adapters for. docs/services.md repeats them, and a test compares the two. */
export const CALL_LIMITS = {
  slack: { timeoutMs: 10_000 },
  email: { timeoutMs: 20_000, atOnce: 5 },
  sms: { timeoutMs: 10_000 },
  whatsapp: { timeoutMs: 10_000 },
  storage: { timeoutMs: 30_000, atOnce: 8 },
} as const satisfies Record<string, CallLimit>
