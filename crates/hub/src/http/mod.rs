//! One HTTP listener for everything.
