//! One HTTP listener for everything.

mod authority;
mod claim;
mod deadline;
mod grants;
mod headers;
mod limits;
mod login;
mod origin;
mod problem;
pub mod serve;
