/* Fuzzes the reading of FHIR: nothing faults or crashes, refusals are counted, their paths hold
 * nothing of the file, and every patient read passes as a command's body. */
#include <stdlib.h>

#include "modules/interop/interop.h"

/* Paths are made of names of FHIR and numbers. */
static void check_path(struct str path)
{
    for (size_t i = 0; i < path.n; i++)
        BUG_ON(!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.[]",
                       path.p[i]));
}

static void check_patient(const struct interop_patient *p, struct arena *arena)
{
    struct err e = { 0 };
    struct buf b = buf_in(arena, 1 << 20);
    struct json_out out = json_out(&b);
    const struct json *json;
    struct order_enrol again;
    BUG_ON(!p->identity.p || !p->enrol.family.p);
    BUG_ON(record_to_json(&order_enrol_record, &p->enrol, &out, NULL, &e) != OK || !buf_ok(&b));
    BUG_ON(json_read(&json, arena, buf_get(&b), &json_limits_default, &e) != OK);
    BUG_ON(record_from_json(&order_enrol_record, &again, arena, json, &e) != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 << 20);
    char *copy = malloc(size + (size == 0)); /* of its own, so that a read behind it is seen */
    BUG_ON(!arena || !copy);
    if (size > 0)
        memcpy(copy, data, size);
    struct interop_fhir *f = ARENA_NEW(arena, struct interop_fhir);
    struct err e = { 0 };
    BUG_ON(!f || interop_fhir_read(f, (struct str){ copy, size }, arena, &e) != OK);
    size_t told = 0;
    for (const struct interop_refusal *r = f->refusals; r; r = r->next, told++)
        check_path(r->path);
    BUG_ON(told > f->nrefusals || (told < f->nrefusals && told < INTEROP_REFUSALS_MAX));
    for (size_t i = 0; i < f->npatients; i++)
        check_patient(&f->patients[i], arena);
    free(copy);
    arena_free(arena);
    return 0;
}
