/* A storm: one node, its people and its partner in one process, on simulated time, disk and
 * network, while what may go wrong goes wrong as a seed draws it:
 *
 *   the machine  the power goes at any operation of the disk, and again while the node recovers;
 *                the process is killed
 *   the disk     fails to read, to write and to sync, once or until the restart; is full; loses,
 *                reorders and tears what was not synced (power_disk.h); flips a bit
 *   the clock    is a day ahead or behind for a while
 *   the network  loses commands and answers, brings them twice, late and in another order; people
 *                ask again until they are answered
 *   the partner  does not answer, answers after it took a message, says no
 *   people       present wrong labels, leave checks out, do what was done once more, name the
 *                wrong order
 *
 * Then everything is calm again, what is on its way arrives, and storm_check.c looks at what is
 * there. The same seed does the same. A storm ends by a verdict, never by a failed assertion: who
 * runs it may try the same one without some of its faults. */
#ifndef VEIN_APP_TESTS_STORM_H
#define VEIN_APP_TESTS_STORM_H

#include "app/sim.h"
#include "kernel/tests/power_disk.h"

enum {
    STORM_FAULTS_MAX = 400,
    STORM_SENT_MAX = 2000,
    STORM_NOTES_MAX = 400,
    STORM_NOTE_SIZE = 600,
    STORM_LATE_MAX = 16,
    STORM_ABOUTS = 5,
    STORM_TEXT = 300,
    STORM_SEED = 11,  /* of people and orders: the storm's own seed draws what befalls them */
    STORM_ORDERS = 4, /* under way at once */
};

/* A fault is known by where it is drawn; leaving one out changes what follows, not its name. */
struct storm_fault {
    unsigned turn;
    unsigned draw;
    char what[60];
};

struct storm_options {
    const char *template; /* folder of storm_template … */
    int64_t start_us;     /* … and what that gave */
    uint64_t seed;
    unsigned turns;
    const struct storm_fault *spared; /* these do not happen */
    size_t nspared;
    bool blind; /* syncs of the disk do nothing, which the checks must find out */
    bool tell;  /* the history, line by line, on stderr */
};

/* A command of a person or of the partner's side, kept until the end. */
struct storm_sent {
    struct gate_command command;
    struct gate_answer answer;
    bool acknowledged;
    bool unheard; /* it was, but the answer never left the machine */
    size_t at;    /* operations of the disk when its answer was heard, in this life of the node */
};

struct storm {
    struct storm_options o;
    char folder[64]; /* of all lives */
    char home[96];   /* and of this one */
    char path[104];  /* of its database */
    unsigned life;
    bool open;
    struct env_sim env;
    int64_t skew; /* by which the clock is wrong now */
    struct node node;
    struct power_disk *disk;
    struct network network;
    struct sim *sim;
    uint64_t runs; /* of sim */

    uint64_t rng;
    unsigned turn;
    unsigned draws;
    bool calm;  /* nothing goes wrong any more */
    bool hasty; /* identity checks are left out in this turn */
    struct storm_fault faults[STORM_FAULTS_MAX];
    size_t nfaults;

    size_t turn_began; /* operations of the disk */
    struct storm_sent sent[STORM_SENT_MAX];
    size_t nsent;
    size_t late[STORM_LATE_MAX]; /* indices of `sent`: copies on their way */
    size_t nlate;
    size_t messages[STORM_ABOUTS];
    size_t not_stopped; /* of the people of earlier runs */
    struct {
        char text[STORM_NOTE_SIZE];
        size_t size;
    } notes[STORM_NOTES_MAX]; /* checkpoints that somebody outside has seen */
    size_t nnotes;
    struct storm_partner *partner;
    struct arena *arena;      /* of all that is kept */
    struct arena *scratch;    /* of one use */
    char verdict[STORM_TEXT]; /* empty: all is well */
};

/* Runs one, alone in its process; the verdict, the faults that happened and counts stay in it. */
void storm_run(struct storm *w, const struct storm_options *options);
void storm_free(struct storm *w);

/* Makes a node in the folder with all that ships, where orders have been under way for so many
 * days; gives the time there. Fails the test where it cannot. */
int64_t storm_template(const char *folder, int64_t days);

/* --- for its own files --- */

/* Whether this goes wrong now, with a chance of `per` in 1,000. */
bool storm_fault(struct storm *w, unsigned per, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint32_t storm_draw(struct storm *w, uint32_t below);
void storm_tell(const struct storm *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The first stays. */
void storm_wrong(struct storm *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* storm_life.c: the node begins, is lost and begins again. */
void storm_begin(struct storm *w);
void storm_lose(struct storm *w);
/* Faults of the disk from now on, if any are drawn; none. */
bool storm_arm(struct storm *w);
void storm_disarm(void);
/* Until nothing is left to do. False: the node failed and must be restarted. */
bool storm_settle(struct storm *w);
void storm_people_leave(struct storm *w);
bool storm_people_come(struct storm *w);

/* storm_net.c: commands on their way. */
sender_via_fn storm_via;
void storm_message(struct storm *w);
/* What somebody did is sent once more as another command, or with another order named in it. */
void storm_hurry(struct storm *w);
void storm_late(struct storm *w, bool all);
/* What was heard after this operation of the disk was not heard: who sent it asks again. */
void storm_unheard(struct storm *w, size_t operation);
void storm_retry(struct storm *w);

/* storm_partner.c */
void storm_partner_use(struct storm *w);
bool storm_partner_waits(const struct storm *w); /* has yet to answer */
void storm_partner_forget(struct storm *w);      /* of a node that was lost */
void storm_partner_check(struct storm *w);
void storm_partner_free(struct storm *w);

/* storm_rot.c */
void storm_rot(struct storm *w);

/* storm_check.c */
void storm_check(struct storm *w);

#endif
