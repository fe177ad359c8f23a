/** The name under which this service keeps its rows in the schema `dbos`: other applications may share the database. */
export const APPLICATION = 'prefect-service'
