/* Inside the day's work: what its file does. */
#ifndef VEIN_APP_TESTS_NTH_WORK_IMPL_H
#define VEIN_APP_TESTS_NTH_WORK_IMPL_H

#include "app/tests/nth_work.h"
#include "kernel/file.h"

/* Things of a kind "trial", which have files. */
extern const struct module nth_trial;

/* Makes a content durable: begun, or gone on with where it stands. Sets w->file and w->file_body.
 */
enum outcome nth_file_put(struct nth_work *w, struct err *e);
/* It is there, as its row says. */
void nth_file_whole(struct nth_work *w);

#endif
