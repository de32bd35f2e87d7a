//! Fuzz targets for every parser of network bytes; replayed on stable.
#![forbid(unsafe_code)]
