/* The seed network: plainly fictional organisations, sites and people of every role, made by the
 * same commands as a customer's own. What the demonstration, the simulation, tests and benches
 * stand on. */
#ifndef VEIN_APP_NETWORK_H
#define VEIN_APP_NETWORK_H

#include "app/sender.h"

enum { NETWORK_SITES_MAX = 16, NETWORK_PEOPLE_MAX = 96, NETWORK_GRANTS_MAX = 64 };

struct network_site {
    const char *name;
    const char *kind;         /* treatment, apheresis, plant, laboratory, depot, office */
    const char *organisation; /* its name */
    struct id id;
    struct id organisation_id;
};

struct network_person {
    char login[60];
    char name[80];
    const char *role;
    size_t site; /* index of the site */
    struct id account;
    char actor_name[60];
    struct actor actor;
    struct grant grants[NETWORK_GRANTS_MAX];
};

struct network {
    struct network_site sites[NETWORK_SITES_MAX];
    size_t nsites;
    struct network_person people[NETWORK_PEOPLE_MAX];
    size_t npeople;
};

/* Loads the shipped definitions, makes what is not there yet, and fills in the actors. The password
 * (an Argon2id string; absent: nobody can sign in) is everyone's. */
enum outcome network_make(struct network *out, struct sender *sender, struct str password,
                          struct err *e);
/* Fills in what network_make made in an earlier run. */
enum outcome network_read(struct network *out, struct node *node, struct err *e);

/* Person number n (from 0, wrapping) of a role at a site; NULL when there is none. */
const struct network_person *network_find(const struct network *n, const char *role,
                                          struct str site, size_t number);
/* Someone at the site with this right who is not `other`. */
const struct network_person *network_second(const struct network *n, struct str site,
                                            const char *permission,
                                            const struct network_person *other);

#endif
