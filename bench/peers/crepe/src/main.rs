//! The works in crepe.

use crepe::crepe;
use rows::Run;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let run = Run::from_arguments();
    match run.work.as_str() {
        "tc" => closure::run(&run),
        "same_generation" => same_generation::run(&run),
        "context_free" => context_free::run(&run),
        "points_to" => points_to::run(&run),
        other => panic!("no work `{other}`"),
    }
}

mod closure {
    use super::*;

    crepe! {
        @input
        struct Edge(u32, u32);
        @output
        struct Path(u32, u32);
        Path(x, y) <- Edge(x, y);
        Path(x, z) <- Path(x, y), Edge(y, z);
    }

    pub fn run(run: &Run) {
        let mut program = Crepe::new();
        program.extend(run.read::<2>("edge").into_iter().map(|[x, y]| Edge(x, y)));
        let (paths,) = program.run();
        run.write("path", paths.into_iter().map(|Path(x, y)| [x, y]));
    }
}

mod same_generation {
    use super::*;

    crepe! {
        @input
        struct Parent(u32, u32);
        @output
        struct Same(u32, u32);
        Same(x, y) <- Parent(x, p), Parent(y, p), (x != y);
        Same(x, y) <- Same(a, b), Parent(x, a), Parent(y, b), (x != y);
    }

    pub fn run(run: &Run) {
        let mut program = Crepe::new();
        program.extend(run.read::<2>("parent").into_iter().map(|[x, p]| Parent(x, p)));
        let (same,) = program.run();
        run.write("same", same.into_iter().map(|Same(x, y)| [x, y]));
    }
}

mod context_free {
    use super::*;

    crepe! {
        @input
        struct A(u32, u32);
        @input
        struct B(u32, u32);
        @input
        struct C(u32, u32);
        @output
        struct P(u32, u32);
        @output
        struct Q(u32, u32);
        @output
        struct R(u32, u32);
        P(x, y) <- A(x, y);
        Q(x, y) <- B(x, y);
        R(x, y) <- C(x, y);
        P(x, w) <- Q(y, z), A(x, y), B(z, w);
        Q(x, w) <- R(y, z), B(x, y), C(z, w);
        R(x, w) <- P(x, y), C(y, z), Q(z, w);
    }

    pub fn run(run: &Run) {
        let mut program = Crepe::new();
        program.extend(run.read::<2>("a").into_iter().map(|[x, y]| A(x, y)));
        program.extend(run.read::<2>("b").into_iter().map(|[x, y]| B(x, y)));
        program.extend(run.read::<2>("c").into_iter().map(|[x, y]| C(x, y)));
        let (p, q, r) = program.run();
        run.write("p", p.into_iter().map(|P(x, y)| [x, y]));
        run.write("q", q.into_iter().map(|Q(x, y)| [x, y]));
        run.write("r", r.into_iter().map(|R(x, y)| [x, y]));
    }
}

mod points_to {
    use super::*;

    crepe! {
        @input
        struct Address(u32, u32);
        @input
        struct Copy(u32, u32);
        @input
        struct Load(u32, u32);
        @input
        struct Store(u32, u32);
        @output
        struct Points(u32, u32);
        Points(v, o) <- Address(v, o);
        Points(v, o) <- Points(w, o), Copy(v, w);
        Points(v, o) <- Load(v, w), Points(w, p), Points(p, o);
        Points(p, o) <- Store(v, w), Points(v, p), Points(w, o);
    }

    pub fn run(run: &Run) {
        let mut program = Crepe::new();
        program.extend(run.read::<2>("address").into_iter().map(|[v, o]| Address(v, o)));
        program.extend(run.read::<2>("copy").into_iter().map(|[v, w]| Copy(v, w)));
        program.extend(run.read::<2>("load").into_iter().map(|[v, w]| Load(v, w)));
        program.extend(run.read::<2>("store").into_iter().map(|[v, w]| Store(v, w)));
        let (points,) = program.run();
        run.write("points", points.into_iter().map(|Points(v, o)| [v, o]));
    }
}
