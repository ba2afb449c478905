/* Takes back the macros of record_structs.h and record_tables.h. */
#undef RECORD
#undef EVENT
#undef COMMAND
#undef PREPARED_COMMAND
#undef SIGNED_COMMAND
#undef PREPARED_SIGNED_COMMAND
#undef FIELD
#undef LIST
#undef ONE
#undef TEXTS
#undef END
