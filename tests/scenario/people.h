/* People of a scenario, their sessions and what they send; and the names that stand for values. */
#ifndef VEIN_TESTS_SCENARIO_PEOPLE_H
#define VEIN_TESTS_SCENARIO_PEOPLE_H

#include "tests/scenario/scenario.h"

enum { PEOPLE_MAX = 60, NAMES_MAX = 2000, NAME_SIZE = 80 };

/* What a person sent last, to say it again. */
struct sent {
    struct str command;
    struct str id;
    struct str body; /* with "_reason" */
    struct str answer;
};
struct person {
    struct str name;
    struct str login; /* other than the name in the scenario, so that no two files share one */
    struct str password;
    struct str cookie; /* absent: not signed in */
    struct str csrf;
    struct sent last;
};

struct scenario {
    struct server server;
    struct arena *arena; /* of the whole scenario */
    struct person people[PEOPLE_MAX];
    size_t npeople;
    struct {
        char name[NAME_SIZE];
        struct str value;
    } names[NAMES_MAX];
    size_t nnames;
    uint64_t nids;
};

void name_set(struct scenario *s, struct str name, struct str value);
struct str name_get(const struct scenario *s, struct str name); /* fails when it is not there */

/* An organisation with its administrator, who is a person of the same name. */
void people_organisation(struct scenario *s, struct str name, struct str title);
void people_site(struct scenario *s, struct str name, struct str organisation, struct str title);
/* An account of the site's organisation if the name is new; then the role at the site. */
void people_role(struct scenario *s, struct str name, struct str role, struct str site);

struct person *person_find(struct scenario *s, struct str name);
/* Status of the answer; signed in when it is 303. */
int person_sign_in(struct scenario *s, struct person *p, struct str password);
void person_sign_out(struct scenario *s, struct person *p);
void person_go_to(struct scenario *s, struct person *p, struct str site);

/* Sends a request as the person (NULL: nobody) with session and token. */
void person_request(struct scenario *s, struct person *p, struct web_request *r, bool with_token,
                    struct web_answer *out);

struct order_sent { /* a command as the scenario says it */
    struct str command;
    struct str body;   /* JSON object */
    struct str reason; /* absent: none */
    struct str id;     /* absent: a fresh one */
};
/* Sends the command; signs the person in first where needed. */
void person_send(struct scenario *s, struct person *p, const struct order_sent *o,
                 struct web_answer *out);
void person_repeat(struct scenario *s, struct person *p);

/* A problem has a code, a text and a hint that says what to do. */
void problem_check(struct scenario *s, const struct web_answer *a, int status, struct str code);

#endif
