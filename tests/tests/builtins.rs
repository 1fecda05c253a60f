//! Every built-in over random arguments: words and values give the same result, and what the table
//! calls a morphism or monotone is one.
//!
//! Entries that take a function are left to `conformance/functions`, where functions are compiled.

use std::sync::Arc;

use bloom_compiler::eval::builtins::{Argument, Values};
use bloom_compiler::eval::lattice::{self, NoOwnLattices};
use bloom_plan::artifact::{Artifact, RuntimeFunction};
use bloom_plan::functions::{BUILTINS, Builtin, BuiltinId, Kind};
use bloom_plan::plan::{Plan, RowError, Site};
use bloom_plan::types::{Field, Type, TypeId, TypeTable, Variant};
use bloom_plan::value::{Value, canonical_float};
use bloom_runtime::builtins;
use bloom_runtime::code::{Code, RuntimeTable};
use bloom_runtime::context::Context;
use bloom_runtime::store::Types;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A built-in with its variables replaced by types.
#[derive(Clone, Debug)]
struct Instance {
    id: BuiltinId,
    arguments: Vec<TypeId>,
    result: TypeId,
}

/// Types for the variables of plain types, and for those of lattices.
const PLAIN: [&str; 3] = ["Int", "String", "(Int, Option<String>)"];
const LATTICES: [&str; 3] = ["Max<Int>", "Set<Int>", "Map<String, Min<Int>>"];

fn instances(types: &mut TypeTable) -> Vec<Instance> {
    let mut instances = Vec::new();
    for (number, builtin) in (0..).zip(BUILTINS) {
        if builtin.signature.contains("fn(") || builtin.kind == Kind::Nondeterministic {
            continue;
        }
        for choice in 0..PLAIN.len() {
            let (arguments, result) = Signature { types, choice }.read(builtin);
            let id = BuiltinId(number);
            instances.push(Instance {
                id,
                arguments,
                result,
            });
        }
    }
    instances
}

struct Signature<'a> {
    types: &'a mut TypeTable,
    choice: usize,
}

impl Signature<'_> {
    /// Types of the arguments, receiver first, and of the result.
    fn read(&mut self, builtin: &Builtin) -> (Vec<TypeId>, TypeId) {
        if builtin.is_constant() {
            let (_, result) = builtin.signature.split_once(": ").expect("has a type");
            return (Vec::new(), self.ty(result));
        }
        let name = builtin.receiver().map_or(0, |r| r.len() + 1) + builtin.name.len();
        let (inside, result) = builtin.signature[name + 1..]
            .split_once("): ")
            .expect("parameters end before the result");
        let texts = builtin.receiver().into_iter().chain(parts(inside));
        let arguments = texts.map(|text| self.ty(text)).collect();
        (arguments, self.ty(result))
    }

    fn ty(&mut self, text: &str) -> TypeId {
        if let Some(inside) = text.strip_prefix('(') {
            let parts = parts(&inside[..inside.len() - 1]);
            let parts = parts.map(|part| self.ty(part)).collect();
            return self.types.intern(Type::Tuple(parts));
        }
        let (head, inside) = text.split_once('<').unwrap_or((text, ">"));
        let mut inside = parts(&inside[..inside.len() - 1]).map(|part| self.ty(part));
        let mut next = || inside.next().expect("the table gives every argument");
        let ty = match head {
            "L" | "M" => return self.ty(LATTICES[self.choice]),
            _ if head.len() == 1 => return self.ty(PLAIN[self.choice]),
            "Bool" => Type::Bool,
            "Int" => Type::Int,
            "Float" => Type::Float,
            "String" => Type::String,
            "Bytes" => Type::Bytes,
            "Addr" => Type::Addr,
            "Time" => Type::Time,
            "Duration" => Type::Duration,
            "Req" => Type::Req,
            "Or" => Type::Or,
            "And" => Type::And,
            "List" => Type::List(next()),
            "FrozenSet" => Type::FrozenSet(next()),
            "FrozenBag" => Type::FrozenBag(next()),
            "FrozenMap" => Type::FrozenMap(next(), next()),
            "Max" => Type::Max(next()),
            "Min" => Type::Min(next()),
            "Set" => Type::Set(next()),
            "PosSet" => Type::PosSet(next()),
            "Bag" => Type::Bag(next()),
            "Map" => Type::Map(next(), next()),
            "Lex" => Type::Lex(next(), next()),
            "Lww" => Type::Lww(next(), next()),
            "Once" => Type::Once(next()),
            "Sealed" => Type::Sealed(next()),
            "Option" => option(next()),
            other => panic!("unknown type `{other}`"),
        };
        drop(inside);
        self.types.intern(ty)
    }
}

