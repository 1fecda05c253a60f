//! Generates the parsers from their grammars.

fn main() {
    // A grammar that is new is in no list of files yet.
    println!("cargo::rerun-if-changed=src");
    lalrpop::Configuration::new()
        .use_cargo_dir_conventions()
        .process()
        .expect("the grammars have no conflict");
}
