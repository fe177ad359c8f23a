import { serveAsCloudbeds } from './property-cloudbeds.ts'
import {
  createPropertyHotel,
  type NewReservation,
  type NewRoom,
  type PropertyHotel,
} from './property-hotel.ts'
import { serveAsRest } from './property-rest.ts'
import { type ServiceSimulator, type SimulatedAnswer, startServiceSimulator } from './service-simulator.ts'

export interface PropertySystemOptions {
  port?: number
  /** Default `demo-key`. */
  apiKey?: string
  /** Default `1`. */
  propertyId?: string
  rooms?: NewRoom[]
  reservations?: NewReservation[]
  /** More within one second are answered 429. Default 5. */
  requestsPerSecond?: number
  /** Default `cloudbeds`. */
  style?: 'cloudbeds' | 'rest'
  /** Of `cloudbeds`. Default `Asia/Ho_Chi_Minh`. */
  timezone?: string
  /** Default 100. */
  mostPerPage?: number
  /** Default: the machine's clock. Of `modifiedAt` and of the request rate. */
  now?: () => Date
}

/** A hotel's books behind an API: its Maps may be read and changed, its acts move `modifiedAt` as the front desk would. */
export interface PropertySystemSimulator extends ServiceSimulator, PropertyHotel {}

export async function startPropertySystemSimulator(
  options: PropertySystemOptions = {},
): Promise<PropertySystemSimulator> {
  const { rooms = [], reservations = [], style = 'cloudbeds', now = () => new Date() } = options
  const { apiKey = 'demo-key', propertyId = '1', timezone = 'Asia/Ho_Chi_Minh', mostPerPage = 100 } = options
  const hotel = createPropertyHotel({ rooms, reservations }, now)
  const serve =
    style === 'rest'
      ? serveAsRest(hotel, { apiKey, mostPerPage })
      : serveAsCloudbeds(hotel, { apiKey, propertyId, timezone, mostPerPage })
  const tooMany = limitOf(options.requestsPerSecond ?? 5, now)
  const service = await startServiceSimulator({
    port: options.port,
    handle: (request) => tooMany() ?? serve(request),
  })
  return { ...service, ...hotel }
}

function limitOf(perSecond: number, now: () => Date): () => SimulatedAnswer | undefined {
  const taken: number[] = []
  return () => {
    const at = now().getTime()
    while (taken[0] !== undefined && taken[0] <= at - 1000) taken.shift()
    if (taken.length >= perSecond) {
      const body = { success: false, message: 'Too many requests' }
      return { status: 429, body, headers: { 'retry-after': '1' } }
    }
    taken.push(at)
    return undefined
  }
}
