/* Orders in bulk: a database of any number of orders of ten real events each.
 *
 * A few orders, each of another fate, are made by the same commands as anyone's, through the gate.
 * All others are made of what was decided of these: each event is written anew with ids, times,
 * identifiers and names of its own, its personal data sealed under a patient's key of their own,
 * and goes through the ledger's append and its type's apply, as the gate sends it. What is left out
 * is load and decide: the decisions are those of the few. Command rows, keyring, tiles, checkpoint,
 * search index and trail are all there; `vein verify` accepts the log and `vein rebuild --check`
 * finds the same tables. Policies are told to begin behind the last event, so that nobody is
 * notified of what is made here.
 *
 * Nine of ten orders have ended. Those that live come last, as they do in practice: of a hundred of
 * them two are stopped, four late, four held. */
#ifndef VEIN_BENCH_HISTORY_H
#define VEIN_BENCH_HISTORY_H

#include "app/network.h"

enum { HISTORY_EVENTS = 10 }; /* of an order */

/* Some of the live orders and what they are found by, in no order. */
enum { HISTORY_KEPT = 200 };
struct history_order {
    char order[ID_LENGTH + 1];
    char coi[40];
    char pseudonym[16];
    char family[40];
    char given[40];
    char number[40]; /* the hospital's, on the wristband */
};
struct history {
    int64_t events; /* in the log, with the network's own */
    double seconds; /* writing them, with all that stands above */
    struct history_order kept[HISTORY_KEPT];
    size_t nkept;
    struct network network;
};

/* Makes the database at path, where one of an earlier run gives way. Who can sign in with
 * PEOPLE_PASSWORD: person0, the maker's quality, who sees all orders; person1, a physician of one
 * of three hospitals; person2, a nurse of the one site that collects from all patients. Ends the
 * program when it cannot. */
void history_make(struct history *out, const char *path, uint64_t orders);

#endif
