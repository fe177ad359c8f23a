/** The floor that hotels write into a room's number: 201 is on floor 2, 1203 on floor 12, A305 on 3. Null: not told. */
export function floorOf(roomNumber: string): number | null {
  const floor = /^\D?(\d{1,2})\d{2}\D?$/.exec(roomNumber)?.[1]
  return floor === undefined ? null : Number(floor)
}
