//! The works in Ascent.

mod graphs;
mod objects;

use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "tc" => graphs::closure(&run),
        "same_generation" => graphs::same_generation(&run),
        "context_free" => graphs::context_free(&run),
        "points_to" => graphs::points_to(&run),
        "shortest" => graphs::shortest(&run),
        "components" => graphs::components(&run),
        "negation_groups" => graphs::negation_groups(&run),
        "virtual_calls" => objects::virtual_calls(&run),
        other => panic!("no work `{other}`"),
    }
}

/// Rows as tuples, which is what Ascent takes.
pub fn pairs(run: &Run, name: &str) -> Vec<(u32, u32)> {
    run.read::<2>(name).into_iter().map(|[a, b]| (a, b)).collect()
}

pub fn triples(run: &Run, name: &str) -> Vec<(u32, u32, u32)> {
    run.read::<3>(name).into_iter().map(|[a, b, c]| (a, b, c)).collect()
}

pub fn write_pairs(run: &Run, name: &str, rows: Vec<(u32, u32)>) {
    run.write(name, rows.into_iter().map(|(a, b)| [a, b]));
}
