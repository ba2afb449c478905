/* Leases: who works at a job or message just now, how often it failed and how far it is.
 *
 * One row a thing, enduring beside the ledger as gate_command is, because it says nothing of what
 * happened: it is how runners keep out of each other's way, it changes many times a minute, and
 * what matters of it (done, given up) becomes an event. Losing all rows loses nothing but the count
 * of tries: everything is taken up again. Rows are written on the writer's thread, in transactions
 * of their own or their caller's.
 *
 * A lease has a token that grows with each taking, and expires by the wall clock. Who comes with
 * the token of an earlier lease (it slept too long, and another took over) is refused: lease_check
 * in the load of the command that says the work is done. */
#ifndef VEIN_KERNEL_LEASE_H
#define VEIN_KERNEL_LEASE_H

#include "gen/kernel/lease.sql.h"
#include "kernel/store.h"

struct lease {
    const char *queue; /* static: "job", "message" */
    struct str item;   /* id */
    int64_t token;
};

/* Takes it until `expires`; false, and nothing changed, while another holds it. */
enum outcome lease_take(struct lease *l, struct db *db, struct str runner, int64_t now,
                        int64_t expires, bool *taken, struct err *e);
/* Goes on, and tells how far it is; *held false when another has it by now. */
enum outcome lease_renew(const struct lease *l, struct db *db, int64_t expires, int64_t done,
                         int64_t total, bool *held, struct err *e);
/* It failed and is free: not taken again before `due`. */
enum outcome lease_fail(const struct lease *l, struct db *db, int64_t tries, int64_t due,
                        struct str code, struct err *e);
/* The row; *found false when nobody ever took it. */
enum outcome lease_find(struct lease_find_out *out, struct db *db, const char *queue,
                        struct str item, struct arena *arena, bool *found, struct err *e);
/* REFUSED "lease.lost" when the token is not that of the lease that stands. */
enum outcome lease_check(const struct lease *l, struct db *db, struct arena *arena, struct err *e);

/* How long to wait after so many failures: `first` doubled by each, up to `most`. */
int64_t lease_wait(int64_t tries, int64_t first, int64_t most);

#endif
