/** Cloudbeds' rooms: their numbers, its own ids for them, and their housekeeping. */

import type { Cache } from '../../../platform/cache/cache.ts'
import { GiveUp } from '../../../platform/engine/errors.ts'
import type { CloudbedsClient } from './cloudbeds-client.ts'
import { type CloudbedsRoom, HousekeepingAnswer, RoomsAnswer } from './cloudbeds-wire.ts'
import { readEach } from './paging.ts'
import type { PropertyRoom, PropertySystem } from './property-system.ts'

export interface CloudbedsRooms extends Pick<PropertySystem, 'rooms' | 'setHousekeeping'> {
  /** Kept for ten minutes; a number that is not known is looked for once more. Throws GiveUp `<service>_unknown_room`. */
  named(roomNumber: string, signal: AbortSignal): Promise<CloudbedsRoom>
}

const KEPT_SECONDS = 600
const PAGE_SIZE = 100

export function createCloudbedsRooms(
  client: CloudbedsClient,
  { propertyId, cache }: { propertyId: string | undefined; cache: Cache },
): CloudbedsRooms {
  const property: Record<string, string> = propertyId ? { propertyID: propertyId } : {}
  const cacheKey = `pms:cloudbeds:${propertyId ?? ''}:rooms`

  async function listRooms(signal: AbortSignal): Promise<CloudbedsRoom[]> {
    const rooms = await readEach(
      async (pageNumber) => {
        const query = { ...(propertyId ? { propertyIDs: propertyId } : {}), pageNumber, pageSize: PAGE_SIZE }
        const { data } = await client.get('getRooms', query, RoomsAnswer, signal)
        // Its `total` may count rooms or properties: the list is over when nothing new comes.
        return { rows: data.flatMap((listed) => listed.rooms), total: undefined }
      },
      ({ roomId }) => roomId,
    )
    return rooms.filter(({ isVirtual }) => !isVirtual)
  }

  function listConditions(signal: AbortSignal) {
    return readEach(
      async (pageNumber) => {
        const query = { ...property, pageNumber, pageSize: PAGE_SIZE }
        const { data, total } = await client.get('getHousekeepingStatus', query, HousekeepingAnswer, signal)
        return { rows: data, total }
      },
      ({ roomID }) => roomID,
    )
  }

  async function named(roomNumber: string, signal: AbortSignal): Promise<CloudbedsRoom> {
    const isIt = (room: CloudbedsRoom) => room.roomNumber === roomNumber
    const kept = (await cache.remember(cacheKey, KEPT_SECONDS, () => listRooms(signal))).find(isIt)
    if (kept) return kept
    await cache.forget(cacheKey)
    // Not through the cache: one that is away cannot forget, and "no such room" is for good.
    const found = (await listRooms(signal)).find(isIt)
    if (found) return found
    throw new GiveUp(`${client.service}_unknown_room`, `"${client.service}" has no room ${roomNumber}.`)
  }

  return {
    named,
    async rooms(signal): Promise<PropertyRoom[]> {
      const conditions = new Map((await listConditions(signal)).map((room) => [room.roomID, room]))
      return (await listRooms(signal)).map(({ roomId, roomNumber, roomType }) => {
        const { roomCondition, roomOccupied } = conditions.get(roomId) ?? {}
        return { roomNumber, roomType, condition: roomCondition ?? null, occupied: roomOccupied ?? null }
      })
    },
    async setHousekeeping({ roomNumber, condition }, { signal }) {
      const { roomId } = await named(roomNumber, signal)
      const form = { ...property, roomID: roomId, roomCondition: condition }
      await client.send('POST', 'postHousekeepingStatus', form, signal)
    },
  }
}
