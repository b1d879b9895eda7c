/** The limits of one request of an import. */

/** Lines of a request, also those that an import ignores. A line takes PostgreSQL less than a millisecond. */
export const maxImportLines = 500;

/** Bytes of a request. The largest valid line fits, also if it escapes every character. */
export const maxImportBytes = 256 * 1024;
