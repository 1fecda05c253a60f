//! Compiles the generated parser and its scanner.

fn main() {
    let mut build = cc::Build::new();
    // The tables of the parser gain nothing from optimisation, and take long to compile with it.
    build.std("c11").include("src").opt_level(0).warnings(false);
    for file in ["src/parser.c", "src/scanner.c"] {
        build.file(file);
        println!("cargo:rerun-if-changed={file}");
    }
    build.compile("tree-sitter-bloom");
}
