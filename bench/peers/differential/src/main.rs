//! The works in differential dataflow, on timely.

mod batch;
mod ticks;
mod workers;

use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "tc" => batch::closure(&run),
        "same_generation" => batch::same_generation(&run),
        "context_free" => batch::context_free(&run),
        "points_to" => batch::points_to(&run),
        "virtual_calls" => batch::virtual_calls(&run),
        "shortest" => batch::shortest(&run),
        "components" => batch::components(&run),
        "negation_groups" => batch::negation_groups(&run),
        "store" => ticks::store(&run),
        "not_probe" => ticks::not_probe(&run),
        "live_count" => ticks::live_count(&run),
        "live_join" => ticks::live_join(&run),
        "live_paths" => ticks::live_paths(&run),
        other => panic!("no work `{other}`"),
    }
}
