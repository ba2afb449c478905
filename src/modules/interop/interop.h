/* What other systems hand over: patients of FHIR R4 (HL7, 4.0.1, JSON) become enrolments.
 *
 * A file is one Bundle (transaction, batch, collection or searchset), one resource, or NDJSON with
 * a resource on each line. Patients are read, Conditions are added to the patient that they refer
 * to in the same file, in any order, by fullUrl or "Patient/<id>"; resources of other types are
 * counted. What is bad is refused on its own, with its path in the file and a reason, and the rest
 * goes on; text that is no JSON (a key twice, a wrong character) is refused as a whole, in NDJSON
 * its line. No message holds a value of the file.
 *
 * Of a patient: the name (official, else usual, else one without use; one whose period has ended
 * comes after those that go on), given names joined by blanks, a full date of birth, sex
 * (administrative gender; absent: unknown), and all identifiers with system and value. A record
 * that is not active is refused. Of a condition: the first coding with system and code, its
 * display, and the full date of its onset if there is one. Conditions entered in error or refuted
 * are passed over and counted; resolved ones are taken as any other, because an enrolment knows no
 * state of a condition. Free text is never taken: it may name people. References by identifier
 * only and into other files are not followed. */
#ifndef VEIN_MODULES_INTEROP_INTEROP_H
#define VEIN_MODULES_INTEROP_INTEROP_H

#include "kernel/node.h"
#include "modules/order/order.h"

enum {
    INTEROP_FILE_MAX = 64 << 20,      /* bytes of a file */
    INTEROP_VALUES_MAX = 4 << 20,     /* of JSON in a file: 16 bytes each, half of what FHIR has */
    INTEROP_ENTRIES_MAX = 512 * 1024, /* of a bundle, or lines */
    INTEROP_REFUSALS_MAX = 1000,      /* told of one file; more are counted */
    INTEROP_TYPES_MAX = 160,          /* of resources told apart; FHIR R4 has 148 */
    INTEROP_IDENTIFIERS_MAX = 40,     /* of a patient, as patient.enrol takes them */
    INTEROP_CONDITIONS_MAX = 200,
    /* For the arena of one file: 80 bytes a value of JSON, the text again at most where it has
     * escapes, 300 bytes a patient, 1.2 KiB a refusal told. Measured, the whole process with the
     * text: 310 MB for 64 MiB of compact FHIR, 155 MB for 48 MB of indented, 490 MB for files made
     * to be costly; each in under a second. */
    INTEROP_ARENA_MAX = 768 << 20,
};

struct interop_refusal {
    const struct interop_refusal *next;
    struct str path; /* "entry[3].resource.birthDate"; absent: the file */
    struct err error;
};

struct interop_type {
    struct str name;
    size_t count;
};

struct interop_patient {
    struct order_enrol enrol; /* its patient is absent: interop_import derives it */
    struct str identity;      /* by which the source knows them: personal, never shown or stored */
    struct str path;
};

struct interop_fhir {
    struct interop_patient *patients; /* the good ones, as the file has them */
    size_t npatients;
    const struct interop_refusal *refusals;       /* the first INTEROP_REFUSALS_MAX */
    size_t nrefusals;                             /* all */
    struct interop_type types[INTEROP_TYPES_MAX]; /* not used, as first met */
    size_t ntypes;
    size_t identifiers_passed; /* without system or value */
    size_t conditions_passed;  /* entered in error or refuted */
    size_t enrolled;           /* by interop_import */
    size_t unchanged;
    struct interop_refusal *last; /* of refusals */
};

/* Reads a file's text, which must outlive `out`. Pure: the same text gives the same. OK even where
 * all was refused: that stands in `out`. FAULT only for want of memory. */
enum outcome interop_fhir_read(struct interop_fhir *out, struct str text, struct arena *arena,
                               struct err *e);

/* Notes a refusal; the arena lives as long as `out`. */
void interop_refuse(struct interop_fhir *out, struct str path, const struct err *error,
                    struct arena *arena);

/* Sends what was read through the gate as commands patient.enrol of the actor, whose organisation
 * and site enrol, in groups of one commit each; counts what came of it in `read` and adds what was
 * refused. The caller is the node's writer.
 *
 * Patient and command have ids derived from a keyed digest of the organisation and the source's
 * identity of the patient: the first identifier with system and value that is not temporary or
 * old, else the fullUrl. So a second import changes nothing, in the same file or a later one; a
 * patient whose data changed since is refused with "interop.differs" and stays as enrolled
 * (corrections come by hand for now); two persons under one identity are so never mixed. */
enum outcome interop_import(struct interop_fhir *read, struct node *n, const struct actor *actor,
                            struct arena *arena, struct err *e);

extern const struct module interop_module;

#endif
