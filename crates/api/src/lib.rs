//! Ids, grants, bodies and problem codes: what crosses a process border.
#![forbid(unsafe_code)]
