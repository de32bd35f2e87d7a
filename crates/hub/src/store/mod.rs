//! What must survive a restart and is not configuration: keys, tokens, claims.
