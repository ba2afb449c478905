/* The demonstration's folder while its history is made. A file beside the database says that it is
 * not whole yet; whoever finds it after an interruption takes away what that run made, and nothing
 * else, and begins anew. */
#ifndef VEIN_APP_DEMO_FOLDER_H
#define VEIN_APP_DEMO_FOLDER_H

#include "base/err.h"

struct demo_folder {
    const char *path; /* of the database; borrowed */
    int mark;         /* held while the history is made; -1: nothing is made */
};

/* *fresh: there is no whole history, and the caller makes it now. Removes what an interrupted run
 * left: the database's own files by name, and only where that run's mark stands, which is set only
 * where none of them was. REFUSED "demo.busy" {path} while another process makes it,
 * "demo.not_ours" {path} when there is a part of a database without mark or database, as keys of
 * another. */
enum outcome demo_folder_begin(struct demo_folder *f, const char *path, bool *fresh, struct err *e);
/* The history is whole: the mark goes. */
enum outcome demo_folder_made(struct demo_folder *f, struct err *e);
/* Without demo_folder_made before it, the mark stays for the next run. */
void demo_folder_end(struct demo_folder *f);

#endif
