/* The seed network, as tables and the commands that make it. */
#include "app/network.h"

#include <stdio.h>

#include "app/shipped.h"
#include "kernel/auth.h"

static const struct {
    const char *name, *kind, *organisation, *organisation_kind, *zone;
    /* Numbers that no one has: those kept for films, by the regulator of each country. */
    const char *phone, *phone_later, *address, *latitude, *longitude;
} sites[] = {
    { "Northfield University Hospital", "treatment", "Northfield University Hospital", "hospital",
      "Europe/London", "+44 1632 960110", "+44 1632 960119",
      "Cell Therapy, Level 3\n1 Sample Road\nNorthfield NF1 1AA", "53.246", "-1.421" },
    { "Lindenau Clinic", "treatment", "Lindenau Clinic", "hospital", "Europe/Berlin",
      "+49 30 23125120", "+49 30 23125129", "Haus 4\nMusterallee 1\n00120 Lindenau", "51.328",
      "12.331" },
    { "Hospital of Montclair", "treatment", "Hospital of Montclair", "hospital", "Europe/Paris",
      "+33 4 65 71 01 30", "+33 4 65 71 01 39", "1 rue du Modèle\n00130 Montclair", "45.772",
      "3.087" },
    { "Rivermouth Apheresis Centre", "apheresis", "Rivermouth Blood Services", "hospital",
      "Europe/London", "+44 1632 960140", "+44 1632 960149", "2 Harbour Way\nRivermouth RV1 4AA",
      "50.402", "-4.124" },
    { "Halden Cell Works", "plant", "Halden Cell Works", "manufacturer", "Europe/Berlin",
      "+49 69 90009150", "+49 69 90009159", "Tor 2\nBeispielstraße 5\n00150 Halden", "50.104",
      "8.541" },
    { "Halden Quality Laboratory", "laboratory", "Quartz Laboratories", "laboratory",
      "Europe/Berlin", "+49 69 90009160", NULL, "Beispielstraße 9\n00150 Halden", "49.872",
      "8.653" },
    { "Swiftline depot", "depot", "Swiftline Couriers", "courier", "Europe/Berlin",
      "+49 221 4710170", "+49 221 4710179", "Frachtring 7\n00170 Swift", "50.871", "7.139" },
    { "Corvida office", "office", "Corvida Therapeutics", "sponsor", "Europe/Berlin",
      "+49 40 66969180", "+49 40 66969189", "Musterkai 8\n00180 Corvida", "53.544", "9.992" },
    { "Lunaris office", "office", "Lunaris Bio", "sponsor", "Europe/London", "+44 20 7946 0190",
      "+44 20 7946 0199", "9 Moon Street\nLunaris LN1 9AA", "51.519", "-0.098" },
};
enum { SITES = sizeof sites / sizeof sites[0], DEFINING = 7 }; /* whose office keeps definitions */

/* Who works where: kind of site, role, how many. */
static const struct {
    const char *kind, *role;
    int count;
} staff[] = {
    { "treatment", "coordinator", 1 },
    { "treatment", "physician", 1 },
    { "treatment", "ward_nurse", 2 },
    { "treatment", "technologist", 2 },
    { "treatment", "pharmacist", 2 },
    { "apheresis", "apheresis_nurse", 3 },
    { "plant", "warehouse", 2 },
    { "plant", "operator", 4 },
    { "plant", "qa_specialist", 2 },
    { "plant", "qualified_person", 2 },
    { "plant", "planner", 1 },
    { "plant", "quality_manager", 1 },
    { "laboratory", "analyst", 2 },
    { "laboratory", "qc_reviewer", 2 },
    { "depot", "courier", 3 },
    { "office", "coordinator", 1 },
    { "office", "quality_manager", 1 },
    { "office", "inspector", 1 },
    { "office", "administrator", 1 },
    { "apheresis", "quality_manager", 1 },
    { "treatment", "quality_manager", 1 },
    { "depot", "quality_manager", 1 },
    { "laboratory", "quality_manager", 1 },
    { "plant", "safety_officer", 1 },
    { "office", "qa_specialist", 1 },
    { "office", "quality_manager", 1 },
    { "office", "administrator", 1 },
};
enum { STAFF = sizeof staff / sizeof staff[0] };

enum { DUTIES = 3 };
#define DUTY_US (60 * TIME_DAY)

/* Fictional names, dealt out in order. */
static const char *const given[] = { "Ada",   "Ben",  "Cleo", "Dario", "Edda", "Finn",
                                     "Greta", "Hugo", "Iris", "Jona",  "Kaya", "Lars",
                                     "Mina",  "Nils", "Olga", "Pia" };
static const char *const family[] = { "Amberley", "Birkhout",  "Castell", "Dunmore",
                                      "Eschen",   "Fairlight", "Goldacre" };

