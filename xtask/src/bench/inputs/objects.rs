//! A program of objects: classes that inherit methods, methods with locals, fields, and calls whose target depends
//! on the receiver.
//!
//! As in programs that people write, what a value can reach is local. Classes and methods are of a package; within one,
//! calls and copies go anywhere, so that its points-to sets are as large as the package makes them. Into the next
//! package go calls of services, with an argument made for the call and without a result. So the answer grows with the
//! number of packages. (Where any method may call any other, there is a size below which hardly anything is
//! reached and above which everything is.)

use std::io;

use bloom_stdx::random::Random;

use super::Facts;

const PACKAGES: usize = 60;
/// Of a package.
const METHODS: usize = 200;
const CLASSES: usize = 16;
const NAMES: usize = 12;
const FIELDS: usize = 6;
/// Methods that are reached from outside.
const MAINS: usize = 10;
/// Calls of services of the next package.
const SERVICES: usize = 5;
/// Of a method, its receiver, two parameters and its result among them.
const LOCALS: usize = 12;
const PLACES: usize = 2;
const COPIES: usize = 8;
/// Of a class and a name that its parent has, how often it has a method of its own: one time in so many.
const OVERRIDES: usize = 3;

pub fn virtual_calls(facts: &mut Facts<'_>) -> io::Result<()> {
    let packages = facts.options.size(PACKAGES);
    let mut program = Program::default();
    for package in 0..packages {
        program.package(package, packages, &mut facts.random);
    }
    program.write(facts)
}

#[derive(Default)]
struct Program {
    main: Vec<[usize; 1]>,
    alloc: Vec<[usize; 3]>,
    type_of: Vec<[usize; 2]>,
    copy: Vec<[usize; 2]>,
    load: Vec<[usize; 3]>,
    store: Vec<[usize; 3]>,
    call: Vec<[usize; 4]>,
    actual: Vec<[usize; 3]>,
    target: Vec<[usize; 2]>,
    lookup: Vec<[usize; 3]>,
    methods: usize,
}

impl Program {
    fn package(&mut self, package: usize, packages: usize, random: &mut Random) {
        let methods = package * METHODS..(package + 1) * METHODS;
        self.methods = methods.end;
        self.classes(package, random);
        let within = |random: &mut Random| methods.start + random.below(METHODS);
        for _ in 0..MAINS {
            self.main.push([within(random)]);
        }
        for method in methods.clone() {
            self.body(method, package, random);
        }
        if package + 1 < packages {
            for _ in 0..SERVICES {
                self.service(within(random), package + 1, random);
            }
        }
    }

    /// Which method each class of a package has for each name: its parent's, or one of its own.
    fn classes(&mut self, package: usize, random: &mut Random) {
        for class in 0..CLASSES {
            // The classes of a package begin with those that have no parent.
            let parent = (class > 1).then(|| random.below(class));
            for name in 0..NAMES {
                let own = random.below(OVERRIDES) == 0;
                let method = match parent {
                    Some(parent) if !own => {
                        self.lookup[(package * CLASSES + parent) * NAMES + name][2]
                    }
                    _ => package * METHODS + random.below(METHODS),
                };
                let class = package * CLASSES + class;
                self.lookup.push([class, name, method]);
            }
        }
    }

    fn body(&mut self, method: usize, package: usize, random: &mut Random) {
        // The last local is left to calls of services.
        let local = |random: &mut Random| method * LOCALS + random.below(LOCALS - 1);
        for _ in 0..2 {
            let (class, into) = (package * CLASSES + random.below(CLASSES), local(random));
            self.object(method, into, class);
        }
        for _ in 0..COPIES {
            self.copy.push([local(random), local(random)]);
        }
        for _ in 0..2 {
            let (number, base) = (self.call.len(), local(random));
            self.call.push([number, base, random.below(NAMES), method]);
            for place in 0..PLACES {
                self.actual.push([number, place, local(random)]);
            }
            self.target.push([number, local(random)]);
        }
        let field = |random: &mut Random| package * FIELDS + random.below(FIELDS);
        self.load
            .push([local(random), field(random), local(random)]);
        self.store
            .push([local(random), field(random), local(random)]);
    }

    /// A method makes an object of a class of another package, and calls a method of it with itself.
    fn service(&mut self, method: usize, package: usize, random: &mut Random) {
        let base = method * LOCALS + LOCALS - 1;
        self.object(method, base, package * CLASSES + random.below(CLASSES));
        let number = self.call.len();
        self.call.push([number, base, random.below(NAMES), method]);
        self.actual.push([number, 0, base]);
    }

    fn object(&mut self, method: usize, into: usize, class: usize) {
        let object = self.type_of.len();
        self.alloc.push([method, into, object]);
        self.type_of.push([object, class]);
    }

    fn write(self, facts: &Facts<'_>) -> io::Result<()> {
        let methods = 0..self.methods;
        facts.rows("main", self.main)?;
        facts.rows("alloc", self.alloc)?;
        facts.rows("type_of", self.type_of)?;
        facts.rows("copy", self.copy)?;
        facts.rows("load", self.load)?;
        facts.rows("store", self.store)?;
        facts.rows("call", self.call)?;
        facts.rows("actual", self.actual)?;
        facts.rows("target", self.target)?;
        facts.rows("lookup", self.lookup)?;
        // A method's locals begin with its receiver, its parameters and its result.
        facts.rows("this", methods.clone().map(|m| [m, m * LOCALS]))?;
        let formals = |m| (0..PLACES).map(move |place| [m, place, m * LOCALS + 1 + place]);
        facts.rows("formal", methods.clone().flat_map(formals))?;
        facts.rows("result", methods.map(|m| [m, m * LOCALS + 1 + PLACES]))
    }
}
