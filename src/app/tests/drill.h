/* Marked values, and looking for them: in files, and in what whoever has every key can open. */
#ifndef VEIN_APP_TESTS_DRILL_H
#define VEIN_APP_TESTS_DRILL_H

#include "app/network.h"

enum { DRILL_PATIENTS = 50 };

/* Mark number m of patient p, which stands nowhere else; and a birth date that is one as well. Some
 * calls later the text is another. */
const char *drill_mark(int p, int m);
const char *drill_born(int p);

/* For order.place: the first site of the network for each part. */
const char *drill_parties(const struct network *network);

/* Files below the folder that hold these bytes, in PDFs also as text; NULL: any mark or birth date.
 * Those of the backup "before" are passed over unless asked for. */
size_t drill_files(const char *folder, const char *text, bool backups);

/* The text of a PDF as a reader sees it, without blanks; free() it. */
size_t drill_pdf_text(char **out, const char *path);
/* The order's audit bundle with its trail.pdf, and beside these the report of its chain of identity
 * as report.pdf; whatever the keyring opens is opened. On a snapshot. */
void drill_export(struct node *n, struct db *db, const char *order, const char *to);

/* Opens every sealed text of every event that its keyring opens; whether one of them holds this. */
void drill_open(struct node *n);
bool drill_opened(const char *text);

/* Whether this file of the folder, a PDF, holds the text as a reader sees it; NULL: any mark. */
bool drill_paper(const char *folder, const char *which, const char *text);

#endif
