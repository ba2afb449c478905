/* Bundles written by tests, read into one result: a test is one story. */
#ifndef VEIN_MODULES_INTEROP_TESTS_FHIR_GROUND_H
#define VEIN_MODULES_INTEROP_TESTS_FHIR_GROUND_H

#include "modules/interop/interop.h"

#define PATIENT(id, family, born, more)                                                            \
    "{'resourceType':'Patient','id':'" id "','identifier':[{'system':'urn:oid:1.2.3','value':"     \
    "'MRN-" id "'}],'name':[{'use':'official','family':'" family "','given':['Wilhelmetta',"       \
    "'Ada']}],'gender':'female','birthDate':'" born "'" more "}"
#define CONDITION(reference, code, more)                                                           \
    "{'resourceType':'Condition','code':{'coding':[{'system':'http://snomed.info/sct','code':"     \
    "'" code "','display':'Condition " code "'}]},'subject':{'reference':'" reference "'}" more    \
    "}"
#define ENTRY(url, resource) "{'fullUrl':'" url "','resource':" resource "}"
#define SINCE(date)          ",'onsetDateTime':'" date "'"
#define IN_ERROR             ",'verificationStatus':{'coding':[{'code':'entered-in-error'}]}"

extern struct interop_fhir *got; /* what was read last */
extern struct arena *arena;

/* Set up and tear down of a test. */
int open_arena(void **state);
int close_arena(void **state);

void read_text(struct str text);
void read_json(const char *json); /* with ' for " */

/* A bundle of these entries; NULL ends them. */
const char *bundle(const char *first, ...);
/* One patient with two conditions, one before its patient, and something else. */
const char *good(void);

/* Refusal number n stands at this path for this reason, and the catalogue has words for it. */
void refused_at(size_t n, const char *path, const char *code);

#endif
