//! Who may: callers, grants, claims, cookies.