static const struct actor founder = {
    .name = S("system/setup"),
    .organisation = S("00000000-0000-8000-8000-000000000001"),
    .system = true,
};

static void plan_site(struct network *n, size_t i)
{
    n->sites[i] = (struct network_site){
        .name = sites[i].name,
        .kind = sites[i].kind,
        .organisation = sites[i].organisation,
        .id = id_derive(S("network"), str_z(sites[i].name), 1),
        .organisation_id = id_derive(S("network"), str_z(sites[i].organisation), 0),
    };
}

static enum outcome make_site(struct network *n, struct sender *s, size_t i, struct err *e)
{
    struct network_site *site = &n->sites[i];
    TRY(sender_send(s, &founder, "organisation.make", NULL, NULL, e,
                    "{'organisation':'%s','name':'%s','kind':'%s'}", site->organisation_id.text,
                    site->organisation, sites[i].organisation_kind));
    TRY(sender_send(s, &founder, "site.make", NULL, NULL, e,
                    "{'site':'%s','organisation':'%s','name':'%s','kind':'%s','zone':'%s'}",
                    site->id.text, site->organisation_id.text, site->name, site->kind,
                    sites[i].zone));
    struct auth_describe_site place = {
        .site = id_str(&site->id),
        .phone = str_z(sites[i].phone),
        .phone_later = str_z(sites[i].phone_later),
        .address = str_z(sites[i].address),
    };
    TRY(decimal_read(&place.latitude, str_z(sites[i].latitude), e));
    TRY(decimal_read(&place.longitude, str_z(sites[i].longitude), e));
    s->reason = "set up";
    const enum outcome o = sender_send_record(s, &founder, "site.describe",
                                              &auth_describe_site_record, &place, NULL, e);
    s->reason = NULL;
    return o;
}

/* What the role permits, as grants at the person's site. */
static enum outcome fill_grants(struct network_person *p, struct network *n, struct db *db,
                                struct arena *arena, int64_t now, struct err *e)
{
    struct definition role;
    bool found;
    TRY(define_find(&role, db, S("role"), str_z(p->role), 0, now, arena, &found, e));
    BUG_ON(!found);
    const struct role *body = role.body;
    const struct network_site *site = &n->sites[p->site];
    BUG_ON(body->permissions.n > NETWORK_GRANTS_MAX);
    for (size_t i = 0; i < body->permissions.n; i++)
        p->grants[i] = (struct grant){
            .permission = arena_str(arena, body->permissions.p[i]),
            .organisation = id_str(&site->organisation_id),
            .site = id_str(&site->id),
        };
    p->actor = (struct actor){
        .name = str_z(p->actor_name),
        .account = id_str(&p->account),
        .organisation = id_str(&site->organisation_id),
        .site = id_str(&site->id),
        .zone = S("Europe/Berlin"),
        .grants = p->grants,
        .ngrants = body->permissions.n,
    };
    return OK;
}