fn option(ty: TypeId) -> Type {
    let variant = |name: &str, fields| Variant {
        name: name.into(),
        fields,
    };
    let name = "value".into();
    let some = variant("Some", vec![Field { name, ty }]);
    Type::Enum {
        name: "Option".into(),
        variants: vec![variant("None", Vec::new()), some],
    }
}

/// What stands between the commas that are in no brackets.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let split = text.split(move |c| {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(str::trim).filter(|part| !part.is_empty())
}

/// Random values of a type.
fn values(types: &TypeTable, ty: TypeId) -> BoxedStrategy<Value> {
    let list = |ty| prop::collection::vec(values(types, ty), 0..4);
    let pairs = |a, b| prop::collection::vec((values(types, a), values(types, b)), 0..4);
    let pair = |a: BoxedStrategy<Value>, b: BoxedStrategy<Value>| {
        (a, b).prop_map(|(a, b)| Value::Tuple([a, b].into()))
    };
    match types.get(ty) {
        Type::Bool | Type::Or | Type::And => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int => ints().prop_map(Value::Int).boxed(),
        Type::Time => ints().prop_map(Value::Time).boxed(),
        Type::Duration => ints().prop_map(Value::Duration).boxed(),
        Type::Req => ints().prop_map(Value::Req).boxed(),
        Type::Float => prop_oneof![(-9..9_i32).prop_map(f64::from), any::<f64>()]
            .prop_map(|x| Value::Float(canonical_float(x)))
            .boxed(),
        Type::String => texts().prop_map(Value::string).boxed(),
        Type::Addr => texts().prop_map(|text| Value::Addr(text.into())).boxed(),
        Type::Bytes => prop::collection::vec(any::<u8>(), 0..6)
            .prop_map(|bytes| Value::Bytes(bytes.into()))
            .boxed(),
        Type::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(|&part| values(types, part)).collect();
            parts.prop_map(|parts| Value::Tuple(parts.into())).boxed()
        }
        Type::List(ty) => list(*ty).prop_map(|v| Value::List(v.into())).boxed(),
        Type::FrozenSet(ty) | Type::Set(ty) | Type::PosSet(ty) => {
            list(*ty).prop_map(Value::set).boxed()
        }
        Type::FrozenBag(ty) | Type::Bag(ty) => list(*ty).prop_map(bag).boxed(),
        Type::FrozenMap(k, v) | Type::Map(k, v) => pairs(*k, *v).prop_map(Value::map).boxed(),
        Type::Max(inner) | Type::Min(inner) => {
            let bottom = lattice::bottom(types, ty, &NoOwnLattices).expect("is a lattice");
            prop_oneof![1 => Just(bottom), 5 => values(types, *inner)].boxed()
        }
        Type::Lex(a, b) => pair(values(types, *a), values(types, *b)).boxed(),
        Type::Lww(a, b) => {
            let set = pair(values(types, *a), values(types, *b));
            prop_oneof![1 => Just(Value::Bottom), 5 => set].boxed()
        }
        Type::Once(inner) => {
            let set = values(types, *inner).prop_map(|value| Value::Variant(1, [value].into()));
            let state = |number| Just(Value::Variant(number, Arc::new([])));
            prop_oneof![state(0), state(2), set].boxed()
        }
        Type::Sealed(inner) => {
            let closed = any::<bool>().prop_map(Value::Bool).boxed();
            pair(closed, values(types, *inner)).boxed()
        }
        Type::Enum { variants, .. } => {
            let some = values(types, variants[1].fields[0].ty);
            let some = some.prop_map(|value| Value::Variant(1, [value].into()));
            prop_oneof![Just(Value::Variant(0, Arc::new([]))), some].boxed()
        }
        Type::Record { .. } | Type::Lattice { .. } | Type::Function { .. } => {
            unreachable!("no signature names a declared type")
        }
    }
}

/// Mostly small, so that places, powers and equal elements come up.
fn ints() -> impl Strategy<Value = i64> {
    prop_oneof![6 => -3..9_i64, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab ]{0,4}",
        "[0-9a-f]{0,4}",
        Just("añb🌸".to_owned()),
        Just("h:80".to_owned()),
        Just("(a|b)+".to_owned()),
        Just(r#"{"a": [1, "b", true, 2.5]}"#.to_owned()),
        Just("a.1".to_owned()),
    ]
}

fn bag(elements: Vec<Value>) -> Value {
    let mut counts = std::collections::BTreeMap::new();
    for element in elements {
        *counts.entry(element).or_insert(0) += 1;
    }
    Value::Bag(counts.into_iter().collect())
}

