/** What runs, messages and predictions are about, as the subject index spells it: `booking:BOOK001`, `room:201`, ... */
type SubjectKind = 'booking' | 'guest' | 'room' | 'employee'

export function subjectOf(kind: SubjectKind, id: string): string {
  return `${kind}:${id}`
}

/** In the order in which they are given; what is null or undefined is left out. */
export function subjectsOf(ids: { [Kind in SubjectKind]?: string | null | undefined }): string[] {
  const given = Object.entries(ids) as [SubjectKind, string | null | undefined][]
  return given.flatMap(([kind, id]) => (id === null || id === undefined ? [] : [subjectOf(kind, id)]))
}