static void plan_person(struct network *n, const char *role, size_t site)
{
    size_t number = n->npeople++;
    BUG_ON(number >= NETWORK_PEOPLE_MAX);
    struct network_person *p = &n->people[number];
    const char *first = given[number % 16];
    const char *last = family[number % 7];
    p->role = role;
    p->site = site;
    snprintf(p->name, sizeof p->name, "%s %s", first, last);
    snprintf(p->login, sizeof p->login, "%s.%s", first, last);
    for (char *c = p->login; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    const struct id account = id_derive(S("network"), str_z(p->login), 2);
    p->account = account;
    snprintf(p->actor_name, sizeof p->actor_name, "account/%s", account.text);
}

/* Accounts are of the organisation, not of a site, and so is the review of what they may. */
static bool for_all_sites(const struct network_person *p, const struct network_site *at)
{
    return strcmp(p->role, "administrator") == 0 ||
           (strcmp(at->kind, "office") == 0 && strcmp(p->role, "quality_manager") == 0);
}

static enum outcome make_person(struct network *n, struct sender *s, size_t number,
                                struct str password, struct err *e)
{
    const struct network_person *p = &n->people[number];
    const struct network_site *at = &n->sites[p->site];
    if (password.p)
        TRY(sender_send(s, &founder, "account.make", NULL, NULL, e,
                        "{'account':'%s','organisation':'%s','login':'%s','name':'%s',"
                        "'password':'%.*s'}",
                        p->account.text, at->organisation_id.text, p->login, p->name,
                        STR(password)));
    else
        TRY(sender_send(s, &founder, "account.make", NULL, NULL, e,
                        "{'account':'%s','organisation':'%s','login':'%s','name':'%s'}",
                        p->account.text, at->organisation_id.text, p->login, p->name));
    if (for_all_sites(p, at))
        return sender_send(s, &founder, "account.give_role", "set up", NULL, e,
                           "{'account':'%s','role':'%s','organisation':'%s'}", p->account.text,
                           p->role, at->organisation_id.text);
    return sender_send(s, &founder, "account.give_role", "set up", NULL, e,
                       "{'account':'%s','role':'%s','organisation':'%s','site':'%s'}",
                       p->account.text, p->role, at->organisation_id.text, at->id.text);
}

/* Quality is on call at each site that has someone for it, for some months from the beginning. */
static enum outcome plan_duty(struct network *n, struct sender *s, size_t site, struct err *e)
{
    const struct network_person *p =
        network_find(n, "quality_manager", id_str(&n->sites[site].id), 0);
    int64_t from = env_now(s->node->env);
    for (int i = 0; p && i < DUTIES; i++, from += DUTY_US) {
        char text[2][CLOCK_TEXT_LENGTH + 1];
        struct buf a = buf_over(text[0], CLOCK_TEXT_LENGTH);
        struct buf b = buf_over(text[1], CLOCK_TEXT_LENGTH);
        clock_write(&a, from);
        clock_write(&b, from + DUTY_US);
        enum outcome o = sender_send(
            s, &founder, "rota.plan", NULL, NULL, e,
            "{'site':'%s','role':'quality_manager','account':'%s','from':'%.*s','to':'%.*s'}",
            n->sites[site].id.text, p->account.text, STR(buf_get(&a)), STR(buf_get(&b)));
        if (o == FAULT)
            return FAULT;
        if (o == REFUSED) { /* planned before */
            *e = (struct err){ 0 };
            return OK;
        }
    }
    return OK;
}

static void plan(struct network *n)
{
    *n = (struct network){ .nsites = SITES };
    for (size_t i = 0; i < SITES; i++)
        plan_site(n, i);
    for (size_t i = 0; i < SITES; i++)
        for (size_t k = 0; k < STAFF; k++)
            for (int c = 0; strcmp(staff[k].kind, sites[i].kind) == 0 && c < staff[k].count; c++)
                plan_person(n, staff[k].role, i);
}

/* Nobody here is real, and the ledger says so before it has anyone: only so may these people sign
 * (sign.h). In one that has people already they may not. */
static enum outcome begin(struct sender *s, struct err *e)
{
    const struct id node = id_derive(s->node->vkey, S("node"), 0);
    if (sender_send(s, &founder, "sign.simulate", NULL, NULL, e, "{'node':'%s'}", node.text) ==
        FAULT)
        return FAULT;
    *e = (struct err){ 0 };
    return OK;
}

enum outcome network_make(struct network *out, struct sender *sender, struct str password,
                          struct err *e)
{
    size_t changed;
    plan(out);
    TRY(begin(sender, e));
    TRY(shipped_load(sender->node, id_str(&out->sites[DEFINING].organisation_id), &changed, e));
    for (size_t i = 0; i < out->nsites; i++)
        TRY(make_site(out, sender, i, e));
    for (size_t i = 0; i < out->npeople; i++)
        TRY(make_person(out, sender, i, password, e));
    TRY(network_read(out, sender->node, e));
    for (size_t i = 0; i < out->nsites; i++)
        TRY(plan_duty(out, sender, i, e));
    return OK;
}

enum outcome network_read(struct network *out, struct node *node, struct err *e)
{
    static struct arena *arena; /* permissions live as long as the program */
    if (!arena)
        arena = arena_new(32 << 20);
    if (!arena)
        return err_no_memory(e);
    plan(out);
    struct db *db;
    TRY(store_reader_take(&db, node->store, e));
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < out->npeople; i++)
        o = fill_grants(&out->people[i], out, db, arena, env_now(node->env), e);
    store_reader_give(node->store, db);
    return o;
}

const struct network_person *network_find(const struct network *n, const char *role,
                                          struct str site, size_t number)
{
    size_t count = 0;
    for (int round = 0; round < 2; round++) {
        size_t seen = 0;
        for (size_t i = 0; i < n->npeople; i++) {
            const struct network_person *p = &n->people[i];
            if (strcmp(p->role, role) != 0 || (site.p && !str_eq(p->actor.site, site)))
                continue;
            if (round == 1 && seen++ == number % count)
                return p;
            count += round == 0;
        }
        if (count == 0)
            return NULL;
    }
    return NULL;
}

const struct network_person *network_second(const struct network *n, struct str site,
                                            const char *permission,
                                            const struct network_person *other)
{
    for (size_t i = 0; i < n->npeople; i++) {
        const struct network_person *p = &n->people[i];
        if (p != other && str_eq(p->actor.site, site) &&
            actor_may(&p->actor, str_z(permission), p->actor.organisation, p->actor.site))
            return p;
    }
    return NULL;
}
