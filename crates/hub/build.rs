//! The built web files are part of the binary: it is out of date when one of them comes or goes.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
