//! What one would write by hand: hash tables (hashbrown with FxHash) and semi-naive loops, without a framework.
//! General programs, not specialised to the shape of an input: no bit sets, no dense renumbering.

mod analyses;
mod graphs;
mod groups;
mod memory;
mod table;
mod ticks;

use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "tc" => graphs::closure(&run),
        "same_generation" => graphs::same_generation(&run),
        "context_free" => graphs::context_free(&run),
        "shortest" => graphs::shortest(&run),
        "components" => graphs::components(&run),
        "points_to" => analyses::points_to(&run),
        "virtual_calls" => analyses::virtual_calls(&run),
        "negation_groups" => groups::negation_groups(&run),
        "rows" => memory::rows(&run),
        "wide_rows" => memory::wide_rows(&run),
        "store" => ticks::store(&run),
        "not_probe" => ticks::not_probe(&run),
        "live_count" => ticks::live_count(&run),
        "live_join" => ticks::live_join(&run),
        "live_paths" => ticks::live_paths(&run),
        other => panic!("no work `{other}`"),
    }
}
