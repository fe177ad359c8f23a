import { z } from 'zod'

/** Where the API lives, before every path of it. */
export const BASE = '/api/v1/prefect'

/** The path parameters of an address that names one run. */
export const RunPath = z.object({ id: z.string() })
/** The path parameters of an address that names one event. */
export const EventPath = z.object({ id: z.string() })
