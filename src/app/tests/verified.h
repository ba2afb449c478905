/* The verifier's word on a test's database, wherever it lies. */
#ifndef VEIN_APP_TESTS_VERIFIED_H
#define VEIN_APP_TESTS_VERIFIED_H

#include "verify/verify.h"

/* Fails the test when the ledger is not good. */
void verified(struct verify_report *report, const char *db);

#endif