fn over_values(types: &TypeTable, site: &Instance, arguments: &[Value]) -> Result<Value, RowError> {
    let arguments: Vec<Argument<()>> = arguments.iter().cloned().map(Argument::Value).collect();
    let mut values = Values {
        types,
        own: &NoOwnLattices,
        call: &mut |(), _| Err(RowError::Invalid),
    };
    values.apply(site.id, &arguments, &site.arguments, site.result)
}

static NO_RUNTIME: RuntimeTable = RuntimeTable([std::ptr::null(); RuntimeFunction::COUNT]);

/// A context of a program that has types and nothing else.
fn context(types: &TypeTable) -> Context {
    let plan = Plan::empty("Empty", types.clone());
    let artifact = Artifact {
        target: std::env::consts::ARCH.into(),
        code: Vec::new(),
        versions: Vec::new(),
        functions: Vec::new(),
    };
    let code = Code::load(&plan, &artifact).expect("there is no code to refuse");
    let types = Arc::new(Types::new(types.clone()));
    Context::new(Arc::new(plan), types, Arc::new(code), &NO_RUNTIME, "n", 0)
}

fn over_words(
    context: &mut Context,
    call: &Instance,
    arguments: &[Value],
) -> Result<Value, RowError> {
    let words: Vec<u64> = call
        .arguments
        .iter()
        .zip(arguments)
        .map(|(&ty, value)| {
            context
                .store
                .word(ty, value)
                .expect("the value has the type")
        })
        .collect();
    let site = Site {
        builtin: call.id,
        arguments: call.arguments.clone(),
        result: call.result,
    };
    let word = builtins::call(context, &site, &words)?;
    Ok(context.store.value(call.result, word))
}

/// Runs a property for every built-in.
fn check(
    choose: impl Fn(&TypeTable, &Instance) -> bool,
    property: impl Fn(&TypeTable, &Instance, Vec<(Value, Value)>) -> Result<(), TestCaseError>,
) {
    let mut types = TypeTable::default();
    let instances = instances(&mut types);
    for instance in instances.iter().filter(|instance| choose(&types, instance)) {
        let arguments: Vec<_> = instance
            .arguments
            .iter()
            .map(|&ty| (values(&types, ty), values(&types, ty)))
            .collect();
        let config = Config {
            cases: 40,
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&arguments, |arguments| {
            property(&types, instance, arguments)
        });
        if let Err(error) = outcome {
            panic!("{}: {error}", instance.id.get().signature);
        }
    }
}

#[test]
fn words_and_values_agree() {
    check(
        |_, _| true,
        |types, instance, arguments| {
            let arguments: Vec<Value> = arguments.into_iter().map(|(value, _)| value).collect();
            let value = over_values(types, instance, &arguments);
            let word = over_words(&mut context(types), instance, &arguments);
            prop_assert_eq!(value, word);
            Ok(())
        },
    );
}

#[test]
fn only_fallible_built_ins_fail() {
    check(
        |_, instance| !instance.id.get().fallible,
        |types, instance, arguments| {
            let arguments: Vec<Value> = arguments.into_iter().map(|(value, _)| value).collect();
            prop_assert!(over_values(types, instance, &arguments).is_ok());
            Ok(())
        },
    );
}

/// For each lattice argument by itself: `f(a ⊔ b) = f(a) ⊔ f(b)` of a morphism, and
/// `f(a) ⊔ f(a ⊔ b) = f(a ⊔ b)` of a monotone function, where no call fails.
#[test]
fn lattice_functions_are_of_their_kind() {
    check(
        |types, instance| types.is_lattice(instance.result),
        |types, instance, arguments| {
            let join = |ty, a: &Value, b: &Value| lattice::join(types, ty, a, b, &NoOwnLattices);
            let first: Vec<Value> = arguments.iter().map(|(a, _)| a.clone()).collect();
            for (place, (a, b)) in arguments.iter().enumerate() {
                let ty = instance.arguments[place];
                if !types.is_lattice(ty) {
                    continue;
                }
                let with = |value: Value| {
                    let mut arguments = first.clone();
                    arguments[place] = value;
                    over_values(types, instance, &arguments)
                };
                let joined = join(ty, a, b).expect("values of a lattice join");
                let (Ok(of_a), Ok(of_b), Ok(of_both)) =
                    (with(a.clone()), with(b.clone()), with(joined))
                else {
                    continue;
                };
                let together = join(instance.result, &of_a, &of_b).expect("results join");
                match instance.id.get().kind {
                    Kind::Morphism => prop_assert_eq!(together, of_both),
                    Kind::Monotone => {
                        let above = join(instance.result, &of_a, &of_both);
                        prop_assert_eq!(above.expect("results join"), of_both);
                    }
                    Kind::Plain | Kind::Nondeterministic => {}
                }
            }
            Ok(())
        },
    );
}
