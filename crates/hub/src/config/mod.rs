//! The configuration file: its shape, its layers, its edits.
