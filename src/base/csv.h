/* Tables for spreadsheets (RFC 4180). */
#ifndef VEIN_BASE_CSV_H
#define VEIN_BASE_CSV_H

#include "base/buf.h"

/* Quoted always; what a spreadsheet would take for a formula begins with an apostrophe. The last
 * cell of a row ends it. */
void csv_cell(struct buf *b, struct str text, bool last);

#endif
