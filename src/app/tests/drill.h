/* Marked values, and looking for them: in files, and in what whoever has every key can open. */
#ifndef VEIN_APP_TESTS_DRILL_H
#define VEIN_APP_TESTS_DRILL_H

#include "kernel/node.h"

enum { DRILL_PATIENTS = 50 };

/* Mark number m of patient p, which stands nowhere else; and a birth date that is one as well. Some
 * calls later the text is another. */
const char *drill_mark(int p, int m);
const char *drill_born(int p);

/* Files below the folder that hold these bytes; NULL: any mark or birth date. Those of the backup
 * "before" are passed over unless asked for. */
size_t drill_files(const char *folder, const char *text, bool backups);

/* Opens every sealed text of every event that its keyring opens; whether one of them holds this. */
void drill_open(struct node *n);
bool drill_opened(const char *text);

#endif
