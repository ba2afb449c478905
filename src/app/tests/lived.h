/* A node on which a simulated network has lived: what tests of whole orders stand on. One at a
 * time; what fails, fails the test. */
#ifndef VEIN_APP_TESTS_LIVED_H
#define VEIN_APP_TESTS_LIVED_H

#include "app/sim.h"
#include "kernel/tests/test_db.h"

struct lived {
    char folder[64], files[96], db_path[TEST_DB_NAME_MAX];
    struct env_sim env;
    struct node node;
    struct network network;
    struct sender sender;
    char order[40], other[40]; /* bundle_choose */
};
extern struct lived lived;

enum { LIVED_TAIL_DAYS = 120 }; /* in which what was begun ends */

/* So many orders, begun within so many days. wrong_label_per: as sim_options has it. */
void lived_open(size_t orders, int64_t days, uint64_t wrong_label_per);
/* Opens the node again after a test closed it, at the machine's time. */
void lived_again(void);
void lived_close(void);

#endif
